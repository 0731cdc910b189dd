"""Quantiles and histograms of millions of numbers in bounded memory, from the counts of their rounded values."""

import collections
import dataclasses
import itertools
import math
from collections.abc import Sequence

# Significant digits of a rounded value: at most 900 values a decade, however many numbers are added.
_DIGITS = 3
# Edges of a decade's bins where the numbers span more than one: the preferred numbers R10 of ISO 3.
_DECADE = (1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8)
_MOST_LINEAR_BINS = 24


@dataclasses.dataclass(frozen=True)
class Bin:
    """A histogram's bin: `count` numbers lie in low..high - 1."""

    low: int
    high: int
    count: int


class QuantileSketch:
    """Numbers of at least 0, each rounded to 3 significant digits.

    Attributes:
      count: how many were added.
      total: their sum, exact.
      highest: the largest, exact; 0 if there is none.
    """

    def __init__(self) -> None:
        self.count = 0
        self.total: float = 0
        self.highest: float = 0
        self._counts: collections.Counter[float] = collections.Counter()

    def add(self, value: float) -> None:
        """Counts a number."""
        self.count += 1
        self.total += value
        self.highest = max(self.highest, value)
        self._counts[_coarse(value)] += 1

    def quantile(self, share: float) -> float:
        """Returns the smallest number (to 3 digits) that a share (0..1) of all do not exceed; 0 if there is none."""
        left = math.ceil(share * self.count)
        for value in sorted(self._counts):
            left -= self._counts[value]
            if left <= 0:
                return value
        return 0

    def histogram(self) -> list[Bin]:
        """Sorts the numbers into adjacent bins: equally wide, or growing if the numbers span a decade or more."""
        if not self._counts:
            return []
        edges = _edges(int(min(self._counts)), int(max(self._counts)))
        counts = [0] * (len(edges) - 1)
        for value, count in self._counts.items():
            counts[_place(edges, value)] += count
        return [Bin(low, high, count) for (low, high), count in zip(itertools.pairwise(edges), counts, strict=True)]


def _coarse(value: float) -> float:
    """Rounds to 3 digits: an int down, so that it stays in its bin, a float to the nearest."""
    if isinstance(value, int):
        scale = 10 ** max(len(str(value)) - _DIGITS, 0)
        return value // scale * scale
    return float(f"{value:.{_DIGITS}g}")


def _edges(lowest: int, highest: int) -> list[int]:
    """Returns ascending bin edges, the first at most `lowest` and the last above `highest`."""
    if highest < 10 * max(lowest, 1):
        step = _nice_step((highest - lowest + 1) / _MOST_LINEAR_BINS)
        return list(range(lowest // step * step, highest + step + 1, step))
    decades = range(len(str(highest)) + 1)
    edges = sorted({0, *(math.ceil(first * 10**decade) for decade in decades for first in _DECADE)})
    return edges[_place(edges, lowest) : _place(edges, highest) + 2]


def _nice_step(least: float) -> int:
    """Returns the smallest of 1, 2, 5, 10, 20, 50 ... that is at least `least`."""
    return next(
        first * 10**decade for decade in itertools.count() for first in (1, 2, 5) if first * 10**decade >= least
    )


def _place(edges: Sequence[int], value: float) -> int:
    return max(index for index, edge in enumerate(edges) if edge <= value)
