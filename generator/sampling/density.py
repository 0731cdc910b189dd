"""Bias towards a number of notes a quarter note, applied in the compiled sampling loop."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from generator.sampling.token_content import TokenContents
from nabi.music.vocabulary import END

# Limits of the deficit of a song and of the surplus that one token adds, in quarter notes at the target density. They
# bound the bias, so that the longest rest stays possible.
_MAX_DEFICIT = 6.0
_MAX_SURPLUS = 2.0
# Weight of the current deficit in its moving average: any song lacks some notes now and has them a beat later.
_SMOOTHING = 0.25


@dataclasses.dataclass(frozen=True)
class DensityBias:
    """Bias (`generator.sampling.bias.Bias`) that tilts probabilities by the song's deficit of notes.

    The deficit of a song with N notes is time - N / density, in quarter notes. Each logit gains the deficit, smoothed
    over the last moments and no larger than the current one (otherwise a chord, once likely, would never end), times
    the token's surplus (its notes / density - its time): the exponential tilting that changes a distribution least for
    a given mean. The probability of `<end>` does not change.

    Attributes:
      contents: notes and ticks of each id.
      density: target in notes a quarter note, above 0.
    """

    contents: TokenContents
    density: float

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns the deficit and its moving average before the first token, 0 quarter notes, float32 [B] each."""
        return [tf.zeros([rows]), tf.zeros([rows])]

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns both after the next token; the average moves only when time does."""
        deficit_B, smooth_B = memory
        deficit_B -= tf.gather(self._surplus(), ids_B)
        moves_B = tf.gather(tf.constant(self.contents.ticks_V > 0), ids_B)
        return [deficit_B, tf.where(moves_B, smooth_B + _SMOOTHING * (deficit_B - smooth_B), smooth_B)]

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the tilted logits; -inf stays."""
        now_B, smooth_B = memory
        bounded_B = tf.clip_by_value(smooth_B, tf.minimum(now_B, 0.0), tf.maximum(now_B, 0.0))
        deficit_B = tf.clip_by_value(bounded_B, -_MAX_DEFICIT, _MAX_DEFICIT)
        surplus_V = tf.clip_by_value(self._surplus(), -_MAX_SURPLUS, _MAX_SURPLUS)
        end_V = tf.range(logits_BxV.shape[1]) == END
        before_BxV = tf.where(end_V, tf.constant(float("-inf")), logits_BxV)
        tilted_BxV = before_BxV + deficit_B[:, None] * surplus_V
        # The logit of `<end>` moves with the log-sum of the others, which keeps its probability.
        total_Bx1 = tf.reduce_logsumexp(before_BxV, -1, True)
        gain_Bx1 = tf.reduce_logsumexp(tilted_BxV, -1, True) - total_Bx1
        return tf.where(end_V, logits_BxV + tf.where(tf.math.is_finite(total_Bx1), gain_Bx1, 0.0), tilted_BxV)

    def _surplus(self) -> npt.NDArray[np.float32]:
        """Computes each id's change of the note surplus, in quarter notes, float32 [V]: notes / density - duration."""
        quarters_V = self.contents.ticks_V / self.contents.ticks_per_quarter
        return (self.contents.notes_V / self.density - quarters_V).astype(np.float32)
