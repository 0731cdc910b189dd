"""In which order the training split is read: a pure function of (seed, epoch, group), whatever reads it.

A group is what is in memory at one time: some shards, or all of them. Windows are permuted within a group, or whole
songs are where the state is carried.
"""

import dataclasses

import numpy as np

from trainer.data import packing
from trainer.data.packing import IntArray


@dataclasses.dataclass(frozen=True, order=True)
class BatchPosition:
    """Where a run stands: the next batch is the `batch`th of the `group`th group of the `epoch`th epoch, from 0."""

    epoch: int = 0
    group: int = 0
    batch: int = 0


def permutation(count: int, *seeds: int) -> IntArray:
    """0..count - 1 in an order that depends on the seeds alone.

    RandomState's streams are frozen for ever (NumPy's policy, NEP 19); those of its newer generators are not.
    """
    return np.random.RandomState(seeds).permutation(count).astype(np.int64)


def drawn(count: int, of: int, seed: int) -> IntArray:
    """`count` different numbers of 0..`of` - 1, ascending, by the seed alone."""
    return np.sort(permutation(of, seed)[:count])


def groups_of(shards: int, at_once: int, *, seed: int, epoch: int) -> list[list[int]]:
    """An epoch's groups of shard numbers; one group of all shards, if they fit, is the same in every epoch.

    Args:
      shards: how many there are, at least 1.
      at_once: how many fit into memory, at least 1.
      seed, epoch: the order is theirs.
    """
    if shards <= at_once:
        return [list(range(shards))]
    shuffled = permutation(shards, seed, epoch)
    return [sorted(shuffled[start : start + at_once].tolist()) for start in range(0, shards, at_once)]


def shuffled_batches(windows: int, batch_size: int, *seeds: int) -> IntArray:
    """A group's windows in batches, int64 [batches, batch_size]; -1 is a row without a window.

    A last batch that is not full is left out, unless it is the only one.
    """
    order = permutation(windows, *seeds)
    if windows >= batch_size:
        return order[: windows // batch_size * batch_size].reshape(-1, batch_size)
    return np.pad(order, (0, batch_size - windows), constant_values=-1)[None]


def streams(windows_of_songs: IntArray, rows: int, *seeds: int) -> IntArray:
    """A group's songs side by side in rows that end together, int64 [steps, rows]; -1 is no window.

    Each song goes from its first window to its last in one row; a row's songs are permuted.

    Args:
      windows_of_songs: how many windows each song has, at least 1; they are numbered through.
      rows: of a batch.
      seeds: the order is theirs.
    """
    shuffled = permutation(len(windows_of_songs), *seeds)
    songs_of_rows = packing.pack(windows_of_songs, rows, shuffled)
    permuted = (
        [songs[place] for place in permutation(len(songs), *seeds, row)] for row, songs in enumerate(songs_of_rows)
    )
    return packing.table(permuted, windows_of_songs)
