"""Mask of the list of parts with which the song of a band begins."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import tensorflow as tf

from generator.sampling import next_token
from generator.sampling.part_tables import PARTS, PartTables, Truths


@dataclasses.dataclass(frozen=True)
class PartListMask:
    """Bias (`generator.sampling.bias.Bias`) that leaves of the parts those that a song may list next.

    Parts are listed in their order, none twice, and among them those that are given and an answer to each word that is
    asked for. The list does not end before; it waits for none that comes before those that a given beginning lists.

    Attributes:
      tables: of the vocabulary and of the parts.
    """

    tables: PartTables

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns, before the first token, the parts that are listed, bool [B, P]; and whether the last token listed
        one, bool [B]."""
        return [tf.zeros([rows, PARTS], tf.bool), tf.zeros([rows], tf.bool)]

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns both after the next token."""
        part_B = tf.gather(self.tables.part_V, ids_B)
        return [memory[0] | (tf.range(PARTS) == part_B[:, None]), part_B >= 0]

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the logits with -inf for parts before those listed, for parts so late that one would be left out that
        a song has to have, and after an incomplete list for what is no part."""
        (listed_BxP, lists_B), tables = memory, self.tables
        latest_Bx1 = tf.reduce_max(tf.where(listed_BxP, tf.range(PARTS), -1), axis=1, keepdims=True)
        wanted_NxP = np.concatenate([tables.answers_WxP, np.eye(PARTS, dtype=bool)[tables.given_P]])
        last_N = np.where(wanted_NxP, np.arange(PARTS), -1).max(axis=1, initial=-1).astype(np.int32)
        open_BxN = ~answered(listed_BxP, wanted_NxP) & (last_N > latest_Bx1)
        last_Bx1 = tf.reduce_min(tf.where(open_BxN, last_N, PARTS), axis=1, keepdims=True)
        part_V = tables.part_V
        is_next_BxV = (part_V > latest_Bx1) & (part_V <= last_Bx1) & tables.may_P[np.maximum(part_V, 0)]
        is_complete_Bx1 = ~(lists_B & tf.reduce_any(open_BxN, axis=1))[:, None]
        return next_token.masked(logits_BxV, tf.where(part_V >= 0, is_next_BxV, is_complete_Bx1))


def answered(parts_BxP: tf.Tensor, wanted_NxP: Truths) -> tf.Tensor:
    """Tells which rows of `wanted_NxP` some of the parts are in, bool [B, N]."""
    return tf.matmul(tf.cast(parts_BxP, tf.float32), wanted_NxP.T.astype(np.float32)) > 0
