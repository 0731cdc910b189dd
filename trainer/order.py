"""In which order the training split is read: a pure function of (seed, epoch, group), whatever reads it.

A group is what is in memory at one time: some shards, or all of them. Windows are permuted within a group, or whole
songs are where the state is carried.
"""

import dataclasses
import heapq

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, order=True)
class Position:
    """Where a run stands: the next batch is the `batch`th of the `group`th group of the `epoch`th epoch, from 0."""

    epoch: int = 0
    group: int = 0
    batch: int = 0


def permutation(count: int, *seeds: int) -> IntArray:
    """0..count - 1 in an order that depends on the seeds alone.

    RandomState's streams are frozen for ever (NumPy's policy, NEP 19); those of its newer generators are not.
    """
    return np.random.RandomState(seeds).permutation(count).astype(np.int64)


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
    """A group's songs side by side, each from its first window to its last, int64 [steps, rows]; -1 is no window.

    Args:
      windows_of_songs: how many windows each song has, at least 1; they are numbered through.
      rows: of a batch.
      seeds: the songs' order is theirs; each goes to the row that is free first.
    """
    first = np.concatenate([[0], np.cumsum(windows_of_songs)])
    free = [(0, row) for row in range(rows)]
    placed = []
    for song in permutation(len(windows_of_songs), *seeds).tolist():
        step, row = heapq.heappop(free)
        placed.append((song, step, row))
        heapq.heappush(free, (step + int(windows_of_songs[song]), row))
    table = np.full((max(step for step, _ in free), rows), -1, np.int64)
    for song, step, row in placed:
        count = int(windows_of_songs[song])
        table[step : step + count, row] = np.arange(first[song], first[song] + count)
    return table
