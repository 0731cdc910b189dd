"""Penalty on repetition: notes and chords among a song's last tokens become less likely."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses

import tensorflow as tf

from generator.sampling.token_content import TokenContents
from nabi.music.vocabulary import PAD


@dataclasses.dataclass(frozen=True)
class RepetitionPenalty:
    """Bias (`generator.sampling.bias.Bias`) that lowers the logits of recent notes (Keskar et al. 2019, CTRL).

    Attributes:
      contents: notes and ticks of each id.
      factor: divides a logit above 0 and multiplies one below, at least 1.
      window: number of last tokens that count as recent.
    """

    contents: TokenContents
    factor: float
    window: int

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns the last tokens, int32 [B, W], oldest first, and the count of each id in them, float32 [B, V]."""
        last_BxW = tf.fill([rows, self.window], PAD)
        return [last_BxW, tf.one_hot(last_BxW[:, 0], len(self.contents.notes_V), on_value=float(self.window))]

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns the memory with each row's next token in the place of its oldest."""
        last_BxW, counts_BxV = memory
        size = counts_BxV.shape[1]
        counts_BxV += tf.one_hot(ids_B, size) - tf.one_hot(last_BxW[:, 0], size)
        return [tf.concat([last_BxW[:, 1:], ids_B[:, None]], 1), counts_BxV]

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the logits, lowered for recent notes and chords."""
        recent_BxV = (memory[1] > 0) & (self.contents.notes_V > 0)
        lowered_BxV = tf.where(logits_BxV > 0, logits_BxV / self.factor, logits_BxV * self.factor)
        return tf.where(recent_BxV, lowered_BxV, logits_BxV)
