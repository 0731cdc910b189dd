"""Measures what an attention over the last tokens brings, trained with the network, beside the same network without it.

    python -m benchmarks.attention --data DATASET [--split validation]

Two LSTM layers without a memory read windows of songs from a state of zeros. The attention looks from the last layer
back at its outputs of the last tokens, by scaled dot products of one head, as Magenta's attention RNN does by a sum;
what it finds is joined to the output for the logits.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import argparse
from collections.abc import Iterator, Sequence

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

import nabi
from benchmarks.memories import songs_of

_EMBEDDING, _UNITS, _HEAD = 64, 256, 64
_DROPOUT, _RATE, _SEED = 0.2, 0.003, 1
_REPORT = 100

Ids = npt.NDArray[np.int64]


class Looking(keras.layers.Layer):
    """Looks back at the last values of a sequence, the present one among them."""

    def __init__(self, reach: int) -> None:
        super().__init__()
        self._reach = reach
        self._attention = keras.layers.MultiHeadAttention(num_heads=1, key_dim=_HEAD)

    def call(self, values_BxTxU: tf.Tensor) -> tf.Tensor:
        """Returns the values, and beside each what it found, [B, T, 2 U]."""
        places = tf.range(tf.shape(values_BxTxU)[1])
        back_TxT = places[:, None] - places[None]
        mask_TxT = (back_TxT >= 0) & (back_TxT < self._reach)
        found = self._attention(values_BxTxU, values_BxTxU, attention_mask=mask_TxT[None])
        return tf.concat([values_BxTxU, found], axis=-1)


def build(size: int, reach: int) -> keras.Model:
    """Builds the network over `size` ids; `reach` is the tokens that the attention sees, 0 for none."""
    keras.utils.set_random_seed(_SEED)
    layers = keras.layers
    spread = keras.initializers.RandomNormal(stddev=1.0)
    stack = [layers.Embedding(size, _EMBEDDING, embeddings_initializer=spread)]
    for _ in range(2):
        stack += [layers.Dropout(_DROPOUT), layers.LSTM(_UNITS, return_sequences=True)]
    stack += [Looking(reach)] if reach else []
    return keras.Sequential([*stack, layers.Dropout(_DROPOUT), layers.Dense(size)])


def windows(songs: Sequence[Ids], rows: int, length: int) -> Iterator[Ids]:
    """Yields batches [rows, length + 1] of windows that begin anywhere; short songs are padded with 0."""
    random = np.random.default_rng(_SEED)
    weights = np.array([len(ids) for ids in songs], np.float64)
    while True:
        batch = np.zeros((rows, length + 1), np.int64)
        for row, song in enumerate(random.choice(len(songs), rows, p=weights / weights.sum())):
            begin = random.integers(0, max(len(songs[song]) - length, 1))
            part = songs[song][begin : begin + length + 1]
            batch[row, : len(part)] = part
        yield batch


def trained(model: keras.Model, batches: Iterator[Ids], steps: int) -> None:
    """Trains with Adam, a cosine schedule and gradients clipped to a norm of 1; padding does not count."""
    schedule = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=_RATE, warmup_steps=steps // 16)
    optimizer = keras.optimizers.Adam(schedule, global_clipnorm=1.0)

    @tf.function
    def step(batch: tf.Tensor) -> tf.Tensor:
        """Trains on one batch."""
        with tf.GradientTape() as tape:
            nats = _nats(model(batch[:, :-1], training=True), batch[:, 1:])
            loss = tf.reduce_sum(nats) / tf.reduce_sum(tf.cast(batch[:, 1:] > 0, tf.float32))
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
        return loss

    for done in range(1, steps + 1):
        loss = step(tf.constant(next(batches)))
        if done % _REPORT == 0:
            print(f"step {done}/{steps}  {float(loss):.3f} nats", flush=True)


def _nats(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits) * tf.cast(targets > 0, tf.float32)


def scored(model: keras.Model, songs: Sequence[Ids]) -> float:
    """Returns the nats a token of whole songs."""
    totals = [float(tf.reduce_sum(_nats(model(ids[None, :-1]), tf.constant(ids[None, 1:])))) for ids in songs]
    return sum(totals) / sum(len(ids) - 1 for ids in songs)


def main() -> None:
    """Prints a line for the network without, and with attention."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="a dataset")
    parser.add_argument("--split", default="validation", choices=("validation", "test"))
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--length", type=int, default=256, help="tokens of a window")
    parser.add_argument("--reach", type=int, default=128, help="tokens that the attention sees")
    args = parser.parse_args()
    training, evaluated = songs_of(args.data, "train", moved=True), songs_of(args.data, args.split)
    size = len(nabi.open_dataset(args.data).vocabulary)
    for reach in (0, args.reach):
        model = build(size, reach)
        trained(model, windows(training, args.rows, args.length), args.steps)
        print(f"{args.split}, attention over {reach} tokens: {scored(model, evaluated):.4f} nats a token", flush=True)


if __name__ == "__main__":
    main()
