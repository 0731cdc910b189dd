"""The parts of a file by instrument, and the choice of those that make a song."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from nabi.analysis import tune_fingerprint
from nabi.music.about import About
from nabi.music.band import Instrument
from nabi.music.canonical_form import LAST_TICK
from nabi.music.errors import ParseError
from nabi.music.song import Song
from nabi.music.timeline import Timeline
from nabi.reading import read_settings
from nabi.reading.read_settings import ReadSettings

# General MIDI counts its piano family (grand pianos to clavinet) as programs 0-7.
PIANO_PROGRAMS = range(8)
DRUM_CHANNEL = 9

# A week of music at 120 quarter notes a minute; longer files have a damaged time.
MAX_QUARTERS = 1_200_000

# Other parts that are named, and letters of a name, at most: files have thousands of letters there.
_MOST_ALTERNATIVES = 32
_MOST_LETTERS = 80

Ints = npt.NDArray[np.int64]
NO_PEDALS: Ints = np.zeros((0, 2), np.int64)


@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """The notes of one instrument, merged across tracks.

    Attributes:
      name: the instrument's name as music21 derives it from program or track name; "" where the file gives none.
      program: General MIDI program, 0..127; 0, General MIDI's default, where the file gives none.
      start: int64 [N], ticks.
      duration: int64 [N], ticks.
      pitch: int64 [N], MIDI numbers.
      velocity: int64 [N], 1..127.
      track: int64 [N], the number of the track (the channel of a track, the staff of a score) that holds a note.
      is_drums: True if pitches are drums.
      pedals: int64 [S, 2], ticks at which its sustain pedal goes down and up, in any order.
    """

    name: str
    program: int
    start: Ints
    duration: Ints
    pitch: Ints
    velocity: Ints
    track: Ints
    is_drums: bool = dataclasses.field(default=False, kw_only=True)
    pedals: Ints = dataclasses.field(default_factory=lambda: NO_PEDALS, kw_only=True)

    @property
    def instrument(self) -> Instrument:
        """The player."""
        return Instrument(self.name[:_MOST_LETTERS], self.program, self.is_drums)


def choose(parts: Sequence[Part], settings: ReadSettings, about: About, timeline: Timeline | None = None) -> Song:
    """Makes a song of the parts that settings take.

    Args:
      parts: of a file, in its order, those that `settings.takes`.
      settings: of the reader.
      about: metadata; the instruments' names are added, and those of the other parts with notes.
      timeline: tempo, meter and key over time, of a song with its parts.

    Raises:
      ParseError: `no-notes` if no part has any, `no-such-instrument` if none of that instrument has, `too-long` if the
        last note ends after `MAX_QUARTERS`, or after what fits into a song of its grid.
    """
    sounding = [part for part in parts if len(part.start)]
    if not sounding:
        besides = "" if settings.takes(is_drums=True) else " besides drums"
        raise ParseError("no-notes", f"the file has no notes{besides}")
    instrument = settings.instrument
    chosen = sounding[:1] if instrument == "first" else [part for part in sounding if _plays(part, instrument)]
    if not chosen:
        raise ParseError("no-such-instrument", f"no {instrument}; the file has {', '.join(_named(sounding))}")
    # On a fine grid fewer quarter notes fit into the ticks of a song.
    most = min(MAX_QUARTERS, LAST_TICK // settings.ticks_per_quarter)
    if (end := max(int((part.start + part.duration).max()) for part in chosen)) > most * settings.ticks_per_quarter:
        raise ParseError("too-long", f"{end // settings.ticks_per_quarter} quarter notes; the limit is {most}")
    names = ", ".join(dict.fromkeys(part.name for part in chosen if part.name))
    taken = set(map(id, chosen))
    others = _named([part for part in sounding if id(part) not in taken])
    tracks = _fingerprint(chosen, settings.ticks_per_quarter) if settings.fingerprint else ""
    about = dataclasses.replace(about, instrument=names, alternatives=others, tracks=tracks)
    return _song(chosen, settings, about, timeline)


def _song(parts: Sequence[Part], settings: ReadSettings, about: About, timeline: Timeline | None) -> Song:
    start, duration, pitch = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("start", "duration", "pitch")
    )
    if not settings.parts:
        return Song.from_notes(start, duration, pitch, about, settings.ticks_per_quarter)
    numbers = np.arange(len(parts))
    pedals = np.column_stack(
        [np.repeat(numbers, [len(part.pedals) for part in parts]), np.concatenate([part.pedals for part in parts])]
    )
    return Song.from_parts(
        start,
        duration,
        pitch,
        part=np.repeat(numbers, [len(part.start) for part in parts]),
        velocity=np.concatenate([part.velocity for part in parts]),
        instruments=[part.instrument for part in parts],
        pedals=pedals,
        timeline=timeline,
        about=about,
        ticks_per_quarter=settings.ticks_per_quarter,
    )


def _fingerprint(parts: Sequence[Part], ticks_per_quarter: int) -> str:
    """Computes the fingerprint of the tracks of parts, as text; "" for a single track, which is the song itself."""
    tracks = [track for part in parts if not part.is_drums or len(parts) == 1 for track in _tracks(part)]
    return tune_fingerprint.of_tracks(tracks, ticks_per_quarter).to_text() if len(tracks) > 1 else ""


def _tracks(part: Part) -> Iterator[tuple[Ints, Ints]]:
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
    return instrument in read_settings.WORDS or part.program == int(instrument)
