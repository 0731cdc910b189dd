"""Reads record files into arrays of windows."""

import itertools
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from nabi.music import records
from nabi.music.records import Window
from nabi.music.windows import join_records
from nabi.networks import remote_files
from nabi.workspace import storage
from trainer.data.dataset import Dataset
from trainer.data.window_arrays import Windows, concatenate

_READ_AT_ONCE = 1024


def read_windows(dataset: Dataset, split: str) -> Iterator[Windows]:
    """Reads the windows of a split, a shard at a time.

    Raises:
      ValueError: if a shard is damaged or is not of this dataset, naming it.
    """
    count = 0
    for path in dataset.shards(split):
        windows = read_shard(path, dataset)
        count += len(windows)
        yield windows
    if count != dataset.windows(split):
        raise ValueError(
            f"the {split} shards of {dataset.folder} hold {count} windows instead of {dataset.windows(split)}: "
            f"copy the dataset again, or make it again with `python -m pipelines.preprocess --overwrite`"
        )


def parsed(
    serialized: tf.Tensor, window: int, names: Collection[str] = tuple(records.FEATURES)
) -> dict[str, tf.Tensor]:
    """Parses many records at once into columns: one by one is several times slower.

    Args:
      serialized: serialized records, string [B].
      window: number of targets of each.
      names: of the columns.

    Returns:
      `tokens` int64 [B, window + 1], `song` string, `start` and `transpose` int64 [B].
    """
    types = {"int64": tf.int64, "bytes": tf.string}
    features = {
        name: tf.io.FixedLenFeature([window + 1] if name == "tokens" else [], types[kind])
        for name, kind in records.FEATURES.items()
        if name in names
    }
    columns: dict[str, tf.Tensor] = tf.io.parse_example(serialized, features)
    return columns


def read_shard(path: str, dataset: Dataset, numbers: npt.NDArray[np.int64] | None = None) -> Windows:
    """Reads the windows of one shard.

    Args:
      path: of the shard.
      dataset: that it is of.
      numbers: int64, ascending, of the windows that are parsed; None: all.

    Raises:
      ValueError: if it is damaged or is not of this dataset, naming it.
    """
    columns = _columns(path, dataset, numbers=numbers)
    shards = [Windows(part["tokens"].astype(np.int32), part["start"]) for part in columns]
    windows = concatenate(shards, dataset.window)
    if len(windows) and not 0 <= windows.tokens.min() <= windows.tokens.max() < len(dataset.vocabulary):
        raise ValueError(
            f"the shard {path} has ids outside this vocabulary's 0..{len(dataset.vocabulary) - 1}: {_AGAIN}"
        )
    return windows


def read_starts(path: str, dataset: Dataset) -> npt.NDArray[np.int64]:
    """Reads the index in its song of each window's first token, int64 [N], without the tokens.

    Raises:
      ValueError: if the shard is damaged, naming it.
    """
    parts = [part["start"] for part in _columns(path, dataset, ("start",))]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def read_songs(dataset: Dataset, split: str) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
    """Reads the songs of a split one at a time, joined from their windows; skips transposed versions.

    Yields:
      (the song's id as text, its token ids int64 [L]).

    Raises:
      ValueError: if a shard is damaged, naming it.
    """
    for path in dataset.shards(split):
        for song in join_records(window for window in _records(path, dataset) if not window.transpose):
            yield song.song, song.tokens


def _records(path: str, dataset: Dataset) -> Iterator[Window]:
    """Reads the records of a shard, one at a time."""
    for part in _columns(path, dataset):
        starts, transposes = part["start"].tolist(), part["transpose"].tolist()
        for song, start, transpose, tokens in zip(part["song"], starts, transposes, part["tokens"], strict=True):
            yield Window(tokens, song.decode(), start, transpose)


_AGAIN = "copy it again, or make the dataset again with `python -m pipelines.preprocess --overwrite`"


def _columns(
    path: str,
    dataset: Dataset,
    names: Collection[str] = tuple(records.FEATURES),
    numbers: npt.NDArray[np.int64] | None = None,
) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """Reads the records of a shard as columns, many records at a time; raises ValueError as `read_shard` does."""
    first = 0
    try:
        # Parsed eagerly: tf.data would trace a function for each shard, which takes longer than reading most.
        for serialized in _serialized(path):
            count = len(serialized)
            if numbers is not None:
                begin, end = np.searchsorted(numbers, [first, first + count])
                serialized = tf.gather(serialized, numbers[begin:end] - first)
            first += count
            yield {name: values.numpy() for name, values in parsed(serialized, dataset.window, names).items()}
    except tf.errors.OpError as error:
        raise ValueError(f"the shard {path} is damaged ({error.message.splitlines()[0]}): {_AGAIN}") from error
    except ValueError as error:
        raise ValueError(f"the shard {path} is damaged ({error}): {_AGAIN}") from error


def _serialized(path: str) -> Iterator[tf.Tensor]:
    """Reads the serialized records of a shard, string [B] with B <= 1024; raises TensorFlow's errors or ValueError."""
    if remote_files.known_to_tensorflow(path):
        yield from tf.data.TFRecordDataset(path).batch(_READ_AT_ONCE)
        return
    with storage.open_read(path) as file:
        rows = records.read(file)
        while part := list(itertools.islice(rows, _READ_AT_ONCE)):
            yield tf.constant(part, tf.string)
