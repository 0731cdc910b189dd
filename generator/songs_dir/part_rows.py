"""Measurements of a generated song's parts, as a column of its row."""

from typing import Any

import numpy as np

from generator.songs_dir import part_colours
from nabi.music.song import Song

# Places in a quarter note that count as a beat's half: where most notes of a steady groove are.
_HALVES = 2


def columns(song: Song) -> dict[str, list[dict[str, Any]]]:
    """Describes the parts of a song that has them; nothing for another song.

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
            }
        )
    return {"parts": parts}
