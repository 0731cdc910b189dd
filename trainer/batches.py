"""Record files -> arrays to be scored and batches to be trained on.

The order of the training batches is a pure function of (seed, epoch, content of the shards), so that a run that goes
on at step N is fed what an uninterrupted one would have been.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from songs import records
from songs.vocabulary import PAD
from trainer.dataset import Dataset

# The training windows are kept in memory if their ids take at most so much; more is read again in each epoch.
CACHE_BYTES = 2**30

# Windows that are shuffled among each other where the split is not in memory.
SHUFFLE_WINDOWS = 2**16

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

    def full(self) -> "Windows":
        """Those whose last token is not `<pad>`: what `--target last` trains and scores."""
        keep = self.tokens[:, -1] != PAD
        return Windows(self.tokens[keep], self.starts[keep])


def read_windows(dataset: Dataset, split: str) -> Iterator[Windows]:
    """The windows of a split, a shard at a time.

    Raises:
      ValueError: if a shard is damaged or is not of this dataset, naming it.
    """
    found = 0
    for path in dataset.shards(split):
        windows = _read_shard(path, dataset)
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


def steps_in_epoch(windows: int, batch_size: int) -> int:
    """Batches an epoch: the remainder is left out, but fewer windows than a batch still make one."""
    return max(windows // batch_size, 1)


def training_batches(
    dataset: Dataset, *, windows: int, batch_size: int, seed: int, full_only: bool, first_step: int = 0
) -> tf.data.Dataset:
    """Endless training batches from a step on.

    Args:
      dataset: a finished dataset.
      windows: how many windows of its training split are trained on.
      batch_size: B. An epoch of fewer windows is one batch, padded with windows of `<pad>` alone.
      seed: of the order.
      full_only: leaves out windows whose last token is `<pad>`.
      first_step: batches to leave out at the start.

    Returns:
      A dataset of int32 [B, window + 1].
    """
    shards = tf.constant(dataset.shards("train"))
    in_memory = windows * (dataset.window + 1) * 4 <= CACHE_BYTES
    cached = _tokens(shards, dataset.window, full_only).cache() if in_memory else None
    first_epoch, skipped = divmod(first_step, steps_in_epoch(windows, batch_size))

    def epoch_batches(epoch: tf.Tensor) -> tf.data.Dataset:
        order = tf.random.experimental.stateless_shuffle(shards, seed=tf.stack([seed, epoch]))
        source = cached if in_memory else _tokens(order, dataset.window, full_only)
        shuffled = _shuffled(source, windows if in_memory else SHUFFLE_WINDOWS, seed, epoch)
        batches = _batched(shuffled, windows, batch_size)
        return batches.skip(tf.where(epoch == first_epoch, np.int64(skipped), np.int64(0)))

    epochs = tf.data.Dataset.range(first_epoch, np.iinfo(np.int64).max)
    options = tf.data.Options()
    options.deterministic = True
    # The whole batch comes to every process and is cut into replicas there; there is nothing to shard by file.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return epochs.flat_map(epoch_batches).prefetch(tf.data.AUTOTUNE).with_options(options)


def _shuffled(source: tf.data.Dataset, group: int, seed: int, epoch: tf.Tensor) -> tf.data.Dataset:
    """Permutes each group of that many windows by (seed, epoch, group) alone.

    `Dataset.shuffle` would mix in TensorFlow's global seed, and takes no tensor as seed where that is 0.
    """

    def permuted(index: tf.Tensor, windows: tf.Tensor) -> tf.Tensor:
        return tf.random.experimental.stateless_shuffle(windows, seed=tf.stack([seed * 1_000_003 + index, epoch]))

    return source.batch(group).enumerate().map(permuted).unbatch()


def _batched(source: tf.data.Dataset, windows: int, batch_size: int) -> tf.data.Dataset:
    if windows >= batch_size:
        return source.batch(batch_size, drop_remainder=True)

    def pad(tokens: tf.Tensor) -> tf.Tensor:
        return tf.pad(tokens, [[0, batch_size - tf.shape(tokens)[0]], [0, 0]], constant_values=PAD)

    padded = source.batch(batch_size).map(pad)
    return padded.map(lambda tokens: tf.ensure_shape(tokens, [batch_size, source.element_spec.shape[0]]))


def _tokens(shards: tf.Tensor, window: int, full_only: bool) -> tf.data.Dataset:
    """int32 [window + 1] each, read from up to 16 shards at once, in an order that depends on that of the shards."""
    files = tf.data.Dataset.from_tensor_slices(shards)
    serialized = files.interleave(
        tf.data.TFRecordDataset, cycle_length=16, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    )
    tokens = _parsed(serialized, window).map(lambda columns: tf.cast(columns["tokens"], tf.int32)).unbatch()
    return tokens.filter(lambda row: row[-1] != PAD) if full_only else tokens


def _parsed(serialized: tf.data.Dataset, window: int) -> tf.data.Dataset:
    """Columns of many records at once: parsing one by one is several times slower."""
    types = {"int64": tf.int64, "bytes": tf.string}
    features = {
        name: tf.io.FixedLenFeature([window + 1] if name == "tokens" else [], types[kind])
        for name, kind in records.FEATURES.items()
    }
    return serialized.batch(_READ_AT_ONCE).map(
        lambda batch: tf.io.parse_example(batch, features), num_parallel_calls=tf.data.AUTOTUNE
    )


def _read_shard(path: str, dataset: Dataset) -> Windows:
    again = "copy it again, or make the dataset again with `python -m pipelines.preprocess --overwrite`"
    try:
        columns = list(_parsed(tf.data.TFRecordDataset(path), dataset.window).as_numpy_iterator())
    except tf.errors.OpError as error:
        raise ValueError(f"the shard {path} is damaged ({error.message.splitlines()[0]}): {again}") from error
    shards = [Windows(part["tokens"].astype(np.int32), part["start"]) for part in columns]
    windows = concatenate(shards, dataset.window)
    if len(windows) and not 0 <= windows.tokens.min() <= windows.tokens.max() < len(dataset.vocabulary):
        raise ValueError(
            f"the shard {path} has ids outside this vocabulary's 0..{len(dataset.vocabulary) - 1}: {again}"
        )
    return windows
