"""Fewer repetitions: notes and chords of a song's last tokens become less likely, in a compiled loop."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses

import tensorflow as tf

from generator.sampling.token_content import TokenContents
from nabi.music.vocabulary import PAD


@dataclasses.dataclass(frozen=True)
class RepetitionPenalty:
    """A bias (`generator.sampling.sampler.Bias`): logits of recent notes, brought down (Keskar et al. 2019, CTRL).

    Attributes:
      meanings: of the ids.
      factor: what a logit above 0 is divided by and one below is multiplied by, at least 1.
      window: how many last tokens are recent.
    """

    meanings: TokenContents
    factor: float
    window: int

    def nothing(self, rows: int) -> list[tf.Tensor]:
        """The last tokens, int32 [B, W], the oldest first, and how often each id is among them, float32 [B, V]."""
        last_BxW = tf.fill([rows, self.window], PAD)
        return [last_BxW, tf.one_hot(last_BxW[:, 0], len(self.meanings.notes_V), on_value=float(self.window))]

    def after(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """The memory with the next token of each row instead of its oldest."""
        last_BxW, counts_BxV = memory
        size = counts_BxV.shape[1]
        counts_BxV += tf.one_hot(ids_B, size) - tf.one_hot(last_BxW[:, 0], size)
        return [tf.concat([last_BxW[:, 1:], ids_B[:, None]], 1), counts_BxV]

    def on(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """The logits, those of recent notes and chords lower."""
        recent_BxV = (memory[1] > 0) & (self.meanings.notes_V > 0)
        lowered_BxV = tf.where(logits_BxV > 0, logits_BxV / self.factor, logits_BxV * self.factor)
        return tf.where(recent_BxV, lowered_BxV, logits_BxV)
