"""Changes of tempo, meter and key over the time of a song, in columns."""

import dataclasses
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from nabi.music import key_signatures

Ints = npt.NDArray[np.int64]
# Of a quarter note: MIDI's until a tempo is told, 120 quarter notes a minute, and the most that a file can say.
DEFAULT_MICROSECONDS = 500_000
MOST_MICROSECONDS = (1 << 24) - 1
# The widths of the columns in `Timeline`.
_WIDTHS = {"tempi": 2, "meters": 3, "keys": 3}


@dataclasses.dataclass(frozen=True, eq=False)
class Timeline:
    """Tempo, meter and key of a song as they change; before its first row nothing is known of a column.

    Rows are in canonical form: in order of their ticks, one a tick, each different from the one before.

    Attributes:
      tempi: int64 [T, 2], tick and microseconds a quarter note, 1..2^24 - 1.
      meters: int64 [M, 3], tick, beats of a bar (1..255) and note value of a beat (a power of 2 up to 128).
      keys: int64 [K, 3], tick, sharps (negative: flats) in -7..7, and 1 for minor, else 0.
    """

    tempi: Ints
    meters: Ints
    keys: Ints

    @classmethod
    def of(cls, tempi: npt.ArrayLike = (), meters: npt.ArrayLike = (), keys: npt.ArrayLike = ()) -> "Timeline":
        """Makes a timeline of rows in any order; of several at one tick the last one holds.

        >>> Timeline.of(tempi=[(0, 500_000), (24, 500_000), (12, 400_000), (12, 500_000)]).tempi.tolist()
        [[0, 500000]]
        """
        columns = {"tempi": tempi, "meters": meters, "keys": keys}
        return cls(**{name: _canonical(rows, _WIDTHS[name]) for name, rows in columns.items()})

    def columns(self) -> tuple[Ints, Ints, Ints]:
        """Returns tempi, meters and keys."""
        return self.tempi, self.meters, self.keys

    def seconds(self, ticks: int, ticks_per_quarter: int, tempo: float) -> float:
        """Returns the time from tick 0 to a tick.

        >>> Timeline.of(tempi=[(12, 1_000_000)]).seconds(24, ticks_per_quarter=12, tempo=120)
        1.5

        Args:
          ticks: at least 0.
          ticks_per_quarter: ticks of a quarter note.
          tempo: quarter notes a minute until the first tempo is told.
        """
        begins = np.minimum(np.append(0, self.tempi[:, 0]), ticks)
        microseconds = np.append(60_000_000 / tempo, self.tempi[:, 1])
        return float((np.diff(begins, append=ticks) * microseconds).sum()) / ticks_per_quarter / 1e6

    def moved(self, move: Callable[[Ints], Ints]) -> "Timeline":
        """Moves every change to another tick; `move` gets ticks, ascending, and returns theirs, not descending."""
        return Timeline.of(*(np.column_stack([move(rows[:, 0]), rows[:, 1:]]) for rows in self.columns()))

    def transposed(self, semitones: int) -> "Timeline":
        """Returns the same changes with keys that are so many semitones higher.

        >>> Timeline.of(keys=[(0, 1, 0)]).transposed(-1).keys.tolist()
        [[0, -6, 0]]
        """
        ticks, sharps, minor = self.keys.T
        keys = np.column_stack([ticks, key_signatures.transposed(sharps, semitones), minor])
        return Timeline.of(self.tempi, self.meters, keys)

    def excerpt(self, begin: int, end: int) -> "Timeline":
        """Returns the changes of the ticks [begin, end), counted from `begin`, and what holds there from tick 0 on.

        >>> Timeline.of(tempi=[(0, 500_000), (24, 400_000)]).excerpt(12, 48).tempi.tolist()
        [[0, 500000], [12, 400000]]
        """
        kept = Timeline(*(rows[: np.searchsorted(rows[:, 0], end)] for rows in self.columns()))
        return kept.moved(lambda ticks: np.maximum(ticks - begin, 0)) if begin else kept


def _canonical(rows: npt.ArrayLike, width: int) -> Ints:
    table: Ints = np.asarray(rows, np.int64).reshape(-1, width)
    if len(table) < 2:
        return table
    table = table[np.argsort(table[:, 0], kind="stable")]
    last = np.append(np.diff(table[:, 0]) != 0, True)[: len(table)]
    table = table[last]
    changed = np.append(True, (np.diff(table[:, 1:], axis=0) != 0).any(axis=1))[: len(table)]
    canonical: Ints = table[changed]
    return canonical
