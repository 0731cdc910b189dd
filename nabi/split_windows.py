"""Holds the windows of a split as arrays, and shuffles streams of windows."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Item = TypeVar("Item")

# Windows of a shuffle buffer: 20 MB for windows of 128 tokens.
SHUFFLED = 20_000


@dataclasses.dataclass(frozen=True, eq=False)
class SplitWindows:
    """The windows of a split, in the order of its files.

    Attributes:
      tokens: int32 [N, window + 1], ids. Neighbouring windows of a song share at least one id; the last window is
        padded with 0.
      songs: [N], the name of each window's song, `sha256[#tune][+copy][*rendition]`.
      starts: int64 [N], the index in its song of each window's first token.
      transposes: int64 [N], semitones by which the song was transposed; 0 unless the dataset is augmented.
    """

    tokens: npt.NDArray[np.int32]
    songs: tuple[str, ...]
    starts: npt.NDArray[np.int64]
    transposes: npt.NDArray[np.int64]

    @property
    def inputs(self) -> npt.NDArray[np.int32]:
        """The input of a model, int32 [N, window]."""
        return self.tokens[:, :-1]

    @property
    def targets(self) -> npt.NDArray[np.int32]:
        """The targets of a model, int32 [N, window]: the inputs one token later. Ids 0 and 1 are to be masked."""
        return self.tokens[:, 1:]

    def __len__(self) -> int:
        return len(self.starts)


def shuffled(items: Iterable[Item], order: np.random.Generator, most: int = SHUFFLED) -> Iterator[Item]:
    """Yields items in random order, each drawn from a buffer of at most `most` items.

    >>> sorted(shuffled(range(5), np.random.default_rng(0), most=2))
    [0, 1, 2, 3, 4]

    Args:
      items: any number.
      order: generator of the random order.
      most: items of the buffer, at least 1.
    """
    buffer: list[Item] = []
    for item in items:
        if len(buffer) < most:
            buffer.append(item)
            continue
        index = int(order.integers(most))
        buffer[index], item = item, buffer[index]
        yield item
    yield from (buffer[index] for index in order.permutation(len(buffer)))
