"""A memory of the song itself: for each token the continuations of its earlier occurrences, which a network may copy.

An LSTM cannot say again what it said many bars ago. The memory keeps the last `TOKENS` tokens of a song and, for each
distance d, the run of tokens up to now that equal those d tokens before. It tells the network two tokens: the one that
followed where the longest run ends (the continuation, with the length of its run), and the one that followed the
earliest occurrence of the last token (the first continuation: how the song began here). The network learns from the
training songs when to say them again; a cache over the song's own past (Grave, Joulin and Usunier 2017; Kuhn and De
Mori 1990) with weights that depend on all that the LSTM knows.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from typing import Any

import keras
import tensorflow as tf

# Tokens that are remembered.
TOKENS = 1024
# The longest run that is told apart.
LONGEST_RUN = 31


def recall(token_B: Any, history_BxH: Any, runs_BxH: Any) -> tuple[Any, Any, Any, Any, Any]:
    """Reads one more token of each song.

    Args:
      token_B: int32, the token.
      history_BxH: float32, ids of the tokens before it, the latest first; 0 where there are none.
      runs_BxH: float32, for each distance 1..H the run of equal tokens that ended before this token.

    Returns:
      The continuation int32 [B] (0: the token is new), its run 0..`LONGEST_RUN` int32 [B], the first continuation
      int32 [B]; and history and runs with the token.
    """
    token_Bx1 = tf.cast(token_B, tf.float32)[:, None]
    equal_BxH = history_BxH == token_Bx1
    # A token that differs halves a run and does not end it: music comes again with changes.
    runs_BxH = tf.where(equal_BxH, runs_BxH + 1.0, tf.floor(runs_BxH / 2.0))
    history_BxH = tf.concat([token_Bx1, history_BxH[:, :-1]], axis=1)
    # The greatest of these is the longest run and, of equal ones, the latest; argmax is several times slower.
    distances_H = tf.range(TOKENS, dtype=tf.float32)
    best_B = tf.reduce_max(runs_BxH * TOKENS + (TOKENS - 1 - distances_H), axis=1)
    run_B = tf.floor(best_B / TOKENS)
    latest_B = tf.cast(TOKENS - 1 - (best_B - run_B * TOKENS), tf.int32)
    earliest_B = tf.cast(tf.reduce_max(tf.where(equal_BxH, distances_H, -1.0), axis=1), tf.int32)
    continuation_B = tf.where(run_B > 0, tf.gather(history_BxH, latest_B, axis=1, batch_dims=1), 0.0)
    first_B = tf.gather(history_BxH, tf.maximum(earliest_B, 0), axis=1, batch_dims=1)
    first_B = tf.where(earliest_B >= 0, first_B, 0.0)
    run_B = tf.minimum(run_B, float(LONGEST_RUN))
    return *(tf.cast(part, tf.int32) for part in (continuation_B, run_B, first_B)), history_BxH, runs_BxH


class SongMemory(keras.layers.Layer):
    """Recalls every token of a window; part of the networks for training and scoring, never of a saved one."""

    def call(self, tokens_BxT: Any, history_BxH: Any, runs_BxH: Any) -> tuple[Any, Any, Any, Any, Any]:
        """Reads the window's tokens one after another.

        Returns:
          Continuations, runs and first continuations, int32 [B, T] each, and the state after the last token.
        """
        *recalled, history, runs = _recall_all(tokens_BxT, history_BxH, runs_BxH)
        return *recalled, tf.ensure_shape(history, history_BxH.shape), tf.ensure_shape(runs, runs_BxH.shape)


@tf.function(jit_compile=True)
def _recall_all(tokens_BxT: Any, history_BxH: Any, runs_BxH: Any) -> tuple[Any, Any, Any, Any, Any]:
    steps = tf.shape(tokens_BxT)[1]
    tokens = tf.transpose(tokens_BxT)

    def step(t: Any, history_BxH: Any, runs_BxH: Any, *told: Any) -> tuple[Any, ...]:
        *recalled, history_BxH, runs_BxH = recall(tf.gather(tokens, t), history_BxH, runs_BxH)
        written = (array.write(t, part) for array, part in zip(told, recalled, strict=True))
        return t + 1, history_BxH, runs_BxH, *written

    told = [tf.TensorArray(tf.int32, steps) for _ in range(3)]
    _, history_BxH, runs_BxH, *told = tf.while_loop(
        lambda t, *_: t < steps,
        step,
        (0, history_BxH, runs_BxH, *told),
        parallel_iterations=1,
        maximum_iterations=steps,
    )
    return *(tf.transpose(array.stack()) for array in told), history_BxH, runs_BxH
