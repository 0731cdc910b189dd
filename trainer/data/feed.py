"""Batches for the training loop, some steps at once, read ahead by a thread while the devices work."""

import concurrent.futures
import dataclasses
import time
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from trainer.data import batch_order, batches
from trainer.data.batch_order import BatchPosition
from trainer.data.dataset import Dataset
from trainer.data.window_arrays import Windows, concatenate, cut_anew
from trainer.data.window_mode import WindowMode

# Ids of a group take at most so much memory; a dataset below that is read once and kept.
GROUP_BYTES = 2**30


@dataclasses.dataclass(frozen=True, eq=False)
class StepBatches:
    """The batches of some steps.

    Attributes:
      tokens: int32 [S, B, window + 1].
      begins: bool [S, B], the rows whose song begins at this step; all of them where no state is carried.
      after: where the run stands when these steps are done.
      epochs: int [S], the epoch of each step, from 0.
    """

    tokens: npt.NDArray[np.int32]
    begins: npt.NDArray[np.bool_]
    after: BatchPosition
    epochs: npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Feed:
    """The training split in the order of a run.

    Attributes:
      dataset: a finished dataset.
      batch_size: B.
      seed: of the order.
      reading: which windows are left out, whether those of a song follow each other in one row, and what they begin
        with.
      random_windows: how many windows are drawn for the whole run; 0: all are read.
      group_bytes: how much of the split is in memory at one time.
    """

    dataset: Dataset
    batch_size: int
    seed: int
    reading: WindowMode
    random_windows: int = 0
    group_bytes: int = GROUP_BYTES

    def require_drawable(self, windows: int) -> None:
        """Raises ValueError if `random_windows` cannot be drawn of so many that there are."""
        asked, folder = f"--random_windows {self.random_windows}", self.dataset.folder
        if self.random_windows > windows:
            raise ValueError(
                f"{asked} must be in 0..{windows:,}, the windows to train on in {folder}: draw fewer, or preprocess "
                "with a smaller --stride"
            )
        if self.random_windows and self._shards > self._at_once:
            raise ValueError(
                f"{asked} needs all windows in memory at once, but those of {folder} take more than "
                f"{self.group_bytes:,} bytes: leave it out, or preprocess fewer songs"
            )

    def steps(self, position: BatchPosition, counts: Iterator[int]) -> Iterator[StepBatches]:
        """The steps from a position on, as many at a time as `counts` says, without end."""
        rows = self._rows(position)
        for count in counts:
            taken = [next(rows) for _ in range(count)]
            tokens, begins, places = zip(*taken, strict=True)
            last = places[-1]
            after = BatchPosition(last.epoch, last.group, last.batch + 1)
            yield StepBatches(np.stack(tokens), np.stack(begins), after, np.array([place.epoch for place in places]))

    def _rows(
        self, position: BatchPosition
    ) -> Iterator[tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_], BatchPosition]]:
        kept: tuple[list[int], Windows] | None = None
        epoch, group, batch = dataclasses.astuple(position)
        while True:
            groups = batch_order.groups_of(self._shards, self._at_once, seed=self.seed, epoch=epoch)
            for number in range(group, len(groups)):
                if kept is None or kept[0] != groups[number]:
                    kept = groups[number], self._read(groups[number])
                table = self._table(kept[1], epoch, number)
                for index in range(batch, len(table)):
                    yield *self._batch(kept[1], table[index]), BatchPosition(epoch, number, index)
                batch = 0
            epoch, group = epoch + 1, 0

    @property
    def _shards(self) -> int:
        return len(self.dataset.shards("train"))

    @property
    def _at_once(self) -> int:
        of_all = self.dataset.windows("train") * (self.dataset.window + 1) * np.dtype(np.int32).itemsize
        return max(1, self.group_bytes * self._shards // of_all)

    def _read(self, shards: list[int]) -> Windows:
        paths = self.dataset.shards("train")
        parts = [batches.read_shard(paths[shard], self.dataset) for shard in shards]
        windows = concatenate(parts, self.dataset.window)
        if self.reading.last_only:
            windows = windows.full()
        elif self.reading.carried:
            windows = cut_anew(windows, self.dataset.window)
        if self.random_windows:
            windows = windows[batch_order.drawn(self.random_windows, len(windows), self.seed)]
        return windows.blanked() if self.reading.blank_first else windows

    def _table(self, windows: Windows, epoch: int, group: int) -> batch_order.IntArray:
        if not len(windows):
            return np.zeros((0, self.batch_size), np.int64)
        if not self.reading.carried:
            return batch_order.shuffled_batches(len(windows), self.batch_size, self.seed, epoch, group)
        begins = np.flatnonzero(windows.starts == 0)
        return batch_order.streams(np.diff([*begins, len(windows)]), self.batch_size, self.seed, epoch, group)

    def _batch(
        self, windows: Windows, row: batch_order.IntArray
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
        begins = windows.starts[row] == 0 if self.reading.carried else np.ones(len(row), np.bool_)
        return windows.rows(row), begins


class ReadAhead:
    """Makes the next item while the last one is used, and knows how long its reader had to wait.

    Attributes:
      waited: seconds in all that `next` took.
    """

    def __init__(self, items: Iterator[StepBatches]) -> None:
        self._items = items
        self._thread = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="feed")
        self._next = self._thread.submit(self._make)
        self.waited = 0.0

    def next(self) -> StepBatches:
        """The next item; raises what making it raised."""
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
