"""Batches for the training loop, several steps at a time, prepared by a thread while the devices compute."""

import concurrent.futures
import dataclasses
import functools
import time
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from trainer.data import batch_order
from trainer.data.batch_order import BatchPosition
from trainer.data.dataset import Dataset
from trainer.data.group_reader import GroupReader
from trainer.data.window_arrays import Windows
from trainer.data.window_mode import WindowMode

# Most bytes that a group's ids take in memory; a smaller training split is read once and kept.
GROUP_BYTES = 2**30


@dataclasses.dataclass(frozen=True, eq=False)
class StepBatches:
    """The batches of S consecutive steps.

    Attributes:
      tokens: int32 [S, B, window + 1]; B are this machine's rows of the global batch.
      begins: bool [S, B], rows in which a song begins at this step; all rows where no state is carried.
      after: position of the run after these steps.
      epochs: int [S], the epoch of each step, from 0.
    """

    tokens: npt.NDArray[np.int32]
    begins: npt.NDArray[np.bool_]
    after: BatchPosition
    epochs: npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Feed:
    """The training split in the order in which a run trains on it.

    Attributes:
      dataset: a finished dataset.
      batch_size: B, rows of the global batch.
      seed: decides the order.
      window_mode: which windows are left out, whether those of a song follow each other in one row, and which token
        they begin with.
      random_windows: number of windows drawn for the whole run; 0: all are read.
      rows: of the global batch, those that this machine trains; None: all.
      group_bytes: most bytes of the split that are in memory at one time, over all machines together.
    """

    dataset: Dataset
    batch_size: int
    seed: int
    window_mode: WindowMode
    random_windows: int = 0
    rows: range | None = None
    group_bytes: int = GROUP_BYTES

    def require_drawable(self, windows: int) -> None:
        """Raises ValueError if `random_windows` cannot be drawn from this number of training windows."""
        flag, folder = f"--random_windows {self.random_windows}", self.dataset.folder
        if self.random_windows > windows:
            raise ValueError(
                f"{flag} must be in 0..{windows:,}, the windows to train on in {folder}: draw fewer, or preprocess "
                "with a smaller --stride"
            )
        if self.random_windows and self._shards > self._at_once:
            raise ValueError(
                f"{flag} needs all windows in memory at once, but those of {folder} take more than "
                f"{self.group_bytes:,} bytes: leave it out, or preprocess fewer songs"
            )

    def steps(self, position: BatchPosition, counts: Iterator[int]) -> Iterator[StepBatches]:
        """Yields the batches from a position on, of each number of steps in `counts` in turn; epochs never end."""
        batches_from_here = self._batches(position)
        for count in counts:
            steps = [next(batches_from_here) for _ in range(count)]
            tokens, begins, positions = zip(*steps, strict=True)
            last = positions[-1]
            after = BatchPosition(last.epoch, last.group, last.batch + 1)
            epochs = np.array([position.epoch for position in positions])
            yield StepBatches(np.stack(tokens), np.stack(begins), after, epochs)

    def _batches(
        self, position: BatchPosition
    ) -> Iterator[tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_], BatchPosition]]:
        reader = GroupReader(self.dataset, self.window_mode, random_windows=self.random_windows, seed=self.seed)
        # A group that stays in memory is read once, and the next epoch has other windows in these rows.
        shared = self.rows is not None and len(self.rows) < self.batch_size and self._shards > self._at_once
        read = reader.part if shared and reader.as_recorded else reader.whole
        epoch, group, batch = dataclasses.astuple(position)
        while True:
            groups = batch_order.groups_of(self._shards, self._at_once, seed=self.seed, epoch=epoch)
            for number in range(group, len(groups)):
                windows, table = read(groups[number], functools.partial(self._table, epoch, number))
                for index in range(batch, len(table)):
                    yield *self._batch(windows, table[index]), BatchPosition(epoch, number, index)
                batch = 0
            epoch, group = epoch + 1, 0

    @property
    def _shards(self) -> int:
        return len(self.dataset.shards("train"))

    @property
    def _at_once(self) -> int:
        split_bytes = self.dataset.windows("train") * (self.dataset.window + 1) * np.dtype(np.int32).itemsize
        return max(1, self.group_bytes * self._shards // split_bytes)

    def _table(self, epoch: int, group: int, is_first: npt.NDArray[np.bool_]) -> batch_order.IntArray:
        """Lays out the windows of a group in this machine's rows; `is_first` marks those that songs begin with."""
        if not len(is_first):
            return np.zeros((0, self.batch_size), np.int64)
        if self.window_mode.carried:
            lengths = np.diff([*np.flatnonzero(is_first), len(is_first)])
            table = batch_order.streams(lengths, self.batch_size, self.seed, epoch, group)
        else:
            table = batch_order.shuffled_batches(len(is_first), self.batch_size, self.seed, epoch, group)
        return table[:, self.rows.start : self.rows.stop] if self.rows else table

    def _batch(
        self, windows: Windows, row: batch_order.IntArray
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
        begins = windows.starts[row] == 0 if self.window_mode.carried else np.ones(len(row), np.bool_)
        return windows.rows(row), begins


class ReadAhead:
    """Prepares the next item in a thread while the last one is used, and counts how long its reader waited.

    Attributes:
      waited: seconds that all calls of `next` took together.
    """

    def __init__(self, items: Iterator[StepBatches]) -> None:
        self._items = items
        self._thread = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="feed")
        self._next = self._thread.submit(self._make)
        self.waited = 0.0

    def next(self) -> StepBatches:
        """Returns the next item, or raises the error of preparing it."""
        began = time.perf_counter()
        item = self._next.result()
        self._next = self._thread.submit(self._make)
        self.waited += time.perf_counter() - began
        return item

    def close(self) -> None:
        """Ends the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _make(self) -> StepBatches:
        return next(self._items)
