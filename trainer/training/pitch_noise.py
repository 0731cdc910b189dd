"""Wrong notes in what a network reads in training, so that it learns to go on from its own mistakes."""

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
    (exposure bias, Bengio et al. 2015). Noise in the inputs alone teaches it to come back (Xie et al. 2017, Data noising
    as smoothing in neural network language models).
    """

    def __init__(self, memory: SongMemory, share: float, key: int) -> None:
        """Makes the table of moved notes.

        Args:
          memory: of the network, which knows the pitches of ids.
          share: of the notes that are moved, 0..1.
          key: number of this noise in the run (`DropoutMask`).
        """
        self._share, self._key = share, key
        ids = {pitch_and_strike: id for id, pitch_and_strike in enumerate(_notes(memory))}
        moved = [[(pitch + move, strike) for pitch, strike in _notes(memory)] for move in _MOVES]
        own = range(len(memory.pitches_V))
        self._moved_MxV = np.array(
            [[ids.get(note, id) if note[0] > 0 else id for id, note in zip(own, row, strict=True)] for row in moved],
            np.int32,
        )
        self._moved_MxV[:, memory.pitches_V == 0] = np.array(own)[memory.pitches_V == 0]

    def __call__(self, tokens_BxT: Any, draw: Any) -> Any:
        """Returns int32 [B, T], the tokens with some notes moved; `draw` as in `DropoutMask`."""
        bits_BxT = tf.cast(uniform_bits(tf.shape(tokens_BxT), self._key, draw), tf.float32) / 2.0**32
        move_BxT = tf.cast(bits_BxT / self._share * len(_MOVES), tf.int32)
        moved = tf.gather_nd(self._moved_MxV, tf.stack([tf.minimum(move_BxT, len(_MOVES) - 1), tokens_BxT], axis=-1))
        return tf.where(bits_BxT < self._share, moved, tokens_BxT)


def _notes(memory: SongMemory) -> list[tuple[int, int]]:
    return list(zip(memory.pitches_V.astype(int).tolist(), memory.strikes_V.astype(int).tolist(), strict=True))
