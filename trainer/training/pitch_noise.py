"""Wrong notes in what a network reads in training, so that it learns to go on from its own mistakes."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from typing import Any

import numpy as np
import tensorflow as tf

from nabi.networks.song_memory import SongMemory
from trainer.training.dropout import uniform_bits

# Semitones by which a note may be wrong.
_MOVES = (-4, -3, -2, -1, 1, 2, 3, 4)


class PitchNoise:
    """Moves a share of the notes by up to 4 semitones, fewer and fewer up to the last step.

    In sampling a network reads what it wrote itself, with mistakes that no music has, and one mistake brings the next
    (exposure bias, Bengio et al. 2015, Scheduled sampling). Noise in the inputs, but not in the targets, teaches it to
    come back (Xie et al. 2017, Data noising as smoothing in neural network language models). But a wrong note also
    breaks the rules of the right ones beside it, such as that no fifths are parallel: these are learnt from the last
    steps.
    """

    def __init__(self, memory: SongMemory, share: float, steps: int, key: int) -> None:
        """Makes the table of moved notes.

        Args:
          memory: of the network, which knows the pitches of ids.
          share: of the notes that are moved at the first step, 0..1.
          steps: of the run, at least 1; at the last none is moved.
          key: number of this noise in the run (`DropoutMask`).
        """
        self._share, self._steps, self._key = share, steps, key
        pitches, strikes = memory.pitches_V.astype(int).tolist(), memory.strikes_V.astype(int).tolist()
        notes = list(enumerate(zip(pitches, strikes, strict=True)))
        ids = {note: number for number, note in notes if note[0]}
        # What is no note, or has none at that distance, stays as it is.
        moved = [
            [ids.get((pitch + move, strike), n) if pitch else n for n, (pitch, strike) in notes] for move in _MOVES
        ]
        self._moved_MxV = np.array(moved, np.int32)

    def __call__(self, tokens_BxT: Any, draw: Any) -> Any:
        """Returns int32 [B, T], the tokens with some notes moved; `draw` as in `DropoutMask`."""
        bits_BxT = tf.cast(uniform_bits(tf.shape(tokens_BxT), self._key, draw), tf.float32) / 2.0**32
        left = 1.0 - tf.cast(draw[0] + 1, tf.float32) / self._steps
        share = self._share * tf.maximum(left, 0.0)
        move_BxT = tf.cast(tf.math.divide_no_nan(bits_BxT, share) * len(_MOVES), tf.int32)
        moved = tf.gather_nd(self._moved_MxV, tf.stack([tf.minimum(move_BxT, len(_MOVES) - 1), tokens_BxT], axis=-1))
        return tf.where(bits_BxT < share, moved, tokens_BxT)
