"""Mask of held notes: only what sounds can be held on."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses

import tensorflow as tf

from generator.sampling import next_token
from generator.sampling.token_content import TokenContents

_PITCHES = 128


@dataclasses.dataclass(frozen=True)
class HeldMask:
    """Bias (`generator.sampling.bias.Bias`) that leaves no id which holds a note that did not sound just before.

    No music has such an id, so that a network can only guess what it means; the grammar of kinds cannot tell.

    Attributes:
      contents: pitches and ticks of each id.
    """

    contents: TokenContents

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns what sounds in the slice before and in the present one: nothing, bool [B, 128] each."""
        silent = tf.zeros([rows, _PITCHES], tf.bool)
        return [silent, silent]

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns both after the next token of each row; one that moves the time ends the slice."""
        before_BxP, now_BxP = memory
        now_BxP |= tf.range(_PITCHES, dtype=tf.int64) == tf.gather(self.contents.pitch_V, ids_B)[:, None]
        ends_Bx1 = tf.gather(self.contents.ticks_V > 0, ids_B)[:, None]
        return [tf.where(ends_Bx1, now_BxP, before_BxP), now_BxP & ~ends_Bx1]

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the logits with -inf for ids that hold what does not sound."""
        sounds_BxV = tf.gather(memory[0], tf.maximum(self.contents.pitch_V, 0), axis=1)
        return next_token.masked(logits_BxV, sounds_BxV | ~self.contents.is_held_V)
