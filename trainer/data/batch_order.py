"""The order in which the training split is read: a pure function of (seed, epoch, group).

A group is the part of the split in memory at one time: some shards, or all of them. Windows are permuted within a
group; with carried state, whole songs.
"""

import dataclasses

import numpy as np

from trainer.data import packing
from trainer.data.packing import IntArray


@dataclasses.dataclass(frozen=True, order=True)
class BatchPosition:
    """Position of the next batch in a run: its epoch, its group in the epoch, its number in the group, all from 0."""

    epoch: int = 0
    group: int = 0
    batch: int = 0


def permutation(count: int, *seeds: int) -> IntArray:
    """Returns 0..count - 1 in an order that depends on the seeds alone.

    RandomState's streams never change (NumPy's policy, NEP 19); those of its newer generators may.
    """
    return np.random.RandomState(seeds).permutation(count).astype(np.int64)


def drawn(count: int, total: int, seed: int) -> IntArray:
    """Draws `count` different numbers of 0..`total` - 1, ascending; they depend on the seed alone."""
    return np.sort(permutation(total, seed)[:count])


def groups_of(shards: int, at_once: int, *, seed: int, epoch: int) -> list[list[int]]:
    """Divides shards into an epoch's groups; if all fit into memory, every epoch has the same single group.

    Args:
      shards: number of shards, at least 1.
      at_once: number of shards that fit into memory, at least 1.
      seed: of the run.
      epoch: from 0; with the seed it decides which shards share a group, and the order of the groups.

    Returns:
      The shard numbers of each group, ascending.
    """
    if shards <= at_once:
        return [list(range(shards))]
    shuffled = permutation(shards, seed, epoch)
    return [sorted(shuffled[start : start + at_once].tolist()) for start in range(0, shards, at_once)]


def shuffled_batches(windows: int, batch_size: int, *seeds: int) -> IntArray:
    """Shuffles a group's windows into batches.

    Args:
      windows: number of windows in the group, at least 1.
      batch_size: rows of a batch.
      seeds: decide the order.

    Returns:
      int64 [batches, batch_size], window numbers; -1 is a row without a window. A last batch that is not full is left
      out, unless it is the only one.
    """
    order = permutation(windows, *seeds)
    if windows >= batch_size:
        return order[: windows // batch_size * batch_size].reshape(-1, batch_size)
    return np.pad(order, (0, batch_size - windows), constant_values=-1)[None]


def streams(windows_of_songs: IntArray, rows: int, *seeds: int) -> IntArray:
    """Lays a group's songs side by side, in rows of like length.

    Args:
      windows_of_songs: int64 [songs], number of windows of each song, at least 1; windows are numbered through.
      rows: of a batch.
      seeds: decide the order of the songs.

    Returns:
      int64 [steps, rows], window numbers; each song runs from its first window to its last in one row. -1 is a row that
      has ended.
    """
    shuffled = permutation(len(windows_of_songs), *seeds)
    songs_of_rows = packing.pack(windows_of_songs, rows, shuffled)
    permuted = (
        [songs[index] for index in permutation(len(songs), *seeds, row)] for row, songs in enumerate(songs_of_rows)
    )
    return packing.table(permuted, windows_of_songs)
