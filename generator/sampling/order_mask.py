"""Mask of the order of a slice's notes: the highest, the lowest, then those between from the top down."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses

import tensorflow as tf

from generator.sampling import next_token
from generator.sampling.token_content import TokenContents

_PITCHES = 128


@dataclasses.dataclass(frozen=True)
class OrderMask:
    """Bias (`generator.sampling.bias.Bias`) that leaves of pitches those that the encoding `voices` would write next.

    Attributes:
      contents: pitches and ticks of each id.
    """

    contents: TokenContents

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns the notes of the slice, and between which pitches the next one lies, int64 [B] each."""
        return [tf.fill([rows], tf.constant(start, tf.int64)) for start in (0, -1, _PITCHES)]

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns all three after the next token; one that moves the time ends the slice."""
        notes_B, above_B, below_B = memory
        pitch_B = tf.gather(self.contents.pitch_V, ids_B)
        is_note_B = pitch_B >= 0
        above_B = tf.where(is_note_B & (notes_B == 1), pitch_B, above_B)
        below_B = tf.where(is_note_B & (notes_B != 1), pitch_B, below_B)
        after = [notes_B + tf.cast(is_note_B, tf.int64), above_B, below_B]
        ends_B = tf.gather(self.contents.ticks_V > 0, ids_B)
        return [
            tf.where(ends_B, first, part) for first, part in zip(self.initial(tf.shape(ids_B)[0]), after, strict=True)
        ]

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the logits with -inf for pitches that would not come next."""
        _, above_Bx1, below_Bx1 = (part[:, None] for part in memory)
        pitch_V = self.contents.pitch_V
        return next_token.masked(logits_BxV, ((pitch_V > above_Bx1) & (pitch_V < below_Bx1)) | (pitch_V < 0))
