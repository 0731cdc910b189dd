"""Mask of the frame of bars and phrases: tokens that say where a song is agree with where it is."""

# ruff: noqa: N803, N806, N815 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from generator.sampling import next_token
from nabi.music.encodings.metred import LONGEST_BAR, MOST_BARS, Metred, frame_kind
from nabi.music.phrase_tokens import LONGEST_PHRASE
from nabi.music.vocabulary import END, Vocabulary
from nabi.networks import positions
from nabi.networks.song_memory import SongMemory

# Kinds of tokens that this mask tells where to stand.
_FRAME = ("bar", "place", "key", "last", "phrase", "cadence", "again", "shift")

_Ticks = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, eq=False)
class FrameMask:
    """Bias (`generator.sampling.bias.Bias`) that leaves of a frame's tokens (`Metred`) those that are true.

    A slice ends within its bar and its phrase; then comes its place, or at a bar line the next number of bars, and at
    the end of the last bar `<end>`, and nowhere else. A phrase begins where the one before has ended, and ends within
    the song; its cadence is of two notes, the highest first, or it comes back to a phrase that was. No note lasts
    longer than what bars are left, were all of them the longest. The last bar is as long as was said at the beginning:
    where the meter may change until then, that is as long as a bar of any meter, and a meter with such bars holds in
    the last one, which begins with it if need be. No music has other tokens, but a grammar of kinds cannot count, and
    a network can lose count. Given tokens that are not true (a primer) are left as they are; without a bar's number
    nothing is masked.

    Attributes:
      tables: of V ids, float32 [V] each, as `positions.advance` takes them; `places`, the ticks of a place; and
        `durations`, those of a note.
      is_V: kind of token in the frame -> bool [V].
      quarter: ticks of a quarter note.
      longest_bar: ticks of the longest bar that another meter may bring; 0 where the meter stays.
    """

    tables: dict[str, _Ticks]
    is_V: dict[str, npt.NDArray[np.bool_]]
    quarter: int
    longest_bar: int

    @classmethod
    def of(cls, vocabulary: Vocabulary, encoding: Metred) -> "FrameMask":
        """Reads the tables of a vocabulary."""
        special, tokens = vocabulary.special, vocabulary.tokens[vocabulary.special :]
        kinds = np.array([""] * special + [frame_kind(token) for token in tokens])
        is_V = {kind: kinds == kind for kind in _FRAME}
        numbers = np.array([0.0] * special + [encoding.number(token) for token in tokens], np.float32)
        durations = np.array([0.0] * special + [encoding.duration(token) for token in tokens], np.float32)
        tables = {**SongMemory.of(vocabulary, encoding).tables, "places": np.where(is_V["place"], numbers, 0)}
        tables["durations"] = durations
        longest = int(tables["meters"].max()) if "meter change" in encoding.FOLLOWS else 0
        return cls(tables, is_V, encoding.ticks_per_quarter, longest)

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns the clock before the first token, the last id, whether time has passed, and the song ended; and the
        ticks that the last note has been said to last."""
        no_B = tf.zeros([rows], tf.bool)
        return [tf.zeros([rows, positions.CLOCK]), tf.zeros([rows], tf.int32), no_B, no_B, tf.zeros([rows])]

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns all five after the next token."""
        clock, _, has_moved_B, has_ended_B, lasted_B = memory
        ids_B = tf.cast(ids_B, tf.int32)
        has_moved_B |= tf.gather(self.tables["ticks"], ids_B) > 0
        duration_B = tf.gather(self.tables["durations"], ids_B)
        lasted_B = tf.where(duration_B > 0, lasted_B + duration_B, 0.0)
        return [
            positions.advance(self.tables, ids_B, clock),
            ids_B,
            has_moved_B,
            has_ended_B | (ids_B == END),
            lasted_B,
        ]

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the logits with -inf for ids that are not true."""
        clock, last_id_B, has_moved_B, has_ended_B, lasted_B = memory
        now = positions.Clock(*(part[:, None] for part in positions.Clock.read(clock)))
        last_bar, left = (part[:, None] for part in positions.rest(clock))
        room = tf.where(now.bars == 1, self._within_bar(last_bar, now), now.bar) - now.since
        # After given tokens that go beyond the bar any length will do.
        fits = ((self.tables["ticks"] <= room) & ((now.phrase == 0) | (self.tables["ticks"] <= now.phrase))) | (
            room <= 0
        )
        music = self._is_music() | (self.is_V["shift"] & fits) | self._of_phrase(last_id_B, now, left)
        music &= self._agrees(last_id_B, now)
        # Of a song of one bar the meter is known.
        longest = tf.where(now.bars > 1, tf.maximum(now.bar, float(self.longest_bar)), now.bar)
        plan = self.is_V["key"] | (self.is_V["last"] & (self.tables["lasts"] <= longest))
        within = tf.where((now.last > 0) | has_moved_B[:, None], music, plan)
        begins = tf.gather(self.tables["ticks"], last_id_B)[:, None] > 0
        is_free = (now.bars == 0) | has_ended_B[:, None]
        longest = tf.where(now.bars < MOST_BARS, now.bars * LONGEST_BAR * self.quarter, np.inf)
        ends = lasted_B[:, None] + self.tables["durations"] <= longest
        return next_token.masked(logits_BxV, (tf.where(begins, self._at_border(room, now), within) & ends) | is_free)

    def _within_bar(self, last_bar: tf.Tensor, now: positions.Clock) -> tf.Tensor:
        """Returns the ticks of the last bar, no more than of a bar where meters change, [B, 1]."""
        return tf.minimum(last_bar, now.bar) if self.longest_bar else last_bar

    def _agrees(self, last_id_B: tf.Tensor, now: positions.Clock) -> tf.Tensor:
        """Marks, where the last bar begins, meters with bars of its length, and all else if it has such a one, and
        elsewhere all ids, bool [B, V]."""
        meters_V = self.tables["meters"]
        begins_Bx1 = tf.gather(self.is_V["bar"], last_id_B)[:, None] & (now.bars == 1) & bool(self.longest_bar)
        return ~begins_Bx1 | tf.where(meters_V > 0, meters_V >= now.last, now.bar >= now.last)

    def _at_border(self, room: tf.Tensor, now: positions.Clock) -> tf.Tensor:
        """Marks the ids that may come after a slice's length, bool [B, V]."""
        numbers_V, places_V = self.tables["bars"], self.tables["places"]
        # Of the bars from the most on all have one number.
        is_next = (numbers_V == now.bars - 1) | ((now.bars == MOST_BARS) & (numbers_V == MOST_BARS))
        is_end = (tf.range(len(places_V)) == END) & (now.bars == 1)
        at_line = (self.is_V["bar"] & is_next & (now.bars > 1)) | is_end
        return tf.where(room <= 0, at_line, self.is_V["place"] & (places_V == now.since))

    def _is_music(self) -> npt.NDArray[np.bool_]:
        is_frame_V = np.any(list(self.is_V.values()), axis=0)
        return ~is_frame_V & (np.arange(len(is_frame_V)) != END)

    def _of_phrase(self, last_id_B: tf.Tensor, now: positions.Clock, left: tf.Tensor) -> tf.Tensor:
        """Marks the ids of phrases that may come within a slice, bool [B, V]."""
        phrases_V, cadences_V = self.tables["phrases"], self.tables["cadences"]
        said = tf.gather(phrases_V, last_id_B)[:, None]
        is_whole_V = phrases_V % self.quarter == 0
        goes_on = (said > 0) & tf.where(is_whole_V, said == LONGEST_PHRASE * self.quarter, said % self.quarter == 0)
        length = self.is_V["phrase"] & (phrases_V <= left - now.phrase) & ((now.phrase == 0) | goes_on)
        cadence = self.is_V["cadence"] & ((now.top == 0) | ((now.bottom == 0) & (cadences_V <= now.top)))
        # A phrase comes back as long as it was.
        back_V = np.maximum(self.tables["returns"] - 1, 0).astype(np.int32)
        returned = tf.gather(now.lengths[:, 0], back_V, axis=1)
        again = self.is_V["again"] & (returned > 0) & (returned <= left) & (now.phrase == 0)
        return length | cadence | again
