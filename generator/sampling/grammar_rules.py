"""Lookups in a grammar's tables for all rows of a batch, inside a compiled loop."""

# ruff: noqa: N803 - shapes stand in the names of arrays.

import numpy as np
import tensorflow as tf

from generator.sampling import next_token
from generator.sampling.grammar import Grammar


class Rules:
    """Masks of legal ids and transitions, for a batch in which each song is at some row of the grammar."""

    def __init__(self, grammar: Grammar) -> None:
        """Keeps the grammar's tables as constants of the loop."""
        self._next_KxV, self._legal_KxV = grammar.next_KxV.astype(np.int32), grammar.legal_KxV

    def masked(self, logits_BxV: tf.Tensor, row_B: tf.Tensor) -> tf.Tensor:
        """Returns the logits with -inf for the ids that are illegal at these rows of the grammar, int32 [B]."""
        return next_token.masked(logits_BxV, tf.gather(self._legal_KxV, row_B))

    def after(self, row_B: tf.Tensor, ids_B: tf.Tensor) -> tf.Tensor:
        """Returns the rows of the grammar after these ids, from the rows before them, int32 [B]."""
        return tf.gather_nd(self._next_KxV, tf.stack([row_B, ids_B], axis=1))
