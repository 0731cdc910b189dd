"""Songs: notes on an integer grid, in columns.

A `Song` is four small arrays rather than one Python object a note: building such objects takes longer than parsing the
file. Iterating over a song yields `Event` objects, for code that reads rather than computes.
"""

import dataclasses
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from nabi.music import band, canonical_form, key_signatures, quantisation
from nabi.music.about import About
from nabi.music.band import Band, Instrument, Ints
from nabi.music.canonical_form import IntArray, PitchArray
from nabi.music.timeline import Timeline

# By music21's default divisors, 4 and 3.
DEFAULT_TICKS_PER_QUARTER = quantisation.ticks_per_quarter(quantisation.DEFAULT)

# Names the version of the byte form: spooled songs of another version are not read.
_MAGIC = b"NSg6"
_HEADER = struct.Struct("<4sIIIII")


@dataclasses.dataclass(frozen=True)
class Event:
    """A note or a chord: `pitches` (MIDI numbers, ascending) from `start` for `duration`, in its song's ticks."""

    start: int
    pitches: tuple[int, ...]
    duration: int


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
      band: the parts, of a song that was read with them; None of one that is read as a single part. With a band an
        event is of one part, and events are sorted by (start, part, pitches).
    """

    start: IntArray
    duration: IntArray
    pitches: PitchArray
    offsets: IntArray
    about: About = dataclasses.field(default_factory=About)
    ticks_per_quarter: int = DEFAULT_TICKS_PER_QUARTER
    band: Band | None = None

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

    @classmethod
    def from_parts(
        cls,
        start: npt.ArrayLike,
        duration: npt.ArrayLike,
        pitch: npt.ArrayLike,
        part: npt.ArrayLike,
        velocity: npt.ArrayLike,
        *,
        instruments: Sequence[Instrument],
        pedals: npt.ArrayLike = (),
        timeline: Timeline | None = None,
        about: About | None = None,
        ticks_per_quarter: int = DEFAULT_TICKS_PER_QUARTER,
    ) -> "Song":
        """Makes a song with a band, in canonical form: without silent parts, and pedals and changes after its end.

        >>> duo = [Instrument("Violin", 40), Instrument("Drums", 0, is_drums=True)]
        >>> song = Song.from_parts([0, 0], [12, 6], [67, 36], [0, 1], [90, 100], instruments=duo)
        >>> list(song), song.band.part.tolist()
        ([Event(start=0, pitches=(67,), duration=12), Event(start=0, pitches=(36,), duration=6)], [0, 1])

        Args:
          start, duration, pitch, part, velocity: of the notes; see `nabi.music.canonical_form.part_columns`.
          instruments: of the parts.
          pedals: rows of part, tick down and tick up.
          timeline: tempo, meter and key over time; None: unknown.
          about: metadata.
          ticks_per_quarter: ticks a quarter note.

        Raises:
          ValueError: if a value is outside its range.
        """
        columns, parts, velocities = canonical_form.part_columns(start, duration, pitch, part, velocity)
        end = int((columns[0] + columns[1]).max()) if len(columns[0]) else 0
        band.check(instruments, parts, pedals)
        own_pedals = band.joined_pedals(band.until(pedals, end))
        kept, numbers, own_pedals = band.without_silent(instruments, parts.astype(np.int64), own_pedals)
        changes = (timeline or Timeline.of()).excerpt(0, end)
        players = Band(kept, numbers.astype(np.int32), velocities, own_pedals, changes)
        return cls(*columns, about or About(), ticks_per_quarter, players)

    def merged(self) -> "Song":
        """Returns the song as a single part, without drums; a song without a band is returned as it is.

        Drums are none of its instruments then, unless the song has no others.
        """
        if not self.band:
            return self
        kept = ~self.is_drum()
        merged = self.with_notes(*(column[kept] for column in self.notes()))
        if kept.all() or not kept.any() or not self.about.instrument:
            return merged
        names = (player.name for player in self.band.instruments if player.name and not player.is_drums)
        return dataclasses.replace(
            merged, about=dataclasses.replace(self.about, instrument=", ".join(dict.fromkeys(names)))
        )

    def with_notes(self, start: npt.ArrayLike, duration: npt.ArrayLike, pitch: npt.ArrayLike) -> "Song":
        """Makes a song of other notes, without a band, with this song's grid and metadata; see `from_notes`."""
        return Song.from_notes(start, duration, pitch, self.about, self.ticks_per_quarter)

    def notes(self) -> tuple[IntArray, IntArray, PitchArray]:
        """Returns start, duration and pitch of every note, [P] each, in the order of the events."""
        repeats = np.diff(self.offsets)
        return np.repeat(self.start, repeats), np.repeat(self.duration, repeats), self.pitches

    def note_parts(self) -> IntArray:
        """Returns the part of every note of a song with a band, [P]; raises ValueError for another song."""
        if not self.band:
            raise ValueError(f"{self!r} has no band: read it with its parts")
        return np.repeat(self.band.part, np.diff(self.offsets))

    def moved(
        self,
        start: npt.ArrayLike,
        duration: npt.ArrayLike,
        pitch: npt.ArrayLike,
        kept: npt.NDArray[np.bool_] | None = None,
        *,
        move: Callable[[Ints], Ints] | None = None,
        timeline: Timeline | None = None,
    ) -> "Song":
        """Makes a song of the same notes, or some of them, at other times or pitches; each keeps its part and velocity.

        Args:
          start, duration, pitch: of the notes that are kept, in the order of `notes`.
          kept: True for each note that is kept, [P]; None: all are.
          move: where other ticks go, of the pedals and, without a `timeline`, of the changes over time; None: nowhere.
          timeline: changes over time.
        """
        if not self.band:
            return self.with_notes(start, duration, pitch)
        players, part, velocity = self.band, self.note_parts(), self.band.velocity
        return Song.from_parts(
            start,
            duration,
            pitch,
            part if kept is None else part[kept],
            velocity if kept is None else velocity[kept],
            instruments=players.instruments,
            pedals=players.moved_pedals(move) if move else players.pedals,
            timeline=timeline or (players.timeline.moved(move) if move else players.timeline),
            about=self.about,
            ticks_per_quarter=self.ticks_per_quarter,
        )

    @property
    def end(self) -> int:
        """The tick at which the last note ends; 0 for a song without notes."""
        return int((self.start + self.duration).max()) if len(self) else 0

    def transpose(self, semitones: int) -> "Song":
        """Transposes the song and its key signatures, but no drums, by so many semitones.

        >>> Song.from_notes(start=[0], duration=[12], pitch=[60]).transpose(2).pitches.tolist()
        [62]

        Raises:
          ValueError: where a pitch would leave 0..127, or the key signature has no such name.
        """
        start, duration, pitch = self.notes()
        timeline = self.band.timeline.transposed(semitones) if self.band else None
        moved = self.moved(start, duration, pitch + np.where(self.is_drum(), 0, semitones), timeline=timeline)
        key = self.about.key_signature and key_signatures.transposed_name(self.about.key_signature, semitones)
        return dataclasses.replace(moved, about=dataclasses.replace(self.about, key_signature=key))

    def is_drum(self) -> npt.NDArray[np.bool_]:
        """Tells of every note whether it is a drum's, [P]; a song without a band has none."""
        if not self.band:
            return np.zeros(len(self.pitches), np.bool_)
        return np.array([player.is_drums for player in self.band.instruments], np.bool_)[self.note_parts()]

    def to_bytes(self) -> bytes:
        """Serializes the song compactly, for `from_bytes`; equal songs give equal bytes."""
        about = self.about.to_json()
        players = self.band.to_bytes() if self.band else b""
        sizes = (len(about), len(self.start), len(self.pitches), self.ticks_per_quarter, len(players))
        columns = (self.start.astype("<i4"), self.duration.astype("<i4"), self.offsets.astype("<i4"), self.pitches)
        return b"".join([_HEADER.pack(_MAGIC, *sizes), about, *(column.tobytes() for column in columns), players])

    @classmethod
    def from_bytes(cls, data: bytes) -> "Song":
        """Reads what `to_bytes` wrote; raises ValueError on anything else."""
        if len(data) < _HEADER.size:
            raise ValueError(f"a song needs at least {_HEADER.size} bytes, got {len(data)}")
        magic, about_size, events, pitches, ticks_per_quarter, band_size = _HEADER.unpack_from(data)
        sizes = (about_size, 4 * events, 4 * events, 4 * (events + 1), pitches, band_size)
        on_grid = 1 <= ticks_per_quarter <= quantisation.MOST_TICKS_PER_QUARTER
        if magic != _MAGIC or not on_grid or len(data) != _HEADER.size + sum(sizes):
            raise ValueError(f"not a song of this version: starts with {magic!r}, expected {_MAGIC!r}")
        about_bytes, start, duration, offsets, pitch, players = np.split(
            np.frombuffer(data, np.uint8, offset=_HEADER.size), np.cumsum(sizes)[:-1]
        )
        about = About.from_json(about_bytes.tobytes())
        own_band = Band.from_bytes(players.tobytes()) if band_size else None
        return cls(_ticks(start), _ticks(duration), pitch.copy(), _ticks(offsets), about, ticks_per_quarter, own_band)

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
        parts = f"{len(self.band.instruments)} parts, " if self.band else ""
        return f"Song({self.about.source or 'untitled'}: {parts}{len(self)} events, {quarters:g} quarters)"


def _ticks(column: PitchArray) -> IntArray:
    return np.frombuffer(column.tobytes(), "<i4").astype(np.int32)
