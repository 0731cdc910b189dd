"""Mask of the tokens of phrases that are true of a given line: how long they are, where they end, what comes back."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import tensorflow as tf

from generator.sampling import next_token
from generator.sampling.melody_phrases import MelodyPhrases
from nabi.music.encodings.metred import PHRASES


@dataclasses.dataclass(frozen=True, eq=False)
class PhraseMask:
    """Bias (`generator.sampling.bias.Bias`) that leaves what is true of a line of T ticks about its phrases.

    Where the line's phrases are known, each is said where it begins; else they are of any length. A cadence has the
    line's note at the phrase's end, and a phrase comes back only where the line's does. So the network knows, before it
    goes on, where the line leads.

    Attributes:
      phrases: of the line.
    """

    phrases: MelodyPhrases

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns the tick, and of its slice: whether its place is said, ticks and notes of its phrase, int32 [B]."""
        return [tf.zeros([rows], tf.int32)] * 4

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns all four after the next token."""
        line, (tick_B, *of_slice) = self.phrases, memory
        ticks_B, back_B = (tf.gather(column, ids_B) for column in (line.ticks_V, line.of_kind("again")))
        is_place_V = np.isin(line.kind_V, ["bar", "place"]).astype(np.int32)
        said = [is_place_V, line.of_kind("phrase"), np.minimum(line.of_kind("cadence"), 1)]
        stays_B = tf.cast(ticks_B == 0, tf.int32)
        of_slice = [(part + tf.gather(column, ids_B)) * stays_B for part, column in zip(of_slice, said, strict=True)]
        # A phrase that comes back says no length.
        of_slice[1] += tf.where(back_B > 0, tf.gather(line.length_T, tick_B), 0)
        return [tf.minimum(tick_B + ticks_B, len(line.pitch_T) - 1), *of_slice]

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the logits with -inf for what is not true of the line."""
        line, (tick_Bx1, places_Bx1, said_Bx1, notes_Bx1) = self.phrases, (part[:, None] for part in memory)
        # The line's own note is the first of a cadence, or the last one.
        pitch_Bx1 = _looked_up(line.pitch_T, tick_Bx1 + said_Bx1 - 1)
        is_own_Bx1 = (notes_Bx1 == int(line.lowest)) & (pitch_Bx1 >= 0)
        cadence_BxV = (line.kind_V == "cadence") & (~is_own_Bx1 | (line.number_V == pitch_Bx1 + 1))
        course_BxV = ~np.isin(line.kind_V, list(PHRASES)) | cadence_BxV
        if not line.length_T.any():
            return next_token.masked(logits_BxV, course_BxV | (line.kind_V == "phrase"))
        left_Bx1 = tf.gather(line.length_T, tick_Bx1) - said_Bx1
        is_next_BxV = tf.range(len(line.kind_V)) == _looked_up(line.token_R, left_Bx1)
        returns_BxV = tf.gather(tf.gather(line.returns_TxK, memory[0]), line.of_kind("again"), axis=1)
        # The plan of the song is said before its first phrase.
        due_BxV = np.isin(line.kind_V, ["key", "last"]) | is_next_BxV | (returns_BxV & (said_Bx1 == 0))
        return next_token.masked(logits_BxV, tf.where((places_Bx1 > 0) & (left_Bx1 > 0), due_BxV, course_BxV))


def _looked_up(column: np.ndarray, index_Bx1: tf.Tensor) -> tf.Tensor:
    return tf.gather(column, tf.clip_by_value(index_Bx1, 0, len(column) - 1))
