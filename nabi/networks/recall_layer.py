"""The layer that reads the tokens of a window one after another, and tells what a memory recalls of each."""

# ruff: noqa: N803 - shapes stand in the names of arrays.

from typing import Any

import keras
import tensorflow as tf

from nabi.networks.song_memory import SongMemory


class RecallLayer(keras.layers.Layer):
    """Recalls every token of a window; part of the networks for training and scoring, never of a saved one."""

    def __init__(self, memory: SongMemory) -> None:
        super().__init__(dtype="float32")
        self._memory = memory
        self._run = tf.function(self._read, jit_compile=True, autograph=False)

    def call(self, tokens_BxT: Any, state: list[Any]) -> tuple[dict[str, Any], list[Any]]:
        """Reads the window's tokens one after another.

        Returns:
          What `SongMemory.recall` tells of each token, int32 [B, T] each, and the state after the last one.
        """
        told, after = self._run(tokens_BxT, state)
        return told, [tf.ensure_shape(new, old.shape) for new, old in zip(after, state, strict=True)]

    def _read(self, tokens_BxT: Any, state: list[Any]) -> tuple[dict[str, Any], list[Any]]:
        steps, tokens, names = tf.shape(tokens_BxT)[1], tf.transpose(tokens_BxT), self._memory.names

        def step(t: Any, state: list[Any], arrays: list[Any]) -> tuple[Any, list[Any], list[Any]]:
            """Recalls token t."""
            told, state = self._memory.recall(tf.gather(tokens, t), state)
            return t + 1, state, [array.write(t, told[name]) for array, name in zip(arrays, names, strict=True)]

        arrays = [tf.TensorArray(tf.int32, steps) for _ in names]
        _, state, arrays = tf.while_loop(
            lambda t, *_: t < steps, step, (0, state, arrays), parallel_iterations=1, maximum_iterations=steps
        )
        return {name: tf.transpose(array.stack()) for name, array in zip(names, arrays, strict=True)}, state
