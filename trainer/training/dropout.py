"""Dropout that is a function of (seed, step, layer, row of the global batch), however many replicas share the batch."""

from typing import Any

import keras
import tensorflow as tf

_PHILOX = 1

# Numbers that one count of Philox' counter gives (Salmon et al. 2011).
_BLOCK = 4


@keras.saving.register_keras_serializable("nabi")
class DropoutMask(keras.layers.Layer):
    """Factors to multiply values by: 0 for what is dropped, else 1 / (1 - rate).

    Attributes:
      rate: share that is dropped, in [0, 1).
      key: of this layer in this run; layers of different keys draw independently.
      shared_steps: whether all steps of a row have the same factors.
    """

    def __init__(self, rate: float, key: int, *, shared_steps: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.rate, self.key, self.shared_steps = rate, key, shared_steps

    def call(self, values: tf.Tensor, draw: tf.Tensor) -> tf.Tensor:
        """The factors.

        Args:
          values: float [B, ..., U], whose shape and type the factors have.
          draw: int64 [2]: the step of the run, and the row of the global batch that is the first one here.
        """
        shape = tf.shape(values)
        if self.shared_steps:
            shape = tf.stack([shape[0], 1, shape[2]])
        kept = uniform_bits(shape, self.key, draw) >= tf.constant(round(self.rate * 2**32), tf.uint32)
        return tf.cast(kept, values.dtype) / (1 - self.rate)

    def compute_output_shape(self, values_shape: tuple, draw_shape: tuple) -> tuple:
        """The values' own, but for shared steps."""
        del draw_shape
        return (values_shape[0], 1, values_shape[2]) if self.shared_steps else values_shape


def uniform_bits(shape: tf.Tensor, key: int, draw: tf.Tensor) -> tf.Tensor:
    """uint32 of a shape [B, ...] whose row r depends on (key, step, first row + r, the other sizes) alone.

    Args:
      shape: int32, at least 2 sizes.
      key: 0..2^64 - 1.
      draw: int64 [2], step and first row.
    """
    step, first_row = tf.unstack(tf.cast(draw, tf.uint64))
    blocks = -(-tf.reduce_prod(shape[1:]) // _BLOCK)
    # Philox counts blocks: a row that starts at a whole block is found without drawing those before it.
    counter = tf.stack([first_row * tf.cast(blocks, tf.uint64), step])
    flat = tf.stack([shape[0], blocks * _BLOCK])
    bits = tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=flat, key=tf.constant([key], tf.uint64), counter=counter, alg=_PHILOX, dtype=tf.uint32
    )
    return tf.reshape(bits[:, : tf.reduce_prod(shape[1:])], shape)
