"""The players of a song: who plays each event, how loud each note is, the sustain pedal, and what changes over time."""

import dataclasses
import json
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nabi.music.timeline import Timeline

_HEADER = struct.Struct("<7I")
# Of a tick; a part's number is left of it.
_TIME_BITS = 32
_LAST = (1 << _TIME_BITS) - 1

Ints = npt.NDArray[np.int64]


class Instrument(NamedTuple):
    """The player of a part.

    Attributes:
      name: of the part, in the words of the file or of General MIDI; "" where there is none.
      program: General MIDI program, 0..127; of drums the number of the kit.
      is_drums: True if pitches are General MIDI's drums (36 is the bass drum) instead of notes.
    """

    name: str
    program: int
    is_drums: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class Band:
    """The parts of a song: columns beside those of `nabi.music.song.Song`, which has E events and P notes.

    >>> import nabi
    >>> duo = nabi.Song.from_parts([0, 0], [12, 6], [67, 36], part=[0, 1], velocity=[90, 70], instruments=[
    ...     nabi.Instrument("Violin", 40), nabi.Instrument("Drums", 0, is_drums=True)])
    >>> duo.band.instruments[0].name, duo.band.part.tolist(), duo.band.velocity.tolist()
    ('Violin', [0, 1], [90, 70])

    Attributes:
      instruments: of each part; every part has a note.
      part: int32 [E], the index of each event's part.
      velocity: uint8 [P], of each note, 1..127.
      pedals: int64 [S, 3], part, and ticks at which its sustain pedal goes down and up; sorted, none touch each other.
      timeline: tempo, meter and key over time.
    """

    instruments: tuple[Instrument, ...]
    part: npt.NDArray[np.int32]
    velocity: npt.NDArray[np.uint8]
    pedals: Ints
    timeline: Timeline

    def moved_pedals(self, move: Callable[[Ints], Ints]) -> Ints:
        """Returns the pedals with both ticks moved; `move` gets ticks in any order and returns theirs."""
        return np.column_stack([self.pedals[:, 0], move(self.pedals[:, 1]), move(self.pedals[:, 2])])

    def to_bytes(self) -> bytes:
        """Serializes the band, for `from_bytes`; equal bands give equal bytes."""
        names = json.dumps(self.instruments).encode()
        tables = (self.pedals, *self.timeline.columns())
        header = _HEADER.pack(len(names), len(self.part), len(self.velocity), *(table.size for table in tables))
        columns = (self.part.astype("<i4"), self.velocity, *(table.astype("<i8") for table in tables))
        return b"".join([header, names, *(column.tobytes() for column in columns)])

    @classmethod
    def from_bytes(cls, data: bytes) -> "Band":
        """Reads what `to_bytes` wrote; raises ValueError on anything else."""
        if len(data) < _HEADER.size:
            raise ValueError(f"a band needs at least {_HEADER.size} bytes, got {len(data)}")
        names_size, events, notes, *table_sizes = _HEADER.unpack_from(data)
        sizes = [names_size, 4 * events, notes, *(8 * size for size in table_sizes)]
        if len(data) != _HEADER.size + sum(sizes):
            raise ValueError(f"a band of {_HEADER.size + sum(sizes)} bytes has {len(data)}")
        names, part, velocity, *tables = np.split(
            np.frombuffer(data, np.uint8, offset=_HEADER.size), np.cumsum(sizes)[:-1]
        )
        pedals, *changes = (np.frombuffer(table.tobytes(), "<i8").astype(np.int64) for table in tables)
        parts = np.frombuffer(part.tobytes(), "<i4").astype(np.int32)
        try:
            instruments = tuple(Instrument(*row) for row in json.loads(names.tobytes()))
            check(instruments, parts, pedals.reshape(-1, 3))
        except TypeError as error:
            raise ValueError(f"no instruments of a band: {error}") from error
        return cls(instruments, parts, velocity.copy(), pedals.reshape(-1, 3), Timeline.of(*changes))


def has_tempi(band: Band | None) -> bool:
    """Tells whether a song says its tempo over time: such a song is not written with another one."""
    return band is not None and len(band.timeline.tempi) > 0


def check(instruments: Sequence[Instrument], part: npt.ArrayLike, pedals: npt.ArrayLike) -> None:
    """Raises ValueError for a program outside 0..127, or for a note or a pedal of a part that there is not."""
    for player in instruments:
        if not 0 <= player.program < 128:
            raise ValueError(f"program {player.program} of {player.name!r} is outside 0..127")
    of_pedals = np.asarray(pedals, np.int64).reshape(-1, 3)[:, 0]
    for name, numbers in (("part", np.asarray(part)), ("part of a pedal", of_pedals)):
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < len(instruments):
            wrong = numbers[(numbers < 0) | (numbers >= len(instruments))][0]
            raise ValueError(f"{name} {wrong} is outside 0..{len(instruments) - 1}, the numbers of the instruments")


def until(pedals: npt.ArrayLike, end: int) -> Ints:
    """Returns pedals, rows of part, down and up, within the ticks 0..end.

    >>> until([(0, 12, 99)], end=24).tolist()
    [[0, 12, 24]]
    """
    table = np.array(pedals, np.int64).reshape(-1, 3)
    table[:, 1:] = np.clip(table[:, 1:], 0, end)
    return table


def joined_pedals(rows: npt.ArrayLike) -> Ints:
    """Sorts times of pedals, (part, down, up), and joins those of a part that touch; empty ones are left out.

    >>> joined_pedals([(0, 12, 24), (0, 0, 12), (1, 5, 5)]).tolist()
    [[0, 0, 24]]
    """
    table = np.asarray(rows, np.int64).reshape(-1, 3)
    part, down, up = table[table[:, 1] < table[:, 2]].T
    order = np.lexsort((down, part))
    # On a line on which the parts follow each other, a pedal touches the one before it up to the last tick of those.
    begin, end = (part[order] << _TIME_BITS | down[order]), np.maximum.accumulate(part[order] << _TIME_BITS | up[order])
    first = np.append(True, begin[1:] > end[:-1])[: len(begin)]
    last = np.append(first[1:], True)[: len(begin)]
    return np.column_stack([begin[first] >> _TIME_BITS, begin[first] & _LAST, end[last] & _LAST])


def without_silent(
    instruments: Sequence[Instrument], part: Ints, pedals: Ints
) -> tuple[tuple[Instrument, ...], Ints, Ints]:
    """Leaves out parts without a note, and their pedals, and numbers the others anew, in their order."""
    sounding = np.unique(part)
    if len(sounding) == len(instruments):
        return tuple(instruments), part, pedals
    pedals = pedals[np.isin(pedals[:, 0], sounding)]
    numbered = np.column_stack([np.searchsorted(sounding, pedals[:, 0]), pedals[:, 1:]])
    return tuple(instruments[at] for at in sounding.tolist()), np.searchsorted(sounding, part), numbered
