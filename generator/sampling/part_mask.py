"""Mask of the parts of a band: named before they play, in their order and ranges, and coming in if asked for."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import tensorflow as tf

from generator.sampling import next_token
from generator.sampling.part_list_mask import answered
from generator.sampling.part_tables import PARTS, UNKNOWN, PartTables
from nabi.music.encodings.band_reduction import DRUMS

# The bar in which silent parts come in, of songs that have as many.
LATEST_BAR = 3
# Nobody has played in the slice yet.
_NOBODY = -1


@dataclasses.dataclass(frozen=True)
class PartMask:
    """Bias (`generator.sampling.bias.Bias`) that leaves of notes those that come next in a slice of a band.

    In a slice parts come by their programs, drums last, and a part's notes from the top down. No part plays that the
    song has not listed; where it listed none, as after given tokens, any does. Who played in a given beginning, and is
    not a part that the song may have, plays no note that was not begun there. Of parts that are asked for, those that
    were not heard come in at the beginning of `latest_bar`, or of the last bar: its first slice does not end before.
    Which notes they play is the model's choice. Given parts (`generator.sampling.given_parts`) play whenever they do.

    Attributes:
      tables: of the vocabulary and of the parts.
      latest_bar: the bar in which a part that has been silent until then comes in, counted from 1.
    """

    tables: PartTables
    latest_bar: int = LATEST_BAR

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns, before the first token, the present program, int32 [B]; the words that were heard, bool [B, W]; the
        number of bars, int32 [B], no less than `latest_bar` in the last one; whether the next note is the first one of
        its program, bool [B]; the parts that are listed, bool [B, P]; of the present slice the part that played last,
        and its last pitch, int32 [B]; and whether the last token is a velocity, bool [B]."""
        none_B = tf.zeros([rows], tf.int32)
        heard, listed = (tf.zeros([rows, size], tf.bool) for size in self.tables.answers_WxP.shape)
        return [none_B + UNKNOWN, heard, none_B, none_B > 0, listed, none_B + _NOBODY, none_B, none_B > 0]

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns all eight after the next token."""
        tables, (program_B, heard_BxW, bars_B, begins_B, listed_BxP, latest_B, height_B, _) = self.tables, memory
        player_B, part_B, pitch_B, drum_B = (
            tf.gather(column, ids_B) for column in (tables.player_V, tables.part_V, tables.pitch_V, tables.drum_V)
        )
        is_bar_B, is_last_B, is_shift_B, is_velocity_B = (
            tf.gather(tables.is_V[kind], ids_B) for kind in ("bar", "last bar", "shift", "velocity")
        )
        is_named_B = (player_B >= 0) & (player_B != DRUMS)
        program_B = tf.where(is_named_B, player_B, program_B)
        latest_B = tf.where(pitch_B >= 0, program_B, tf.where(drum_B >= 0, DRUMS, latest_B))
        return [
            program_B,
            heard_BxW | tf.gather(tables.answers_by_id, ids_B),
            tf.where(is_last_B, tf.maximum(bars_B, self.latest_bar), bars_B + tf.cast(is_bar_B, tf.int32)),
            is_named_B | (begins_B & is_velocity_B),
            listed_BxP | (tf.range(PARTS) == part_B[:, None]),
            tf.where(is_shift_B, _NOBODY, latest_B),
            tf.where(drum_B >= 0, drum_B, tf.where(pitch_B >= 0, pitch_B, height_B)),
            is_velocity_B,
        ]

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the logits with -inf for parts that do not come next, for notes that the present one does not play,
        and where parts have to come in for all else that could come there."""
        legal_BxV = self._may_play(memory)
        if len(self.tables.answers_WxP):
            legal_BxV &= self._comes_in(memory, tf.math.is_finite(logits_BxV))
        return next_token.masked(logits_BxV, legal_BxV)

    def _may_play(self, memory: list[tf.Tensor]) -> tf.Tensor:
        """Marks the programs and drums of the parts that may come next, their notes, and all that is no note; a
        velocity waits for somebody who can play."""
        tables, (program_B, _, _, begins_B, listed_BxP, latest_B, height_B, is_loud_B) = self.tables, memory
        low_Bx1, high_Bx1 = (tf.gather(bounds, program_B)[:, None] for bounds in (tables.lowest, tables.highest))
        program_Bx1, latest_Bx1, height_Bx1 = (part[:, None] for part in (program_B, latest_B, height_B))
        # Given tokens may list other parts than are asked for.
        open_BxW = tf.cast(~answered(listed_BxP, tables.answers_WxP), tf.float32)
        plays_BxP = listed_BxP | (tf.matmul(open_BxW, tables.answers_WxP.astype(np.float32)) > 0)
        plays_BxP = (plays_BxP | ~tf.reduce_any(listed_BxP, axis=1, keepdims=True)) & tables.may_P
        plays_BxV = tf.gather(plays_BxP, np.maximum(tables.player_V, 0), axis=1)
        # Below the last note of the part, or any note of a later part.
        top_Bx1, top_drum_Bx1 = (
            tf.where(part == latest_Bx1, height_Bx1, tf.where(part > latest_Bx1, DRUMS, 0))
            for part in (program_Bx1, DRUMS)
        )
        # A program that is said plays a note before drums do.
        drums_BxV = plays_BxV & (tables.drum_V < top_drum_Bx1) & ~(begins_B & is_loud_B)[:, None]
        names_BxV = plays_BxV & (tables.player_V > latest_Bx1)
        can_note_Bx1 = top_Bx1 > tf.gather(tables.floor, program_B)[:, None]
        # A program or a velocity that a given beginning ends with is a note's.
        goes_on_Bx1 = (tf.gather(tables.may_P, program_B) | begins_B | is_loud_B)[:, None]
        notes_BxV = (
            (tables.pitch_V >= low_Bx1) & (tables.pitch_V <= high_Bx1) & (tables.pitch_V < top_Bx1) & goes_on_Bx1
        )
        can_drum_Bx1 = plays_BxP[:, DRUMS:] & (top_drum_Bx1 > int(tables.floor[DRUMS]))
        return (
            ((tables.player_V < 0) | tf.where(tables.drum_V >= 0, drums_BxV, names_BxV))
            & ((tables.pitch_V < 0) | notes_BxV)
            & (~tables.is_V["velocity"] | ((program_Bx1 < UNKNOWN) & can_note_Bx1 & goes_on_Bx1) | can_drum_Bx1)
        )

    def _comes_in(self, memory: list[tf.Tensor], other_BxV: tf.Tensor) -> tf.Tensor:
        """Marks, where parts have to come in, the ids by which they do, and elsewhere all.

        Args:
          memory: as `update` returns it.
          other_BxV: bool, ids that the masks before leave, that of given parts among them.
        """
        tables, (program_B, heard_BxW, bars_B, begins_B, listed_BxP, latest_B, _, is_loud_B) = self.tables, memory
        last_BxW = self._last_answers(listed_BxP)
        missing_BxW = ~heard_BxW & (last_BxW > latest_B[:, None]) & (bars_B >= self.latest_bar)[:, None]
        # None so late that another one would be left out.
        bound_Bx1 = tf.reduce_min(tf.where(missing_BxW, last_BxW, PARTS), axis=1, keepdims=True)
        missing_BxV = tf.matmul(tf.cast(missing_BxW, tf.float32), tables.answers_by_id.T.astype(np.float32)) > 0
        enters_BxV = (missing_BxV | tables.given_P[np.maximum(tables.player_V, 0)]) & (tables.player_V <= bound_Bx1)
        comes_in_BxV = tf.where(tables.player_V >= 0, enters_BxV, ~tables.is_V["shift"])
        # A note, or a velocity, belongs to a part that comes in or is given, or the velocity to drums that are.
        # Where drums are free to play no given part is due that comes before them.
        may_drum_B = tf.reduce_any(other_BxV & tables.is_V["drum"] & ~tables.given_P[DRUMS], axis=1)
        own_Bx1 = (begins_B | (tf.gather(tables.given_P, program_B) & (is_loud_B | ~may_drum_B)))[:, None]
        drums_Bx1 = tf.reduce_any(enters_BxV & tables.is_V["drum"], axis=1, keepdims=True)
        comes_in_BxV &= (tables.pitch_V < 0) | own_Bx1
        comes_in_BxV &= ~tables.is_V["velocity"] | own_Bx1 | drums_Bx1
        # A velocity beside given parts may have been said for drums: who is missing then comes in with the next slice.
        comes_in_BxV |= (is_loud_B & ~begins_B)[:, None] & tables.is_V["drum"]
        return ~tf.reduce_any(missing_BxW, axis=1, keepdims=True) | comes_in_BxV

    def _last_answers(self, listed_BxP: tf.Tensor) -> tf.Tensor:
        """Returns the last listed part that answers to each word, or the last of all where none is listed, [B, W]."""
        answers_WxP, number_P = self.tables.answers_WxP, np.arange(PARTS, dtype=np.int32)
        listed_BxW = tf.reduce_max(tf.where(listed_BxP[:, None] & answers_WxP, number_P, -1), axis=2)
        any_W = np.where(answers_WxP, number_P, -1).max(axis=1, initial=-1)
        return tf.where(listed_BxW >= 0, listed_BxW, any_W)
