"""From logits to the next token: pure functions on tensors, one row a song, compiled by whoever calls them.

A token whose logit is -inf has left the choice; every row keeps at least one. Filters are not applied before a token is
drawn, which would take sorting: a token is drawn of all, and while a filter does not let it pass, another of those that
are likelier, as a filter that stops a token stops all that are less likely. What comes out has the same probabilities,
those of the tokens that pass, scaled to 1 (rejection sampling, von Neumann 1951); and a filter need only say how the
drawn token stands among the others, which is one pass over them.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import tensorflow as tf

from generator.config import GenerateConfig

# Draws of a token at most, before the likeliest is taken. Each leaves about half of what should not pass: of 400 equal
# tokens and top-k 50 not one in a million is still to be drawn after twelve.
DRAWS = 16

# Probabilities are added up in blocks of so many, and only the drawn block's one by one.
_BLOCK = 32


def masked(logits_BxV: tf.Tensor, legal_BxV: tf.Tensor) -> tf.Tensor:
    """The logits of legal tokens, -inf for the others."""
    return tf.where(legal_BxV, logits_BxV, tf.constant(float("-inf"), logits_BxV.dtype))


def uniforms(config: GenerateConfig) -> int:
    """Random numbers a token: one a draw."""
    return DRAWS if config.filters else 1


def choose(
    logits_BxV: tf.Tensor, uniforms_BxR: tf.Tensor, config: GenerateConfig, rhythm_V: tf.Tensor | None = None
) -> tf.Tensor:
    """The next token of each row, by the settings, or the likeliest.

    Args:
      logits_BxV: float32, -inf for what may not be drawn.
      uniforms_BxR: float32 in [0, 1), `uniforms` a row, the only randomness.
      config: temperatures, top-k, top-p and min-p, all of the same probabilities: those at the temperature.
      rhythm_V: bool, which tokens have the rhythm's temperature; None: none.

    Returns:
      int32 [B].
    """
    if config.decoding == "greedy":
        return _likeliest(logits_BxV)
    probabilities_BxV = tf.nn.softmax(logits_BxV / _temperature(config, rhythm_V))
    if not config.filters:
        return draw(probabilities_BxV, uniforms_BxR[:, 0])
    chosen_B, passed_B = _drawn(probabilities_BxV, uniforms_BxR, config)
    return tf.cond(
        tf.reduce_all(passed_B), lambda: chosen_B, lambda: tf.where(passed_B, chosen_B, _likeliest(probabilities_BxV))
    )


def _drawn(
    probabilities_BxV: tf.Tensor, uniforms_BxR: tf.Tensor, config: GenerateConfig
) -> tuple[tf.Tensor, tf.Tensor]:
    """A token of each row, and whether it passes the filters: all do but after too many draws."""

    def again(at: tf.Tensor, chosen_B: tf.Tensor, passed_B: tf.Tensor, left_BxV: tf.Tensor) -> tuple[tf.Tensor, ...]:
        chosen_B = tf.where(passed_B, chosen_B, draw(left_BxV, tf.gather(uniforms_BxR, at, axis=1)))
        likelier_BxV = probabilities_BxV > _of(chosen_B, probabilities_BxV)[:, None]
        passed_B |= passes(probabilities_BxV, chosen_B, config)
        return at + 1, chosen_B, passed_B, tf.where(likelier_BxV, left_BxV, 0.0)

    rows = tf.shape(probabilities_BxV)[0]
    _, chosen_B, passed_B, _ = tf.while_loop(
        lambda at, _, passed_B, __: (at < uniforms_BxR.shape[1]) & ~tf.reduce_all(passed_B),
        again,
        (0, tf.zeros([rows], tf.int32), tf.zeros([rows], tf.bool), probabilities_BxV),
        parallel_iterations=1,
    )
    return chosen_B, passed_B


def _likeliest(values_BxV: tf.Tensor) -> tf.Tensor:
    return tf.argmax(values_BxV, axis=-1, output_type=tf.int32)


def _of(ids_B: tf.Tensor, values_BxV: tf.Tensor) -> tf.Tensor:
    return tf.gather(values_BxV, ids_B, axis=1, batch_dims=1)


def _temperature(config: GenerateConfig, rhythm_V: tf.Tensor | None) -> tf.Tensor | float:
    if rhythm_V is None or not config.rhythm_temperature:
        return config.temperature
    return tf.where(rhythm_V, config.rhythm_temperature, config.temperature)


def passes(probabilities_BxV: tf.Tensor, ids_B: tf.Tensor, config: GenerateConfig) -> tf.Tensor:
    """Whether each row's token is among those that the filters leave, bool [B].

    Top-k leaves a token if fewer than k are likelier; top-p (Holtzman et al. 2020) if those that are likelier do not
    reach p together; min-p (Nguyen et al. 2024) if it is at least so likely, times the likeliest. Of ties all stay or
    none.
    """
    own_B = _of(ids_B, probabilities_BxV)
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
    """A token of each row by its probability: the inverse of the cumulative distribution at a uniform number.

    Args:
      probabilities_BxV: float32, at least 0; scaled to 1 here.
      uniform_B: float32 in [0, 1), the only randomness.

    Returns:
      int32 [B], never a token of probability 0.
    """
    size = probabilities_BxV.shape[-1]
    blocks = -(-size // _BLOCK)
    padded_BxV = tf.pad(probabilities_BxV, [[0, 0], [0, blocks * _BLOCK - size]])
    by_block_BxNxK = tf.reshape(padded_BxV, [-1, blocks, _BLOCK])
    sums_BxN = tf.reduce_sum(by_block_BxNxK, -1)
    wanted_B = uniform_B * tf.reduce_sum(sums_BxN, -1)
    block_B, wanted_B = _crossed(sums_BxN, wanted_B)
    place_B, _ = _crossed(tf.gather(by_block_BxNxK, block_B, axis=1, batch_dims=1), wanted_B)
    return block_B * _BLOCK + place_B


def _crossed(parts_BxN: tf.Tensor, wanted_B: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The part in which the running sum passes what is wanted, int32 [B], and how much is wanted of it."""
    count = parts_BxN.shape[-1]
    before_NxN = tf.linalg.band_part(tf.ones([count, count]), 0, -1) - tf.eye(count)
    before_BxN = tf.matmul(parts_BxN, before_NxN)
    # The last part that begins at or below it: whatever rounding does, one that is not empty.
    begins_BxN = (parts_BxN > 0) & (before_BxN <= wanted_B[:, None])
    part_B = tf.reduce_max(tf.where(begins_BxN, tf.range(count), 0), -1)
    return part_B, wanted_B - tf.gather(before_BxN, part_B, axis=1, batch_dims=1)


def log_likelihood(logits_BxV: tf.Tensor, ids_B: tf.Tensor) -> tf.Tensor:
    """The log probability of each row's token, in nats, float32 [B]."""
    return _of(ids_B, logits_BxV) - tf.reduce_logsumexp(logits_BxV, -1)
