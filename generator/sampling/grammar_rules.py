"""A grammar in a compiled loop: all rows at once."""

# ruff: noqa: N803 - shapes stand in the names of arrays.

import numpy as np
import tensorflow as tf

from generator.sampling import next_token
from generator.sampling.grammar import Grammar


class Rules:
    """What may follow, for rows of a batch that each stand in a row of the grammar."""

    def __init__(self, grammar: Grammar) -> None:
        """Takes the grammar's tables."""
        self._next_KxV, self._legal_KxV = grammar.next_KxV.astype(np.int32), grammar.legal_KxV

    def masked(self, logits_BxV: tf.Tensor, row_B: tf.Tensor) -> tf.Tensor:
        """The logits of what may come where these rows of the grammar hold, -inf for the others."""
        return next_token.masked(logits_BxV, tf.gather(self._legal_KxV, row_B))

    def after(self, row_B: tf.Tensor, ids_B: tf.Tensor) -> tf.Tensor:
        """The rows of the grammar, int32 [B], that hold after these ids where `row_B` held before."""
        return tf.gather_nd(self._next_KxV, tf.stack([row_B, ids_B], axis=1))
