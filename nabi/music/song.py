"""Songs: notes on an integer grid, in columns.

A `Song` is four small arrays rather than one Python object a note: building such objects takes longer than parsing the
file. Iterating over a song yields `Event` objects, for code that reads rather than computes.
"""

import dataclasses
import json
import struct
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from nabi.music import canonical_form, quantisation
from nabi.music.canonical_form import IntArray, PitchArray
from nabi.music.song_id import SongId

# By music21's default divisors, 4 and 3.
DEFAULT_TICKS_PER_QUARTER = quantisation.ticks_per_quarter(quantisation.DEFAULT)

# Names the version of the byte form: spooled songs of another version are not read.
_MAGIC = b"NSg5"
_HEADER = struct.Struct("<4sIIII")


@dataclasses.dataclass(frozen=True)
class Event:
    """A note or a chord: `pitches` (MIDI numbers, ascending) from `start` for `duration`, in its song's ticks."""

    start: int
    pitches: tuple[int, ...]
    duration: int


@dataclasses.dataclass(frozen=True)
class About:
    """Metadata of a song: all that a file tells besides the notes.

    Attributes:
      source: the origin of the song: `path`, `archive!member` or `file#tune`.
      sha256: of the file's bytes, in hexadecimal; with `#tune` where a file holds several (`nabi.music.song_id`).
      instrument: the instruments whose notes were taken, in the words of the file or of General MIDI.
      tempo: quarter notes a minute at the start, or None where the file gives none.
      time_signature: such as `3/4`, at the start, or None.
      key_signature: such as `D minor`, at the start, or None.
      alternatives: the file's other instruments that have notes, each with its program: `Violin (40)`.
      repaired: irregularities of the file, keys of `nabi.reading.repair.REPAIRS`.
      shortened_quarters: quarter notes of silence that were taken out (see `nabi.music.silence`).
      phrase_ends: ticks at which phrases end, ascending: where a score's notes with a fermata end, and at a MIDI file's
        markers `phrase end`.
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
    phrase_ends: tuple[int, ...] = ()
    tracks: str = ""

    def of_tune(self, tune: str) -> "About":
        """Returns the metadata of one tune of a file that holds several; "" names the only tune of a file."""
        if not tune:
            return self
        sha256 = str(SongId(self.sha256, tune)) if self.sha256 else ""
        return dataclasses.replace(self, source=f"{self.source}#{tune}", sha256=sha256)


@dataclasses.dataclass(frozen=True, eq=False)
class Song:
    """A song in canonical form, immutable; songs are equal exactly if their bytes are.

    Attributes:
      start: int32 [E], each event's onset in ticks, ascending.
      duration: int32 [E], each event's length in ticks, at least 1.
      pitches: uint8 [P], the MIDI numbers of all events one after another, ascending within an event.
      offsets: int32 [E + 1]; event e sounds pitches[offsets[e]:offsets[e + 1]].
      about: metadata.
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
        """Makes a song of notes, in canonical form; silence before the first note is kept.

        >>> list(Song.from_notes(start=[0, 0, 12], duration=[12, 12, 6], pitch=[64, 60, 67]))
        [Event(start=0, pitches=(60, 64), duration=12), Event(start=12, pitches=(67,), duration=6)]

        Args:
          start, duration, pitch: of the notes; see `nabi.music.canonical_form.columns`.
          about: metadata.
          ticks_per_quarter: ticks a quarter note.

        Raises:
          ValueError: if a pitch or a time is outside its range.
        """
        columns = canonical_form.columns(start, duration, pitch)
        return cls(*columns, about or About(), ticks_per_quarter)

    @classmethod
    def from_events(
        cls, events: Iterable[Event], about: About | None = None, ticks_per_quarter: int = DEFAULT_TICKS_PER_QUARTER
    ) -> "Song":
        """Makes a song of events, in canonical form; raises ValueError as `from_notes` does."""
        notes = [(event.start, event.duration, pitch) for event in events for pitch in event.pitches]
        start, duration, pitch = zip(*notes, strict=True) if notes else ((), (), ())
        return cls.from_notes(start, duration, pitch, about, ticks_per_quarter)

    def with_notes(self, start: npt.ArrayLike, duration: npt.ArrayLike, pitch: npt.ArrayLike) -> "Song":
        """Makes a song of other notes with this song's grid and metadata; see `from_notes`."""
        return Song.from_notes(start, duration, pitch, self.about, self.ticks_per_quarter)

    def notes(self) -> tuple[IntArray, IntArray, PitchArray]:
        """Returns start, duration and pitch of every note, [P] each, in the order of the events."""
        repeats = np.diff(self.offsets)
        return np.repeat(self.start, repeats), np.repeat(self.duration, repeats), self.pitches

    @property
    def end(self) -> int:
        """The tick at which the last note ends; 0 for a song without notes."""
        return int((self.start + self.duration).max()) if len(self) else 0

    def transpose(self, semitones: int) -> "Song":
        """Transposes the song by so many semitones; raises ValueError where a pitch would leave 0..127.

        >>> Song.from_notes(start=[0], duration=[12], pitch=[60]).transpose(2).pitches.tolist()
        [62]
        """
        start, duration, pitch = self.notes()
        return self.with_notes(start, duration, pitch.astype(np.int64) + semitones)

    def to_bytes(self) -> bytes:
        """Serializes the song compactly, for `from_bytes`; equal songs give equal bytes."""
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
        fields = json.loads(about_bytes.tobytes())
        lists = {name: tuple(fields[name]) for name in ("alternatives", "repaired", "phrase_ends")}
        about = About(**{**fields, **lists})
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
