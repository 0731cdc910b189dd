"""Measurements of a generated song's parts, as a column of its row, and of the parts of all songs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from generator.songs_dir import part_colours
from nabi.music import general_midi
from nabi.music.song import Song

# Places in a quarter note that count as a beat's half: where most notes of a steady groove are.
_HALVES = 2
# Columns of a part of which families have means.
_MEANS = ("pitch", "velocity", "density", "on_beat")


def columns(song: Song, copied: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, list[dict[str, Any]]]:
    """Describes the parts of a song that has them; nothing for another song.

    Args:
      song: generated song.
      copied: more columns of a part, by its name, such as `generator.songs.copied_bars.of_parts`; None: none.

    Returns:
      `parts`, of each: `name`, `program`, `drums` (True or False), `colour` in the picture, `notes`, their number;
      `pitch`, the mean MIDI number, None of drums; `velocity`, the mean of 1..127; `density`, notes a quarter note
      of the song; `on_beat`, the share of its onsets on whole and half quarter notes, 0..1.
    """
    if not song.band or not len(song):
        return {}
    of_part, (start, _, pitch) = song.note_parts(), song.notes()
    quarters = song.end / song.ticks_per_quarter
    # On a grid without halves no onset is on one.
    on_beat = start * _HALVES % song.ticks_per_quarter == 0
    parts = []
    for number, player in enumerate(song.band.instruments):
        own = of_part == number
        parts.append(
            {
                "name": player.name,
                "program": player.program,
                "drums": player.is_drums,
                "colour": part_colours.css(number),
                "notes": int(own.sum()),
                "pitch": None if player.is_drums else round(float(pitch[own].mean()), 1),
                "velocity": round(float(song.band.velocity[own].mean()), 1),
                "density": round(float(own.sum() / quarters), 3),
                "on_beat": round(float(np.mean(on_beat[own])), 4),
                **({} if player.is_drums or not copied else copied.get(player.name, {})),
            }
        )
    return {"parts": parts}


class PartsSummary:
    """Means of the parts of songs by family of instruments, accumulated song by song."""

    def __init__(self) -> None:
        """Starts without a song."""
        self._sums: dict[str, dict[str, float]] = {}

    def add(self, parts: Sequence[Mapping[str, Any]]) -> None:
        """Adds the parts of a song, rows of `columns`."""
        heard = set()
        for part in parts:
            family = general_midi.DRUMS if part["drums"] else _family(part["program"])
            sums = self._sums.setdefault(family, dict.fromkeys(("songs", "parts", "notes", *_MEANS), 0.0))
            heard.add(family)
            sums["parts"] += 1
            sums["notes"] += part["notes"]
            for name in _MEANS:
                sums[name] += part[name] or 0.0
        for family in heard:
            self._sums[family]["songs"] += 1

    def as_dict(self) -> dict[str, dict[str, float | None]]:
        """Returns of each family, those of most songs first: `songs` that have it, `parts` and `notes` of it, and the
        means of its parts: `pitch` (None of drums), `velocity`, `density` and `on_beat`."""
        families = sorted(self._sums, key=lambda family: (-self._sums[family]["songs"], family))
        return {family: _means(self._sums[family], family) for family in families}


def _family(program: int) -> str:
    return general_midi.FAMILIES[program // general_midi.FAMILY_SIZE]


def _means(sums: Mapping[str, float], family: str) -> dict[str, float | None]:
    means: dict[str, float | None] = {name: round(sums[name] / sums["parts"], 3) for name in _MEANS}
    if family == general_midi.DRUMS:
        means["pitch"] = None
    return {**{name: int(sums[name]) for name in ("songs", "parts", "notes")}, **means}
