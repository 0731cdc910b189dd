"""Songs of a wanted density: tokens that bring it nearer become likelier, in a compiled loop."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from generator.sampling.token_content import TokenContents
from nabi.music.vocabulary import END

# Both are counted in quarter notes of the wanted density: what a song lacks is led no more strongly beyond so many, and
# no token is led by more: the longest rest stays possible.
_MOST_LACK = 6.0
_MOST_OF_A_TOKEN = 2.0
# How much of the lack at a moment counts, the rest being what counted before: any song lacks some notes now and has
# them a beat later.
_NOW = 0.25


@dataclasses.dataclass(frozen=True)
class DensityBias:
    """A bias (`generator.sampling.bias.Bias`): tilts the next token's probabilities by the notes that a song lacks so
    far.

    A song of N notes up to a moment lacks (time - N / density), in quarter notes. A token's logit gains what the song
    lacked lately and lacks still (else a chord, once likely, would never end), times how much the token would bring
    (its notes / density, less the time it takes): the exponential tilting that changes a distribution least for a
    wanted mean. The probability of `<end>` stays what it is.

    Attributes:
      meanings: of the ids.
      density: notes a quarter note, above 0.
    """

    meanings: TokenContents
    density: float

    def nothing(self, rows: int) -> list[tf.Tensor]:
        """What a song lacks, and what it lacked lately, in quarter notes, float32 [B] each."""
        return [tf.zeros([rows]), tf.zeros([rows])]

    def after(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """What a song lacks after its next token; only from one moment to the next that counts."""
        lack_B, lately_B = memory
        lack_B -= tf.gather(self._brings(), ids_B)
        moves_B = tf.gather(tf.constant(self.meanings.ticks_V > 0), ids_B)
        return [lack_B, tf.where(moves_B, lately_B + _NOW * (lack_B - lately_B), lately_B)]

    def on(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """The logits, tilted; -inf stays."""
        now_B, lately_B = memory
        still_B = tf.clip_by_value(lately_B, tf.minimum(now_B, 0.0), tf.maximum(now_B, 0.0))
        lack_B = tf.clip_by_value(still_B, -_MOST_LACK, _MOST_LACK)
        brings_V = tf.clip_by_value(self._brings(), -_MOST_OF_A_TOKEN, _MOST_OF_A_TOKEN)
        end_V = tf.range(logits_BxV.shape[1]) == END
        before_BxV = tf.where(end_V, tf.constant(float("-inf")), logits_BxV)
        tilted_BxV = before_BxV + lack_B[:, None] * brings_V
        # All others together are worth to `<end>` what they were.
        worth_Bx1 = tf.reduce_logsumexp(before_BxV, -1, True)
        gained_Bx1 = tf.reduce_logsumexp(tilted_BxV, -1, True) - worth_Bx1
        return tf.where(end_V, logits_BxV + tf.where(tf.math.is_finite(worth_Bx1), gained_Bx1, 0.0), tilted_BxV)

    def _brings(self) -> npt.NDArray[np.float32]:
        """The quarter notes of music that each id brings, less those of time that it takes, float32 [V]."""
        quarters_V = self.meanings.ticks_V / self.meanings.ticks_per_quarter
        return (self.meanings.notes_V / self.density - quarters_V).astype(np.float32)
