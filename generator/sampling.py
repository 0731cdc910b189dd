"""From logits to the next token: pure functions on tensors, one row a song, compiled by whoever calls them.

A token whose logit is -inf has left the choice; every row keeps at least one.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import tensorflow as tf

from generator.plan import Sampling


def masked(logits_BxV: tf.Tensor, legal_BxV: tf.Tensor) -> tf.Tensor:
    """The logits of legal tokens, -inf for the others."""
    return tf.where(legal_BxV, logits_BxV, _nothing(logits_BxV))


def keep_top_k(logits_BxV: tf.Tensor, top_k: int) -> tf.Tensor:
    """The `top_k` largest logits of each row, and what ties with the last of them; the others -inf."""
    largest = tf.math.top_k(logits_BxV, min(top_k, logits_BxV.shape[-1])).values
    return masked(logits_BxV, logits_BxV >= largest[:, -1:])


def keep_top_p(logits_BxV: tf.Tensor, top_p: float) -> tf.Tensor:
    """The nucleus of each row: the likeliest tokens until their probabilities reach `top_p` (Holtzman et al., 2020).

    The token that crosses `top_p` stays, and what ties with it.
    """
    descending_BxV = tf.math.top_k(logits_BxV, logits_BxV.shape[-1]).values
    before_BxV = tf.cumsum(tf.nn.softmax(descending_BxV), axis=-1, exclusive=True)
    kept_BxV = tf.where(before_BxV < top_p, descending_BxV, -_nothing(descending_BxV))
    return masked(logits_BxV, logits_BxV >= tf.reduce_min(kept_BxV, axis=-1, keepdims=True))


def draw(logits_BxV: tf.Tensor, uniform_B: tf.Tensor) -> tf.Tensor:
    """A token of each row by its probability: the inverse of the cumulative distribution at a uniform number.

    Args:
      logits_BxV: float32, -inf for what may not be drawn.
      uniform_B: float32 in [0, 1), the only randomness.

    Returns:
      int32 [B].
    """
    probabilities_BxV = tf.nn.softmax(logits_BxV)
    cumulative_BxV = tf.cumsum(probabilities_BxV, axis=-1)
    passed_BxV = cumulative_BxV <= uniform_B[:, None] * cumulative_BxV[:, -1:]
    ids_V = tf.range(logits_BxV.shape[-1])
    # Where the product rounds up to the sum itself, every token is passed: then it is the last that has a chance.
    last_B = tf.reduce_max(tf.where(probabilities_BxV > 0, ids_V, 0), axis=-1)
    return tf.minimum(tf.reduce_sum(tf.cast(passed_BxV, tf.int32), axis=-1), last_B)


def choose(logits_BxV: tf.Tensor, uniform_B: tf.Tensor, sampling: Sampling) -> tf.Tensor:
    """The next token of each row, int32 [B]: temperature, then top-k, then top-p; or the likeliest."""
    if sampling.greedy:
        return tf.argmax(logits_BxV, axis=-1, output_type=tf.int32)
    logits_BxV = logits_BxV / sampling.temperature
    if sampling.top_k:
        logits_BxV = keep_top_k(logits_BxV, sampling.top_k)
    if sampling.top_p < 1:
        logits_BxV = keep_top_p(logits_BxV, sampling.top_p)
    return draw(logits_BxV, uniform_B)


def log_likelihood(logits_BxV: tf.Tensor, ids_B: tf.Tensor) -> tf.Tensor:
    """The log probability of each row's token, in nats, float32 [B]."""
    return tf.gather(tf.nn.log_softmax(logits_BxV), ids_B, axis=1, batch_dims=1)


def _nothing(logits_BxV: tf.Tensor) -> tf.Tensor:
    return tf.constant(float("-inf"), logits_BxV.dtype)
