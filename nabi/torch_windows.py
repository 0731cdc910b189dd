"""Yields the windows of a split for PyTorch's `DataLoader`; needs PyTorch, which Nabi does not install."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from torch.utils.data import IterableDataset, get_worker_info

from nabi.dataset import Dataset
from nabi.music.records import Window
from nabi.split_windows import shuffled

_Ids = npt.NDArray[np.int64]


class TorchWindows(IterableDataset):
    """Yields (inputs, targets), int64 [window] each, which `DataLoader` collates to tensors [batch, window].

    Attributes:
      dataset: the dataset of the windows.
      split: `train`, `validation` or `test`.
      seed: of the shuffled order; None: the order of the files.
    """

    def __init__(self, dataset: Dataset, split: str, seed: int | None = None) -> None:
        """Selects the windows, without reading them."""
        super().__init__()
        self.dataset, self.split, self.seed = dataset, split, seed
        self._passes = 0

    def __iter__(self) -> Iterator[tuple[_Ids, _Ids]]:
        # None if the training process reads the windows itself.
        worker = get_worker_info()
        part, parts = (worker.id, worker.num_workers) if worker else (0, 1)
        windows = self.dataset.iterate_windows(self.split, part=part, parts=parts)
        if self.seed is not None:
            # A worker may be restarted for each pass; PyTorch gives it another seed each time.
            seeds = (self.seed, self._passes, worker.seed if worker else 0)
            windows = shuffled(windows, np.random.default_rng(seeds))
        self._passes += 1
        return map(_inputs_and_targets, windows)


def _inputs_and_targets(window: Window) -> tuple[_Ids, _Ids]:
    return window.tokens[:-1], window.tokens[1:]
