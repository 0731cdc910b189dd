"""Reads the groups of shards that a run trains on, and lays out their windows in the rows of its batches."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from trainer.data import batch_order, batches
from trainer.data.batch_order import IntArray
from trainer.data.dataset import Dataset
from trainer.data.window_arrays import Windows, concatenate, cut_anew
from trainer.data.window_mode import WindowMode

# From bool [N], the windows that songs begin with, to the numbers of windows in the rows of each batch.
Layout = Callable[[npt.NDArray[np.bool_]], IntArray]


class GroupReader:
    """Reads groups of the training split; keeps the last one.

    Of several machines each needs the windows of its own rows alone. Where a group is read again in each epoch, the
    others are not parsed and take no memory: what decides the order of batches are the windows that songs begin with,
    which are kept of all shards.
    """

    def __init__(self, dataset: Dataset, window_mode: WindowMode, *, random_windows: int, seed: int) -> None:
        """Prepares to read; see `trainer.data.feed.Feed`."""
        self._dataset, self._window_mode = dataset, window_mode
        self._random_windows, self._seed = random_windows, seed
        self._paths = dataset.shards("train")
        self._kept: tuple[list[int], Windows] | None = None
        self._begins: dict[int, npt.NDArray[np.bool_]] = {}

    @property
    def as_recorded(self) -> bool:
        """True if the windows that are trained on are those of the records: none is left out, none is cut anew."""
        settings = self._dataset.settings
        cut = self._window_mode.carried and settings["stride"] != settings["window"]
        return not (cut or self._window_mode.last_only or self._random_windows)

    def whole(self, shards: list[int], layout: Layout) -> tuple[Windows, IntArray]:
        """Returns the windows of a group, and their layout."""
        if self._kept is None or self._kept[0] != shards:
            self._kept = shards, self._read(shards)
        windows = self._kept[1]
        return windows, layout(windows.starts == 0)

    def part(self, shards: list[int], layout: Layout) -> tuple[Windows, IntArray]:
        """Returns the windows of a group that stand in the layout, and the layout of their numbers among these."""
        begins = [self._begins_of(shard) for shard in shards]
        table = layout(np.concatenate(begins))
        used = np.unique(table[table >= 0])
        firsts = np.cumsum([0, *map(len, begins)])
        borders = np.searchsorted(used, firsts)
        parts = [
            batches.read_shard(self._paths[shard], self._dataset, used[borders[index] : borders[index + 1]] - first)
            for index, (shard, first) in enumerate(zip(shards, firsts[:-1], strict=True))
        ]
        windows = self._blanked(concatenate(parts, self._window))
        return windows, np.where(table >= 0, np.searchsorted(used, table), -1)

    def _begins_of(self, shard: int) -> npt.NDArray[np.bool_]:
        if shard not in self._begins:
            self._begins[shard] = batches.read_starts(self._paths[shard], self._dataset) == 0
        return self._begins[shard]

    def _read(self, shards: list[int]) -> Windows:
        windows = concatenate([batches.read_shard(self._paths[shard], self._dataset) for shard in shards], self._window)
        if self._window_mode.last_only:
            windows = windows.full()
        elif self._window_mode.carried:
            windows = cut_anew(windows, self._window)
        if self._random_windows:
            windows = windows[batch_order.drawn(self._random_windows, len(windows), self._seed)]
        return self._blanked(windows)

    def _blanked(self, windows: Windows) -> Windows:
        return windows.blanked() if self._window_mode.blank_first else windows

    @property
    def _window(self) -> int:
        return self._dataset.window
