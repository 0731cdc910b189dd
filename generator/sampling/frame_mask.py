"""Mask of the frame of bars and phrases: tokens that say where a song is agree with where it is."""

# ruff: noqa: N803, N806, N815 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from generator.sampling import next_token
from nabi.music.encodings.metred import LONGEST_PHRASE, MOST_BARS, Metred, frame_kind
from nabi.music.vocabulary import END, Vocabulary
from nabi.networks import positions
from nabi.networks.song_memory import SongMemory

_Ticks = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, eq=False)
class FrameMask:
    """Bias (`generator.sampling.bias.Bias`) that leaves of a frame's tokens (`Metred`) those that are true.

    A slice ends within its bar and its phrase; then comes its place, or at a bar line the next number of bars, and at
    the end of the last bar `<end>`, and nowhere else. A phrase begins where the one before has ended, and ends within
    the song. No music has other tokens, but a grammar of kinds cannot count, and a network can lose count. Given tokens
    that are not true (a primer) are left as they are; without a bar's number nothing is masked.

    Attributes:
      tables: of V ids, float32 [V] each, as `positions.advance` takes them; and `places`, the ticks of a place.
      is_V: kind of token in the frame -> bool [V].
      quarter: ticks of a quarter note.
    """

    tables: dict[str, _Ticks]
    is_V: dict[str, npt.NDArray[np.bool_]]
    quarter: int

    @classmethod
    def of(cls, vocabulary: Vocabulary, encoding: Metred) -> "FrameMask":
        """Reads the tables of a vocabulary."""
        special, tokens = vocabulary.special, vocabulary.tokens[vocabulary.special :]
        kinds = np.array([""] * special + [frame_kind(token) for token in tokens])
        is_V = {kind: kinds == kind for kind in ("bar", "place", "key", "last", "phrase", "shift")}
        numbers = np.array([0.0] * special + [encoding.number(token) for token in tokens], np.float32)
        tables = {**SongMemory.of(vocabulary, encoding).tables, "places": np.where(is_V["place"], numbers, 0)}
        return cls(tables, is_V, encoding.ticks_per_quarter)

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns the clock before the first token, the last id, and whether time has passed, and the song ended."""
        no_B = tf.zeros([rows], tf.bool)
        return [tf.zeros([rows, positions.CLOCK]), tf.zeros([rows], tf.int32), no_B, no_B]

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns all four after the next token."""
        clock, _, has_moved_B, has_ended_B = memory
        ids_B = tf.cast(ids_B, tf.int32)
        has_moved_B |= tf.gather(self.tables["ticks"], ids_B) > 0
        return [positions.advance(self.tables, ids_B, clock), ids_B, has_moved_B, has_ended_B | (ids_B == END)]

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the logits with -inf for ids that are not true."""
        clock, last_id_B, has_moved_B, has_ended_B = memory
        bar, last, bars, since, phrase, *_ = (part[:, None] for part in tf.unstack(clock, axis=1))
        last_bar, left = (part[:, None] for part in positions.rest(clock))
        room = tf.where(bars == 1, last_bar, bar) - since
        is_planned = (last > 0) | has_moved_B[:, None]
        within = self._within(last_id_B, bar, is_planned, room, left, phrase)
        begins = tf.gather(self.tables["ticks"], last_id_B)[:, None] > 0
        is_free = (bars == 0) | has_ended_B[:, None]
        return next_token.masked(logits_BxV, tf.where(begins, self._at_border(room, bars, since), within) | is_free)

    def _at_border(self, room: tf.Tensor, bars: tf.Tensor, since: tf.Tensor) -> tf.Tensor:
        """Marks the ids that may come after a slice's length, bool [B, V]."""
        numbers_V, places_V = self.tables["bars"], self.tables["places"]
        # Of the bars from the most on all have one number.
        is_next = (numbers_V == bars - 1) | ((bars == MOST_BARS) & (numbers_V == MOST_BARS))
        is_end = (tf.range(len(places_V)) == END) & (bars == 1)
        at_line = (self.is_V["bar"] & is_next & (bars > 1)) | is_end
        return tf.where(room <= 0, at_line, self.is_V["place"] & (places_V == since))

    def _within(
        self,
        last_id_B: tf.Tensor,
        bar: tf.Tensor,
        is_planned: tf.Tensor,
        room: tf.Tensor,
        left: tf.Tensor,
        phrase: tf.Tensor,
    ) -> tf.Tensor:
        """Marks the ids that may come within a slice, bool [B, V]."""
        is_V, ticks_V, phrases_V = self.is_V, self.tables["ticks"], self.tables["phrases"]
        # After given tokens that go beyond the bar any length will do.
        fits = ((ticks_V <= room) & ((phrase == 0) | (ticks_V <= phrase))) | (room <= 0)
        said = tf.gather(phrases_V, last_id_B)[:, None]
        is_whole_V = phrases_V % self.quarter == 0
        goes_on = (said > 0) & tf.where(is_whole_V, said == LONGEST_PHRASE * self.quarter, said % self.quarter == 0)
        of_phrase = (phrases_V <= left - phrase) & ((phrase == 0) | goes_on)
        is_music_V = ~np.any(list(is_V.values()), axis=0) & (np.arange(len(ticks_V)) != END)
        music = is_music_V | (is_V["shift"] & fits) | (is_V["phrase"] & of_phrase)
        plan = is_V["key"] | (is_V["last"] & (self.tables["lasts"] <= bar))
        return tf.where(is_planned, music, plan)
