"""The parts of a file by instrument, and the choice of those that make a song."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from nabi.analysis import tune_fingerprint
from nabi.music.canonical_form import LAST_TICK
from nabi.music.errors import ParseError
from nabi.music.song import About, Song

# General MIDI counts its piano family (grand pianos to clavinet) as programs 0-7.
PIANO_PROGRAMS = range(8)
DRUM_CHANNEL = 9

# A week of music at 120 quarter notes a minute; longer files have a damaged time.
MAX_QUARTERS = 1_200_000

WORDS = ("all", "first", "piano", "drums")

# Other parts that are named, and letters of a name, at most: files have thousands of letters there.
_MOST_ALTERNATIVES = 32
_MOST_LETTERS = 80


@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """The notes of one instrument, merged across tracks.

    Attributes:
      name: the instrument's name as music21 derives it from program or track name; "" where the file gives none.
      program: General MIDI program, 0..127; 0, General MIDI's default, where the file gives none.
      start: int64 [N], ticks.
      duration: int64 [N], ticks.
      pitch: int64 [N], MIDI numbers.
      track: int64 [N], the number of the track (the channel of a track, the staff of a score) that holds a note.
    """

    name: str
    program: int
    start: npt.NDArray[np.int64]
    duration: npt.NDArray[np.int64]
    pitch: npt.NDArray[np.int64]
    track: npt.NDArray[np.int64]


def check_instrument(instrument: str) -> None:
    """Raises ValueError for a word or number that `choose` does not know."""
    if instrument not in WORDS and not (instrument.isdigit() and int(instrument) < 128):
        raise ValueError(
            f"instrument {instrument!r} must be one of {', '.join(WORDS)} or a General MIDI program number 0-127"
        )


def choose(
    parts: Sequence[Part], instrument: str, about: About, ticks_per_quarter: int, *, fingerprint: bool = True
) -> Song:
    """Makes a song of the parts of an instrument.

    Args:
      parts: of a file, in its order. The reader has already left drums out, or taken them alone.
      instrument: `all` merges all parts, `first` takes the first with notes, `piano` the piano family (programs
        0-7), a number the parts of that General MIDI program, `drums` the drums.
      about: metadata; the instruments' names are added, and those of the other parts with notes.
      ticks_per_quarter: of the parts' times.
      fingerprint: compute `About.tracks`, which only the search for near duplicates needs.

    Raises:
      ParseError: `no-notes` if no part has any, `no-such-instrument` if none of that instrument has, `too-long` if the
        last note ends after `MAX_QUARTERS`, or after what fits into a song of its grid.
    """
    sounding = [part for part in parts if len(part.start)]
    if not sounding:
        raise ParseError("no-notes", "the file has no notes" + ("" if instrument == "drums" else " besides drums"))
    chosen = [part for part in sounding if _plays(part, instrument)]
    if instrument == "first":
        chosen = sounding[:1]
    if not chosen:
        raise ParseError("no-such-instrument", f"no {instrument}; the file has {', '.join(_named(sounding))}")
    start, duration, pitch = (
        np.concatenate([getattr(part, name) for part in chosen]) for name in ("start", "duration", "pitch")
    )
    # On a fine grid fewer quarter notes fit into the ticks of a song.
    most = min(MAX_QUARTERS, LAST_TICK // ticks_per_quarter)
    if (end := int((start + duration).max())) > most * ticks_per_quarter:
        raise ParseError("too-long", f"{end // ticks_per_quarter} quarter notes; the limit is {most}")
    names = ", ".join(dict.fromkeys(part.name for part in chosen if part.name))
    taken = set(map(id, chosen))
    others = _named([part for part in sounding if id(part) not in taken])
    tracks = _fingerprint(chosen, ticks_per_quarter) if fingerprint else ""
    about = dataclasses.replace(about, instrument=names, alternatives=others, tracks=tracks)
    return Song.from_notes(start, duration, pitch, about, ticks_per_quarter)


def _fingerprint(parts: Sequence[Part], ticks_per_quarter: int) -> str:
    """Computes the fingerprint of the tracks of parts, as text; "" for a single track, which is the song itself."""
    tracks = [track for part in parts for track in _tracks(part)]
    return tune_fingerprint.of_tracks(tracks, ticks_per_quarter).to_text() if len(tracks) > 1 else ""


def _tracks(part: Part) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Yields the onsets and the pitches of each track of a part."""
    order = np.argsort(part.track, kind="stable")
    ends = np.flatnonzero(np.diff(part.track[order])) + 1
    yield from zip(np.split(part.start[order], ends), np.split(part.pitch[order], ends), strict=True)


def _named(parts: Sequence[Part]) -> tuple[str, ...]:
    """Names parts for people, `Violin (40)`, `unnamed (0)`; of very many, the first and the number of the others."""
    names = tuple(f"{part.name[:_MOST_LETTERS] or 'unnamed'} ({part.program})" for part in parts[:_MOST_ALTERNATIVES])
    others = len(parts) - len(names)
    return (*names, f"{others} more") if others else names


def _plays(part: Part, instrument: str) -> bool:
    if instrument == "piano":
        return part.program in PIANO_PROGRAMS
    return instrument in WORDS or part.program == int(instrument)
