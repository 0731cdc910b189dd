"""The baseline of copying: the runs of notes that validation songs share with the training songs.

All music shares repeated notes, scales and turns of its style. So generated songs are compared with songs of the same
style that the model never saw.
"""

import bisect
import dataclasses
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

Number = TypeVar("Number", int, float)

# With fewer songs a percentage would look more exact than it is.
_FEW = 20


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """The copying of validation songs: each statistic has one value a song, ascending.

    Attributes:
      notes: of the longest copied run, what repeats in it counted once (`CopiedRun.different`).
      bars: of the longest copied run in time.
      shares: of a song's notes that are copied, 0..1.
    """

    notes: tuple[int, ...] = ()
    bars: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()

    @classmethod
    def of(cls, figures: Sequence[tuple[int, float, float]]) -> "HeldOut":
        """Sorts the (notes, bars, share) of each song by column."""
        notes, bars, shares = zip(*figures, strict=True) if figures else ((), (), ())
        return cls(
            tuple(sorted(notes)), *(tuple(sorted(round(value, 6) for value in column)) for column in (bars, shares))
        )

    def __len__(self) -> int:
        return len(self.notes)

    def as_dict(self) -> dict[str, Any]:
        """Summarises each statistic by its median, 95 % quantile and largest value; by none without songs."""
        columns = {"notes": self.notes, "bars": self.bars, "share": self.shares} if len(self) else {}
        return {"songs": len(self), **{name: _summary(values) for name, values in columns.items()}}


def standing(value: Number, others: Sequence[Number]) -> str:
    """Ranks a value among those of validation songs, in words.

    >>> standing(2, others=range(100))
    'less than 97 % of validation songs'

    Args:
      value: of a song.
      others: of the validation songs, ascending, at least one.
    """
    songs = len(others)
    below = bisect.bisect_left(others, value)
    above = songs - bisect.bisect_right(others, value)
    if below >= songs / 2:
        return f"more than {_part(below, songs)}"
    return f"less than {_part(above, songs)}" if above >= songs / 2 else "as much as most validation songs"


def _part(count: int, songs: int) -> str:
    if count == songs:
        return "every validation song"
    if songs < _FEW:
        return f"{count} of {songs} validation songs"
    return f"{100 * count // songs} % of validation songs"


def _summary(values: Sequence[float]) -> dict[str, float]:
    # "higher" gives a value that was measured, not one between two.
    median, high = (float(np.quantile(values, share, method="higher")) for share in (0.5, 0.95))
    return {"median": median, "95 %": high, "largest": float(values[-1])}
