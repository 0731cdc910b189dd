"""Dropout that depends on (seed, step, layer, row of the global batch) alone, not on the number of replicas."""

from typing import Any

import keras
import tensorflow as tf

_PHILOX = 1

# Numbers that Philox draws for each value of its counter (Salmon et al. 2011).
_BLOCK = 4


@keras.saving.register_keras_serializable("nabi")
class DropoutMask(keras.layers.Layer):
    """Factors to multiply values by: 0 for a dropped value, else 1 / (1 - rate).

    Attributes:
      rate: share of the values that is dropped, in [0, 1).
      key: number of this layer in this run; layers with different keys draw independently.
      shared_steps: True if all time steps of a row have the same factors.
    """

    def __init__(self, rate: float, key: int, *, shared_steps: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.rate, self.key, self.shared_steps = rate, key, shared_steps

    def call(self, values: tf.Tensor, draw: tf.Tensor) -> tf.Tensor:
        """Draws the factors.

        Args:
          values: float [B, ..., U]; the factors get their shape and type.
          draw: int64 [2]: the step of the run, and the number of the first row here in the global batch.

        Returns:
          float [B, ..., U]; with shared steps [B, 1, U].
        """
        shape = tf.shape(values)
        if self.shared_steps:
            shape = tf.stack([shape[0], 1, shape[2]])
        kept = uniform_bits(shape, self.key, draw) >= tf.constant(round(self.rate * 2**32), tf.uint32)
        return tf.cast(kept, values.dtype) / (1 - self.rate)

    def compute_output_shape(self, values_shape: tuple, draw_shape: tuple) -> tuple:
        """Returns the shape of the values; with shared steps one time step."""
        del draw_shape
        return (values_shape[0], 1, values_shape[2]) if self.shared_steps else values_shape


@keras.saving.register_keras_serializable("nabi")
class MaskedDropout(DropoutMask):
    """Multiplies values by their mask."""

    def call(self, values: tf.Tensor, draw: tf.Tensor) -> tf.Tensor:
        """Returns float [B, T, U], the values with some dropped and the others raised to the same expectation."""
        return values * super().call(values, draw)

    def compute_output_shape(self, values_shape: tuple, draw_shape: tuple) -> tuple:
        """Returns the shape of the values."""
        del draw_shape
        return values_shape


def uniform_bits(shape: tf.Tensor, key: int, draw: tf.Tensor) -> tf.Tensor:
    """Draws random bits such that row r depends on (key, step, first row + r, the sizes after the first) alone.

    Args:
      shape: int32, of the result: [B, ...], at least 2 sizes.
      key: 0..2^64 - 1.
      draw: int64 [2], step and first row.

    Returns:
      uint32 of that shape.
    """
    step, first_row = tf.unstack(tf.cast(draw, tf.uint64))
    blocks = -(-tf.reduce_prod(shape[1:]) // _BLOCK)
    # Philox' counter counts blocks of numbers: a row that begins with a block can be drawn without the rows before.
    counter = tf.stack([first_row * tf.cast(blocks, tf.uint64), step])
    flat = tf.stack([shape[0], blocks * _BLOCK])
    bits = tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=flat, key=tf.constant([key], tf.uint64), counter=counter, alg=_PHILOX, dtype=tf.uint32
    )
    return tf.reshape(bits[:, : tf.reduce_prod(shape[1:])], shape)
