"""The windows of a split as arrays, and in another order."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Item = TypeVar("Item")

# Windows among which one is drawn where they are shuffled on their way: 20 MB of 128 tokens each.
SHUFFLED = 20_000


@dataclasses.dataclass(frozen=True, eq=False)
class SplitWindows:
    """Windows of a split, in the order of its files.

    Attributes:
      tokens: int32 [N, window + 1], ids; neighbours of one song share one where they do not overlap, and the last of a
        song is padded with 0.
      songs: of each window the name of its song, `sha256[#tune][+copy][*scale]`.
      starts: int64 [N], the index in its song of each window's first token.
      transposes: int64 [N], semitones that the song was moved by; 0 unless the dataset is augmented.
    """

    tokens: npt.NDArray[np.int32]
    songs: tuple[str, ...]
    starts: npt.NDArray[np.int64]
    transposes: npt.NDArray[np.int64]

    @property
    def inputs(self) -> npt.NDArray[np.int32]:
        """What a model is given, int32 [N, window]."""
        return self.tokens[:, :-1]

    @property
    def targets(self) -> npt.NDArray[np.int32]:
        """What a model is to predict, int32 [N, window]: the inputs one token later. 0 and 1 are to be left out."""
        return self.tokens[:, 1:]

    def __len__(self) -> int:
        return len(self.starts)


def shuffled(items: Iterable[Item], order: np.random.Generator, most: int = SHUFFLED) -> Iterator[Item]:
    """Yields items in a random order in which each is drawn among so many that were read at most.

    >>> sorted(shuffled(range(5), np.random.default_rng(0), most=2))
    [0, 1, 2, 3, 4]

    Args:
      items: any number.
      order: what draws.
      most: items in memory, at least 1.
    """
    waiting: list[Item] = []
    for item in items:
        if len(waiting) < most:
            waiting.append(item)
            continue
        place = int(order.integers(most))
        waiting[place], item = item, waiting[place]
        yield item
    yield from (waiting[place] for place in order.permutation(len(waiting)))
