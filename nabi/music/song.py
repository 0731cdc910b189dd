"""What a song is: notes on an integer grid, in columns.

A `Song` is kept as four small arrays, never as one Python object a note: building such objects costs more than
parsing the file did. Iterating over a song gives `Event` views for those who would rather read than compute.
"""

import dataclasses
import json
import struct
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from nabi.music import quantisation
from nabi.music.song_id import SongId

# Of music21's own divisors, 4 and 3; `nabi.music.quantisation` has others.
DEFAULT_TICKS_PER_QUARTER = quantisation.ticks_per_quarter(quantisation.DEFAULT)

# No song is longer: 5.6 million quarter notes of 12 ticks. Start, duration and pitch of a note fit into 61 bits.
_TIME_BITS = 27
MAX_TICKS = (1 << _TIME_BITS) - 1
# A note begins at this tick at the latest, and lasts so many at most.
LAST_TICK = MAX_TICKS // 2

_Ints = npt.NDArray[np.int64]
IntArray = npt.NDArray[np.int32]
PitchArray = npt.NDArray[np.uint8]

# Version of the byte form. A spool of another version is not read.
_MAGIC = b"NSg4"
_HEADER = struct.Struct("<4sIIII")


@dataclasses.dataclass(frozen=True)
class Event:
    """A note or a chord: `pitches` (MIDI numbers, ascending) from `start` for `duration`, in its song's ticks."""

    start: int
    pitches: tuple[int, ...]
    duration: int


@dataclasses.dataclass(frozen=True)
class About:
    """What a file tells of a song besides its notes.

    Attributes:
      source: where the song came from: `path`, `archive!member` or `file#tune`.
      sha256: of the file's bytes, in hexadecimal; with `#tune` where a file holds several (`nabi.music.song_id`).
      instrument: the instruments whose notes were taken, in the words of the file or of General MIDI.
      tempo: quarter notes a minute at the start, or None where the file is silent.
      time_signature: such as `3/4`, at the start, or None.
      key_signature: such as `D minor`, at the start, or None.
      alternatives: the file's other instruments that have notes, each with its program: `Violin (40)`.
      repaired: what was out of the ordinary in the file, keys of `nabi.reading.repair.REPAIRS`.
      shortened_quarters: quarter notes in which nothing happens that were taken out (see `nabi.music.silence`).
      tracks: fingerprint of the tracks that the notes were written in, as text (see `nabi.analysis.tune_fingerprint`);
        "" of one track.
    """

    source: str = ""
    sha256: str = ""
    instrument: str = ""
    tempo: float | None = None
    time_signature: str | None = None
    key_signature: str | None = None
    alternatives: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    shortened_quarters: float = 0.0
    tracks: str = ""

    def of_tune(self, tune: str) -> "About":
        """The same of one tune of a file that holds several; "" is the file's only one."""
        if not tune:
            return self
        return dataclasses.replace(self, source=f"{self.source}#{tune}", sha256=str(SongId(self.sha256, tune)))


@dataclasses.dataclass(frozen=True, eq=False)
class Song:
    """A song in canonical form (see `from_notes`), immutable, equal to another exactly when their bytes are.

    Attributes:
      start: int32 [E], each event's onset in ticks, ascending.
      duration: int32 [E], each event's length in ticks, at least 1.
      pitches: uint8 [P], the MIDI numbers of all events one after another, ascending within an event.
      offsets: int32 [E + 1]; event e sounds pitches[offsets[e]:offsets[e + 1]].
      about: what the file tells besides.
      ticks_per_quarter: ticks a quarter note, 1..`quantisation.MOST_TICKS_PER_QUARTER`.
    """

    start: IntArray
    duration: IntArray
    pitches: PitchArray
    offsets: IntArray
    about: About = dataclasses.field(default_factory=About)
    ticks_per_quarter: int = DEFAULT_TICKS_PER_QUARTER

    @classmethod
    def from_notes(
        cls,
        start: npt.ArrayLike,
        duration: npt.ArrayLike,
        pitch: npt.ArrayLike,
        about: About | None = None,
        ticks_per_quarter: int = DEFAULT_TICKS_PER_QUARTER,
    ) -> "Song":
        """The song that notes make, in canonical form.

        The rules: a duration is at least 1; of the same pitch twice at one start the longer stays; a pitch struck
        while it sounds ends its earlier note (which leaves its chord if need be); notes of equal start and duration
        are one event; events are sorted by (start, pitches). Leading silence is kept.

        Args:
          start: onsets in ticks, [N], not negative, in any order.
          duration: lengths in ticks, [N].
          pitch: MIDI numbers 0-127, [N].
          about: what is known besides.
          ticks_per_quarter: ticks a quarter note.

        Raises:
          ValueError: if a pitch or a time is outside its range.
        """
        notes_start = np.asarray(start, np.int64)
        notes_pitch = np.asarray(pitch, np.int64)
        _check_range("pitch", notes_pitch, 0, 127)
        notes_duration = np.maximum(np.asarray(duration, np.int64), 1)
        _check_range("start", notes_start, 0, LAST_TICK)
        _check_range("duration", notes_duration, 1, LAST_TICK)
        notes = _resolve_repeats(notes_start, notes_duration, notes_pitch)
        return cls(*_gather_events(*notes), about or About(), ticks_per_quarter)

    @classmethod
    def from_events(
        cls, events: Iterable[Event], about: About | None = None, ticks_per_quarter: int = DEFAULT_TICKS_PER_QUARTER
    ) -> "Song":
        """The song that events make, in canonical form; raises ValueError as `from_notes` does."""
        notes = [(event.start, event.duration, pitch) for event in events for pitch in event.pitches]
        start, duration, pitch = zip(*notes, strict=True) if notes else ((), (), ())
        return cls.from_notes(start, duration, pitch, about, ticks_per_quarter)

    def with_notes(self, start: npt.ArrayLike, duration: npt.ArrayLike, pitch: npt.ArrayLike) -> "Song":
        """The song that other notes make, on the same grid and of the same file; arguments as of `from_notes`."""
        return Song.from_notes(start, duration, pitch, self.about, self.ticks_per_quarter)

    def notes(self) -> tuple[IntArray, IntArray, PitchArray]:
        """Start, duration and pitch of every note, [P] each, in the order of the events."""
        repeats = np.diff(self.offsets)
        return np.repeat(self.start, repeats), np.repeat(self.duration, repeats), self.pitches

    @property
    def end(self) -> int:
        """The tick at which the last note ends; 0 for a song without notes."""
        return int((self.start + self.duration).max()) if len(self) else 0

    def transpose(self, semitones: int) -> "Song":
        """The same song that many semitones higher; raises ValueError where a pitch would leave 0-127."""
        start, duration, pitch = self.notes()
        return self.with_notes(start, duration, pitch.astype(np.int64) + semitones)

    def to_bytes(self) -> bytes:
        """A compact form that `from_bytes` reads; equal songs have equal bytes."""
        about = json.dumps(dataclasses.asdict(self.about), sort_keys=True).encode()
        header = _HEADER.pack(_MAGIC, len(about), len(self.start), len(self.pitches), self.ticks_per_quarter)
        columns = (self.start.astype("<i4"), self.duration.astype("<i4"), self.offsets.astype("<i4"), self.pitches)
        return b"".join([header, about, *(column.tobytes() for column in columns)])

    @classmethod
    def from_bytes(cls, data: bytes) -> "Song":
        """Reads what `to_bytes` wrote; raises ValueError on anything else."""
        if len(data) < _HEADER.size:
            raise ValueError(f"a song needs at least {_HEADER.size} bytes, got {len(data)}")
        magic, about_size, events, pitches, ticks_per_quarter = _HEADER.unpack_from(data)
        sizes = (about_size, 4 * events, 4 * events, 4 * (events + 1), pitches)
        on_grid = 1 <= ticks_per_quarter <= quantisation.MOST_TICKS_PER_QUARTER
        if magic != _MAGIC or not on_grid or len(data) != _HEADER.size + sum(sizes):
            raise ValueError(f"not a song of this version: starts with {magic!r}, expected {_MAGIC!r}")
        about_bytes, start, duration, offsets, pitch = np.split(
            np.frombuffer(data, np.uint8, offset=_HEADER.size), np.cumsum(sizes)[:-1]
        )
        said = json.loads(about_bytes.tobytes())
        lists = {name: tuple(said[name]) for name in ("alternatives", "repaired")}
        about = About(**{**said, **lists})
        return cls(_ticks(start), _ticks(duration), pitch.copy(), _ticks(offsets), about, ticks_per_quarter)

    def __len__(self) -> int:
        return len(self.start)

    def __iter__(self) -> Iterator[Event]:
        pitches, offsets = self.pitches.tolist(), self.offsets.tolist()
        for index, (start, duration) in enumerate(zip(self.start.tolist(), self.duration.tolist(), strict=True)):
            yield Event(start, tuple(pitches[offsets[index] : offsets[index + 1]]), duration)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Song) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    def __reduce__(self) -> tuple[object, tuple[bytes]]:
        return Song.from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        quarters = self.end / self.ticks_per_quarter
        return f"Song({self.about.source or 'untitled'}: {len(self)} events, {quarters:g} quarters)"


def _ticks(column: PitchArray) -> IntArray:
    return np.frombuffer(column.tobytes(), "<i4").astype(np.int32)


def _check_range(name: str, values: npt.NDArray[np.int64], low: int, high: int) -> None:
    if values.size and (values.min() < low or values.max() > high):
        wrong = values[(values < low) | (values > high)][0]
        raise ValueError(f"{name} {wrong} is outside {low}..{high}")


def _resolve_repeats(start: _Ints, duration: _Ints, pitch: _Ints) -> tuple[_Ints, _Ints, _Ints]:
    """One note a pitch and start (the longest), each ending where its pitch is struck again."""
    # One sort of one packed key costs a fifth of sorting by three columns.
    key = np.sort(pitch << 2 * _TIME_BITS | start << _TIME_BITS | MAX_TICKS - duration)
    if not len(key):
        return start, duration, pitch
    first = np.concatenate([[True], np.diff(key >> _TIME_BITS) != 0])
    key = key[first]
    duration, place = MAX_TICKS - (key & MAX_TICKS), key >> _TIME_BITS
    # Of different pitches the places lie further apart than any note is long.
    duration[:-1] = np.minimum(duration[:-1], np.diff(place))
    return place & MAX_TICKS, duration, place >> _TIME_BITS


def _gather_events(start: _Ints, duration: _Ints, pitch: _Ints) -> tuple[IntArray, IntArray, PitchArray, IntArray]:
    """Notes of equal start and duration as one event, the events sorted by (start, pitches)."""
    key = np.sort(start << _TIME_BITS + 7 | duration << 7 | pitch)
    if not len(key):
        return np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.uint8), np.zeros(1, np.int32)
    first = np.concatenate([[True], np.diff(key >> 7) != 0])
    start, pitch = key >> _TIME_BITS + 7, key & 127
    # Of one start no two events share a pitch, so their lowest pitches alone order them.
    lowest = pitch[first][np.cumsum(first) - 1]
    order = np.argsort(start << 14 | lowest << 7 | pitch)
    # An event's first note keeps the flag, since its notes stay together and ascending.
    offsets = np.flatnonzero(first[order])
    heads = key[order[offsets]]
    return (
        (heads >> _TIME_BITS + 7).astype(np.int32),
        (heads >> 7 & MAX_TICKS).astype(np.int32),
        pitch[order].astype(np.uint8),
        np.append(offsets, len(key)).astype(np.int32),
    )
