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
    """Moves a share of the notes by up to 4 semitones.

    In sampling a network reads what it wrote itself, with mistakes that no music has, and one mistake brings the next
    (exposure bias, Bengio et al. 2015, Scheduled sampling). Noise in the inputs, but not in the targets, teaches it to
    come back (Xie et al. 2017, Data noising as smoothing in neural network language models).
    """

    def __init__(self, memory: SongMemory, share: float, key: int) -> None:
        """Makes the table of moved notes.

        Args:
          memory: of the network, which knows the pitches of ids.
          share: of the notes that are moved, 0..1.
          key: number of this noise in the run (`DropoutMask`).
        """
        self._share, self._key = share, key
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
        move_BxT = tf.cast(bits_BxT / self._share * len(_MOVES), tf.int32)
        moved = tf.gather_nd(self._moved_MxV, tf.stack([tf.minimum(move_BxT, len(_MOVES) - 1), tokens_BxT], axis=-1))
        return tf.where(bits_BxT < self._share, moved, tokens_BxT)
