"""Choice of the next token from logits: pure functions on tensors with one row a song; callers compile them.

A token whose logit is -inf is never chosen; every row has at least one finite logit. Filtering before the draw would
need a sort. Instead a token is drawn from the whole distribution and, while a filter rejects it, another one from the
likelier tokens: a filter that rejects a token rejects all less likely ones. The result follows the filtered
distribution, renormalised (rejection sampling, von Neumann 1951), and a filter only compares the drawn token with the
others, in one pass.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from collections.abc import Sequence

import tensorflow as tf

from generator.config import GenerateConfig
from generator.sampling.temperatures import Group

# Most draws of a token before the likeliest is taken instead. Each draw halves what has still to be rejected: with 400
# equally likely tokens and top-k 50 fewer than one row in a million needs more than twelve.
DRAWS = 16

# Tokens in a block: blocks are summed first, and only the probabilities of the drawn block one by one.
_BLOCK = 32


def masked(logits_BxV: tf.Tensor, legal_BxV: tf.Tensor) -> tf.Tensor:
    """Returns the logits with -inf for illegal tokens."""
    return tf.where(legal_BxV, logits_BxV, tf.constant(float("-inf"), logits_BxV.dtype))


def uniforms(config: GenerateConfig) -> int:
    """Counts the random numbers that a token needs: one for each possible draw."""
    return DRAWS if config.filters else 1


def choose(
    logits_BxV: tf.Tensor, uniforms_BxR: tf.Tensor, config: GenerateConfig, groups: Sequence[Group] = ()
) -> tf.Tensor:
    """Samples the next token of each row, or takes the likeliest with `--decoding greedy`.

    Args:
      logits_BxV: float32, -inf for illegal tokens.
      uniforms_BxR: float32 in [0, 1), as many a row as `uniforms` says; the only randomness.
      config: temperatures, top-k, top-p and min-p; the filters see the probabilities at the temperature.
      groups: tokens with a temperature of their own.

    Returns:
      int32 [B].
    """
    if config.decoding == "greedy":
        return _likeliest(logits_BxV)
    probabilities_BxV = probabilities(logits_BxV, config.temperature, groups)
    if not config.filters:
        return draw(probabilities_BxV, uniforms_BxR[:, 0])
    chosen_B, passed_B = _drawn(probabilities_BxV, uniforms_BxR, config)
    return tf.cond(
        tf.reduce_all(passed_B), lambda: chosen_B, lambda: tf.where(passed_B, chosen_B, _likeliest(probabilities_BxV))
    )


def _drawn(
    probabilities_BxV: tf.Tensor, uniforms_BxR: tf.Tensor, config: GenerateConfig
) -> tuple[tf.Tensor, tf.Tensor]:
    """Draws a token of each row, int32 [B]; the second result, bool [B], is False where all DRAWS were rejected."""

    def redraw(at: tf.Tensor, chosen_B: tf.Tensor, passed_B: tf.Tensor, left_BxV: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Draws again in rows without an accepted token, from the tokens likelier than the last draw."""
        chosen_B = tf.where(passed_B, chosen_B, draw(left_BxV, tf.gather(uniforms_BxR, at, axis=1)))
        likelier_BxV = probabilities_BxV > _gathered(chosen_B, probabilities_BxV)[:, None]
        passed_B |= passes(probabilities_BxV, chosen_B, config)
        return at + 1, chosen_B, passed_B, tf.where(likelier_BxV, left_BxV, 0.0)

    rows = tf.shape(probabilities_BxV)[0]
    _, chosen_B, passed_B, _ = tf.while_loop(
        lambda at, _, passed_B, __: (at < uniforms_BxR.shape[1]) & ~tf.reduce_all(passed_B),
        redraw,
        (0, tf.zeros([rows], tf.int32), tf.zeros([rows], tf.bool), probabilities_BxV),
        parallel_iterations=1,
    )
    return chosen_B, passed_B


def _likeliest(values_BxV: tf.Tensor) -> tf.Tensor:
    return tf.argmax(values_BxV, axis=-1, output_type=tf.int32)


def _gathered(ids_B: tf.Tensor, values_BxV: tf.Tensor) -> tf.Tensor:
    return tf.gather(values_BxV, ids_B, axis=1, batch_dims=1)


def probabilities(logits_BxV: tf.Tensor, temperature: float, groups: Sequence[Group] = ()) -> tf.Tensor:
    """Returns the probabilities at the temperatures, float32 [B, V].

    Whether a token is one of a group is decided at the temperature, and which one at the group's. Were the group's
    logits divided by another number than the others', its share would change: how many notes there are, for rhythm.

    Args:
      logits_BxV: float32, -inf for illegal tokens.
      temperature: of all tokens.
      groups: tokens with a temperature of their own; no token is in two of them.
    """
    plain_BxV = mixed_BxV = tf.nn.softmax(logits_BxV / temperature)
    for ids_V, own_temperature in groups:
        group_BxV = masked(logits_BxV, ids_V)
        highest_Bx1 = tf.reduce_max(group_BxV, -1, keepdims=True)
        # A row without a legal token of the group has a share of 0.
        highest_Bx1 = tf.where(tf.math.is_finite(highest_Bx1), highest_Bx1, 0.0)
        weights_BxV = tf.exp((group_BxV - highest_Bx1) / own_temperature)
        share_Bx1 = tf.reduce_sum(tf.where(ids_V, plain_BxV, 0.0), -1, keepdims=True)
        own_BxV = tf.math.divide_no_nan(weights_BxV * share_Bx1, tf.reduce_sum(weights_BxV, -1, keepdims=True))
        mixed_BxV = tf.where(ids_V, own_BxV, mixed_BxV)
    return mixed_BxV


def passes(probabilities_BxV: tf.Tensor, ids_B: tf.Tensor, config: GenerateConfig) -> tf.Tensor:
    """Tests each row's token against the filters, bool [B].

    Top-k passes a token if fewer than k are likelier; top-p (Holtzman et al. 2020) if the likelier ones have less than
    p together; min-p (Nguyen et al. 2024) if its probability is at least min_p times the largest. Equally likely tokens
    pass or fail together.
    """
    own_B = _gathered(ids_B, probabilities_BxV)
    likelier_BxV = probabilities_BxV > own_B[:, None]
    passes_B = tf.ones_like(ids_B, tf.bool)
    if config.top_k:
        passes_B &= tf.reduce_sum(tf.cast(likelier_BxV, tf.int32), -1) < config.top_k
    if config.top_p < 1:
        passes_B &= tf.reduce_sum(tf.where(likelier_BxV, probabilities_BxV, 0.0), -1) < config.top_p
    if config.min_p > 0:
        passes_B &= own_B >= config.min_p * tf.reduce_max(probabilities_BxV, -1)
    return passes_B


def draw(probabilities_BxV: tf.Tensor, uniform_B: tf.Tensor) -> tf.Tensor:
    """Draws a token of each row by its probability: the inverse cumulative distribution at a uniform number.

    Args:
      probabilities_BxV: float32, at least 0, in any scale.
      uniform_B: float32 in [0, 1), the only randomness.

    Returns:
      int32 [B], never a token of probability 0.
    """
    size = probabilities_BxV.shape[-1]
    blocks = -(-size // _BLOCK)
    padded_BxV = tf.pad(probabilities_BxV, [[0, 0], [0, blocks * _BLOCK - size]])
    by_block_BxNxK = tf.reshape(padded_BxV, [-1, blocks, _BLOCK])
    sums_BxN = tf.reduce_sum(by_block_BxNxK, -1)
    target_B = uniform_B * tf.reduce_sum(sums_BxN, -1)
    block_B, target_B = _located(sums_BxN, target_B)
    offset_B, _ = _located(tf.gather(by_block_BxNxK, block_B, axis=1, batch_dims=1), target_B)
    return block_B * _BLOCK + offset_B


def _located(parts_BxN: tf.Tensor, target_B: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Finds the part in which the running sum passes the target, int32 [B], and the rest of the target within it."""
    count = parts_BxN.shape[-1]
    before_NxN = tf.linalg.band_part(tf.ones([count, count]), 0, -1) - tf.eye(count)
    before_BxN = tf.matmul(parts_BxN, before_NxN)
    # The last part that begins at or below the target; whatever rounding does, it is not empty.
    begins_BxN = (parts_BxN > 0) & (before_BxN <= target_B[:, None])
    part_B = tf.reduce_max(tf.where(begins_BxN, tf.range(count), 0), -1)
    return part_B, target_B - tf.gather(before_BxN, part_B, axis=1, batch_dims=1)


def log_likelihood(logits_BxV: tf.Tensor, ids_B: tf.Tensor) -> tf.Tensor:
    """Computes the log probability of each row's token, in nats, float32 [B]."""
    return _gathered(ids_B, logits_BxV) - tf.reduce_logsumexp(logits_BxV, -1)
