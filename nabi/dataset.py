"""Opens datasets and reads them as songs, as arrays, and as input of TensorFlow and PyTorch."""

import dataclasses
import itertools
import logging
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from nabi.music import records
from nabi.music.encodings import Encoding
from nabi.music.records import Window
from nabi.music.song import Song
from nabi.music.song_id import SongId
from nabi.music.suggestions import did_you_mean
from nabi.music.vocabulary import PAD, Vocabulary
from nabi.music.windows import SPLITS, is_original, join_records
from nabi.networks import remote_files
from nabi.split_windows import SHUFFLED, SplitWindows
from nabi.workspace import ledger, paths, record_files, storage
from trainer.data import dataset as directory

if TYPE_CHECKING:
    import tensorflow as tf

    from nabi.torch_windows import TorchWindows


class Dataset:
    """A finished dataset directory, opened by `open_dataset`.

    Attributes:
      folder: the directory.
      vocabulary: token <-> id.
      encoding: tokens <-> songs.
      window: targets of a window, which has one token more.
      fingerprint: of the content; models that were trained on the dataset carry it too.
      settings: of the job that made the dataset, as `dataset.json` has them.
    """

    def __init__(self, opened: directory.Dataset) -> None:
        """Wraps the result of `trainer.data.dataset.open_dataset`."""
        self._opened = opened
        self.folder: str = opened.folder
        self.vocabulary: Vocabulary = opened.vocabulary
        self.encoding: Encoding = opened.encoding
        self.window: int = opened.window
        self.fingerprint: str = opened.content
        self.settings: dict[str, object] = opened.settings

    def songs(self, split: str) -> Iterator[Song]:
        """Yields the songs of a split, joined from their windows, without augmented ones.

        >>> import nabi
        >>> dataset = nabi.open_dataset("runs/mine/dataset")
        >>> song = next(dataset.songs("validation"))
        >>> len(song.about.sha256)
        64

        Args:
          split: `train`, `validation` or `test`.

        Yields:
          Each song as its encoding keeps it, in `about` what its tokens say of meter and phrases. `about.sha256` is its
          name in records and in the ledger, `sha256[#tune][+copy]`, and `about.source` its file. Songs whose known
          tokens make no music are left out, and logged.

        Raises:
          ValueError: if there is no such split, or a file of it is damaged.
        """
        sources = self._sources()
        originals = filter(is_original, self.iterate_windows(split))
        for window in join_records(originals):
            source = sources.get(str(SongId.parse(window.song).original), "")
            ids = window.tokens[window.tokens != PAD].tolist()
            try:
                song = self.encoding.decode(self.vocabulary.decode(ids))
            except ValueError as error:
                logging.warning("the song %s (%s) is left out: %s", window.song, source, error)
            else:
                about = dataclasses.replace(song.about, source=source, sha256=window.song)
                yield dataclasses.replace(song, about=about)

    def windows(self, split: str) -> SplitWindows:
        """Reads all windows of a split into memory.

        >>> import nabi
        >>> windows = nabi.open_dataset("runs/mine/dataset").windows("train")
        >>> windows.inputs.shape == windows.targets.shape == (len(windows), 16)
        True

        Args:
          split: `train`, `validation` or `test`.

        Raises:
          ValueError: if there is no such split, or a file of it is damaged.
        """
        rows = list(self.iterate_windows(split))
        tokens = np.array([window.tokens for window in rows], np.int32).reshape(-1, self.window + 1)
        starts, transposes = (
            np.array([getattr(window, name) for window in rows], np.int64) for name in ("start", "transpose")
        )
        return SplitWindows(tokens, tuple(window.song for window in rows), starts, transposes)

    def iterate_windows(self, split: str, *, part: int = 0, parts: int = 1) -> Iterator[Window]:
        """Yields the windows of a split one by one, without holding them in memory.

        >>> import nabi
        >>> window = next(nabi.open_dataset("runs/mine/dataset").iterate_windows("train"))
        >>> (window.tokens.shape, window.start)
        ((17,), 0)

        Args:
          split: `train`, `validation` or `test`.
          part: number of the part to read, 0..parts - 1.
          parts: number of parts of the split; each window is in one part, and their sizes differ by at most one.

        Raises:
          ValueError: if there is no such split or part, or a file is damaged, naming it.
        """
        files = self._shards(split)
        if not 0 <= part < parts:
            raise ValueError(f"part {part} must be in 0..{parts - 1}, of {parts} parts")
        return map(records.parse, itertools.islice(record_files.read(files), part, None, parts))

    def tf_dataset(self, split: str, *, batch_size: int = 64, seed: int | None = None) -> "tf.data.Dataset":
        """Makes a `tf.data.Dataset` of (inputs, targets), int32 [batch_size, window] each, for one pass over a split.

        >>> import nabi
        >>> batches = nabi.open_dataset("runs/mine/dataset").tf_dataset("train", batch_size=2)
        >>> inputs, targets = next(iter(batches))
        >>> (inputs.shape.as_list(), targets.shape.as_list())
        ([2, 16], [2, 16])

        Args:
          split: `train`, `validation` or `test`.
          batch_size: windows a batch, at least 1; the last batch may have fewer.
          seed: of the shuffled order, which differs from pass to pass; None: the order of the files.

        Raises:
          ValueError: if there is no such split, or `batch_size` is outside its range.
        """
        files = self._shards(split)
        if batch_size < 1:
            raise ValueError(f"batch_size {batch_size} must be at least 1")
        import tensorflow as tf

        from trainer.data import batches

        if remote_files.known_to_tensorflow(self.folder):
            serialized = tf.data.TFRecordDataset(tf.constant(files, tf.string))
        else:
            serialized = tf.data.Dataset.from_generator(
                lambda: record_files.read(files), output_signature=tf.TensorSpec([], tf.string)
            )
        if seed is not None:
            serialized = serialized.shuffle(SHUFFLED, seed=seed)

        def inputs_and_targets(batch: "tf.Tensor") -> "tuple[tf.Tensor, tf.Tensor]":
            """Parses a batch of records."""
            return _inputs_and_targets(tf.cast(batches.parsed(batch, self.window)["tokens"], tf.int32))

        return serialized.batch(batch_size).map(inputs_and_targets, num_parallel_calls=tf.data.AUTOTUNE)

    def torch_dataset(self, split: str, *, seed: int | None = None) -> "TorchWindows":
        """Makes an `IterableDataset` of PyTorch, of (inputs, targets), int64 [window] each, for its `DataLoader`.

        The workers of a `DataLoader` share the windows: each window is read by one worker. `DataLoader` cannot shuffle
        an iterable dataset; if `windows(split)` fits into memory, a `TensorDataset` of its arrays can be shuffled
        whole.

        Args:
          split: `train`, `validation` or `test`.
          seed: of the shuffled order, which differs from pass to pass (with workers it also depends on
            `torch.manual_seed`); None: the order of the files.

        Raises:
          ValueError: if there is no such split.
          ImportError: if PyTorch is not installed.
        """
        self._shards(split)
        try:
            from nabi.torch_windows import TorchWindows
        except ModuleNotFoundError as error:
            raise ImportError(
                "torch_dataset needs PyTorch, which is not installed: `pip install torch`, or take windows(split) or "
                "iterate_windows(split), which need NumPy alone"
            ) from error
        return TorchWindows(self, split, seed)

    def _shards(self, split: str) -> list[str]:
        if split not in SPLITS:
            hint = did_you_mean(split, SPLITS) or f"; there are {', '.join(SPLITS)}"
            raise ValueError(f"unknown split {split}{hint}")
        return self._opened.shards(split)

    def _sources(self) -> dict[str, str]:
        """Maps the hash of each song to its name in the ledger; the first of files with the same bytes."""
        sources: dict[str, str] = {}
        # A dataset may have been copied without its ledger.
        rows = (ledger.read_file(path) for path in paths.rows_paths(self.folder, paths.LEDGER))
        for row in itertools.chain.from_iterable(rows):
            if row.outcome == ledger.READ:
                sources.setdefault(row.sha256, row.source)
        return sources

    def __repr__(self) -> str:
        windows = ", ".join(f"{self._opened.windows(split):,} {split}" for split in SPLITS)
        return f"Dataset({self.folder}: {self.encoding.name}, {len(self.vocabulary):,} tokens, windows: {windows})"


def open_dataset(path: str | os.PathLike[str]) -> Dataset:
    """Opens a dataset.

    >>> import nabi
    >>> dataset = nabi.open_dataset("runs/mine")
    >>> (dataset.encoding.name, dataset.window)
    ('events', 16)

    Args:
      path: local or remote: a dataset directory, the directory of a run of `pipelines.retrain`, or its `--output`, of
        which the champion's dataset is opened.

    Raises:
      ValueError: if there is no finished dataset, saying what is there and what to run.
      OSError: if it cannot be read.
    """
    folder = storage.folder(os.fspath(path))
    remote_files.open_schemes(folder)
    return Dataset(directory.open_dataset(folder))


def _inputs_and_targets(tokens: "tf.Tensor") -> "tuple[tf.Tensor, tf.Tensor]":
    return tokens[:, :-1], tokens[:, 1:]
