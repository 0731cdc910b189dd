"""Record files -> arrays of windows."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from songs import records
from songs.vocabulary import PAD, START, UNKNOWN
from songs.windows import cut as cut_windows
from trainer.baselines import tokens_of
from trainer.dataset import Dataset

_READ_AT_ONCE = 1024


@dataclasses.dataclass(frozen=True, eq=False)
class Windows:
    """Windows of a split in the order of its shards: by song, transposition and start.

    Attributes:
      tokens: int32 [N, window + 1].
      starts: int64 [N], the index in its song of each window's first token; 0 begins a song.
    """

    tokens: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, which: slice | npt.NDArray[Any]) -> "Windows":
        """Some of them: a slice, their numbers or a mask."""
        return Windows(self.tokens[which], self.starts[which])

    def full(self) -> "Windows":
        """Those whose last token is not `<pad>`: what `--target last` trains and scores."""
        return self[self.tokens[:, -1] != PAD]

    def blanked(self) -> "Windows":
        """With `<start>` in place of each first token, as `--blank_first` trains."""
        tokens = self.tokens.copy()
        tokens[:, 0] = START
        return Windows(tokens, self.starts)

    def scored(self, last_only: bool) -> npt.NDArray[np.bool_]:
        """Which targets count, as `trainer.step.scored` has it: bool [N, window]."""
        known = self.tokens[:, 1:] > UNKNOWN
        known[:, : -1 if last_only else 0] = False
        return known


def read_windows(dataset: Dataset, split: str) -> Iterator[Windows]:
    """The windows of a split, a shard at a time.

    Raises:
      ValueError: if a shard is damaged or is not of this dataset, naming it.
    """
    found = 0
    for path in dataset.shards(split):
        windows = read_shard(path, dataset)
        found += len(windows)
        yield windows
    if found != dataset.windows(split):
        raise ValueError(
            f"the {split} shards of {dataset.folder} hold {found} windows instead of {dataset.windows(split)}: "
            f"copy the dataset again, or make it again with `python -m pipelines.preprocess --overwrite`"
        )


def concatenate(shards: Sequence[Windows], window: int) -> Windows:
    """All windows in one array; none gives arrays of no rows."""
    tokens = [np.zeros((0, window + 1), np.int32), *(shard.tokens for shard in shards)]
    return Windows(np.concatenate(tokens), np.concatenate([np.zeros(0, np.int64), *(s.starts for s in shards)]))


def cut_anew(windows: Windows, stride: int) -> Windows:
    """The same songs in windows that start at 0, stride, 2 stride ...

    Args:
      windows: of whole songs, in the order of their shards, however much they overlap.
      stride: ids from one window's start to the next, 1..window; as large as the window, each begins with the last
        token of the one before.
    """
    moved = np.diff(windows.starts, prepend=0)
    if np.all(moved[windows.starts > 0] == stride):
        return windows
    ids, places = (getattr(tokens_of(windows), name) for name in ("ids", "places"))
    songs = np.split(ids, np.flatnonzero(places == 0)[1:])
    window = windows.tokens.shape[1] - 1
    cut = [cut_windows(song.astype(np.int64), window, stride) for song in songs]
    tokens, starts = zip(*cut, strict=True)
    return Windows(np.concatenate(tokens).astype(np.int32), np.concatenate(starts).astype(np.int64))


def first_songs(windows: Windows, tokens: int, last_only: bool = False) -> Windows:
    """Whole songs from the start on in which at least so many tokens are scored, or all there are."""
    counts = windows.scored(last_only).sum(axis=1)
    before = np.cumsum(counts) - counts
    later = np.flatnonzero((windows.starts == 0) & (before >= tokens))
    return windows[: later[0] if len(later) else len(windows)]


def parsed(serialized: tf.data.Dataset, window: int, at_once: int = _READ_AT_ONCE) -> tf.data.Dataset:
    """Columns of many records at once: parsing one by one is several times slower.

    Args:
      serialized: records, one by one.
      window: targets of each.
      at_once: records together; the last may be fewer.

    Returns:
      `tokens` int64 [at_once, window + 1], `song` string, `start` and `transpose` int64 [at_once].
    """
    types = {"int64": tf.int64, "bytes": tf.string}
    features = {
        name: tf.io.FixedLenFeature([window + 1] if name == "tokens" else [], types[kind])
        for name, kind in records.FEATURES.items()
    }
    return serialized.batch(at_once).map(
        lambda batch: tf.io.parse_example(batch, features), num_parallel_calls=tf.data.AUTOTUNE
    )


def read_shard(path: str, dataset: Dataset) -> Windows:
    """The windows of one shard.

    Raises:
      ValueError: if it is damaged or is not of this dataset, naming it.
    """
    shards = [Windows(part["tokens"].astype(np.int32), part["start"]) for part in _columns(path, dataset)]
    windows = concatenate(shards, dataset.window)
    if len(windows) and not 0 <= windows.tokens.min() <= windows.tokens.max() < len(dataset.vocabulary):
        raise ValueError(
            f"the shard {path} has ids outside this vocabulary's 0..{len(dataset.vocabulary) - 1}: {_AGAIN}"
        )
    return windows


def read_songs(dataset: Dataset, split: str) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
    """The songs of a split, one at a time, put together of their windows; those that were transposed are left out.

    Yields:
      (the song's hash, its ids int64 [L]).

    Raises:
      ValueError: if a shard is damaged, naming it.
    """
    for path in dataset.shards(split):
        name, ids = "", np.zeros(0, np.int64)
        for part in _columns(path, dataset):
            columns = zip(part["song"], part["start"].tolist(), part["tokens"], part["transpose"].tolist(), strict=True)
            for song, start, tokens, transpose in columns:
                if transpose:
                    continue
                if not start and len(ids):
                    yield name, ids
                name, before = song.decode(), ids[:start]
                ids = np.concatenate([before, tokens[tokens != PAD]])
        if len(ids):
            yield name, ids


_AGAIN = "copy it again, or make the dataset again with `python -m pipelines.preprocess --overwrite`"


def _columns(path: str, dataset: Dataset) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """The records of a shard, some at a time, in columns; raises ValueError as `read_shard` does."""
    try:
        yield from parsed(tf.data.TFRecordDataset(path), dataset.window).as_numpy_iterator()
    except tf.errors.OpError as error:
        raise ValueError(f"the shard {path} is damaged ({error.message.splitlines()[0]}): {_AGAIN}") from error
