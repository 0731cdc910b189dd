"""Mask of the tokens that keep a given line, applied in the compiled sampling loop."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import tensorflow as tf

from generator.sampling import next_token
from generator.sampling.melody import Melody
from nabi.music.vocabulary import END, PAD


@dataclasses.dataclass(frozen=True)
class MelodyMask:
    """Bias (`generator.sampling.bias.Bias`) that leaves the tokens under which a line stays as it is.

    The first token of a slice is the only right place, and the line's note is the first of its pitches, or the second
    where it is the lowest of several.
    What the grammar allows beside it is sampled, and the slice's length, which reaches no further than to the line's
    next change or bar line. The song ends where the line does.

    Attributes:
      melody: the line.
    """

    melody: Melody

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns the tick, the last id, and the notes of the slice before the first token, int32 [B] each."""
        return [tf.zeros([rows], tf.int32), tf.fill([rows], PAD), tf.zeros([rows], tf.int32)]

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns all three after the next token; time goes on by the length of a slice, and by 1 after `<end>`."""
        ticks_V = self.melody.ticks_V + (np.arange(len(self.melody.ticks_V)) == END)
        ticks_B = tf.gather(ticks_V, ids_B)
        notes_B = memory[2] + tf.cast(tf.gather(self.melody.pitch_V, ids_B) >= 0, tf.int32)
        return [tf.minimum(memory[0] + ticks_B, len(self.melody.place_T)), ids_B, tf.where(ticks_B > 0, 0, notes_B)]

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the logits with -inf for tokens that would change the line; all stay after its end."""
        tick_B, last_B, notes_B = memory
        begins_Bx1 = tf.gather(~self.melody.is_place_V & (self.melody.pitch_V < 0), last_B)[:, None]
        first_BxV = self._ids() == self._at(self.melody.place_T, tick_B)
        legal_BxV = tf.where(begins_Bx1, first_BxV, self._within_slice(tick_B, last_B, notes_B))
        # A phrase is told without a note: its own mask says where it may be.
        legal_BxV |= self.melody.is_phrase_V
        return next_token.masked(logits_BxV, legal_BxV | (tick_B == len(self.melody.place_T))[:, None])

    def _within_slice(self, tick_B: tf.Tensor, last_B: tf.Tensor, notes_B: tf.Tensor) -> tf.Tensor:
        """Marks the ids that may come after a slice's first token, bool [B, V]."""
        melody, ticks_V = self.melody, self.melody.ticks_V
        note_Bx1 = self._at(melody.note_T, tick_B)
        # Held on by another voice, a note of the line would be longer.
        others_BxV = (melody.pitch_V >= 0) & (self._ids() != self._at(melody.released_T, tick_B))
        length_BxV = (ticks_V > 0) & (ticks_V <= self._at(melody.room_T, tick_B))
        is_due_Bx1, is_first_Bx1 = note_Bx1 != PAD, notes_B[:, None] == 0
        if melody.lowest:
            # Whatever sounds is above a line that sounds; a slice of one note has the line's alone.
            others_BxV &= melody.pitch_V > tf.gather(melody.pitch_V, note_Bx1)
            before_BxV = others_BxV & is_first_Bx1
            is_due_Bx1 &= is_first_Bx1 | ((notes_B[:, None] == 1) & (last_B[:, None] != note_Bx1))
        else:
            before_BxV, is_due_Bx1 = False, is_due_Bx1 & is_first_Bx1
        return tf.where(is_due_Bx1, before_BxV | (self._ids() == note_Bx1), others_BxV | length_BxV)

    def _ids(self) -> tf.Tensor:
        return tf.range(len(self.melody.pitch_V))

    @staticmethod
    def _at(column_T: np.ndarray, tick_B: tf.Tensor) -> tf.Tensor:
        """Looks up the values at these ticks, int32 [B, 1]; one after the line's end has that of its end."""
        return tf.gather(column_T, tf.minimum(tick_B, len(column_T) - 1))[:, None]
