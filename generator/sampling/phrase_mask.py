"""Mask of the tokens of phrases that are true of a given line: how long they are, where they end, what comes back."""

# ruff: noqa: N803, N806, N815 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from generator.sampling import next_token
from nabi.music import phrases
from nabi.music.encodings import Voices
from nabi.music.encodings.metred import frame_kind
from nabi.music.phrase_tokens import FURTHEST, LONGEST_PHRASE, phrase_length
from nabi.music.song import Song
from nabi.music.vocabulary import Vocabulary

_Ints = npt.NDArray[np.int32]


@dataclasses.dataclass(frozen=True, eq=False)
class PhraseMask:
    """Bias (`generator.sampling.bias.Bias`) that leaves what is true of a line of T ticks about its phrases.

    Where the line's phrases are known, each is said where it begins; else they are of any length. A cadence has the
    line's note at the phrase's end, and a phrase comes back only where the line's does. So the network knows, before it
    goes on, where the line leads.

    Attributes:
      length_T: int32 [T + 1], ticks of the phrase that begins at this tick, 0 where none does.
      returns_TxK: bool [T + 1, K], True where the phrase of this tick is the same as the one k phrases back.
      pitch_T: int32 [T + 1], MIDI number of the line's note; -1 in a rest and at T.
      token_R: int32, id of the next token of a phrase's length of which R ticks are left to say, from 0, which has -1;
        the last one is for so many or more.
      kind_V: kind of id in the frame, "" of any other.
      ticks_V: ticks by which an id moves the time.
      number_V: what `nabi.music.encodings.Encoding.number` tells of an id.
      lowest: True if the line is the lowest voice.
    """

    length_T: _Ints
    returns_TxK: npt.NDArray[np.bool_]
    pitch_T: _Ints
    token_R: _Ints
    kind_V: npt.NDArray[np.str_]
    ticks_V: _Ints
    number_V: _Ints
    lowest: bool

    @classmethod
    def of(cls, line: Song, encoding: Voices, vocabulary: Vocabulary, *, lowest: bool = False) -> "PhraseMask":
        """Builds the tables; the arguments are those of `generator.sampling.melody.Melody.of`."""
        tokens, special = vocabulary.tokens[vocabulary.special :], vocabulary.special
        columns = [[encoding.ticks(token) for token in tokens], [encoding.number(token) for token in tokens]]
        ticks, numbers = (np.array([0] * special + column, np.int32) for column in columns)
        return cls(
            *_phrases(line),
            _pitches(line),
            _spelling(encoding.ticks_per_quarter, vocabulary),
            np.array([""] * special + [frame_kind(token) for token in tokens]),
            ticks,
            numbers,
            lowest,
        )

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns the tick, and of its slice: whether its place is said, ticks and notes of its phrase, int32 [B]."""
        return [tf.zeros([rows], tf.int32)] * 4

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns all four after the next token."""
        tick_B, *of_slice = memory
        ticks_B = tf.gather(self.ticks_V, ids_B)
        is_place_V = np.isin(self.kind_V, ["bar", "place"]).astype(np.int32)
        back_B = tf.gather(self._of_kind("again"), ids_B)
        said = [is_place_V, self._of_kind("phrase"), np.minimum(self._of_kind("cadence"), 1)]
        stays_B = tf.cast(ticks_B == 0, tf.int32)
        of_slice = [(part + tf.gather(column, ids_B)) * stays_B for part, column in zip(of_slice, said, strict=True)]
        # A phrase that comes back says no length.
        of_slice[1] += tf.where(back_B > 0, tf.gather(self.length_T, tick_B), 0)
        return [tf.minimum(tick_B + ticks_B, len(self.pitch_T) - 1), *of_slice]

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the logits with -inf for what is not true of the line."""
        tick_Bx1, places_Bx1, said_Bx1, notes_Bx1 = (part[:, None] for part in memory)
        ids_V, is_frame_V = tf.range(len(self.kind_V)), np.isin(self.kind_V, ["phrase", "cadence", "again"])
        # The line's own note is the first of a cadence, or the last one.
        pitch_Bx1 = tf.gather(self.pitch_T, tf.clip_by_value(tick_Bx1 + said_Bx1 - 1, 0, len(self.pitch_T) - 1))
        is_own_Bx1 = (notes_Bx1 == int(self.lowest)) & (pitch_Bx1 >= 0)
        cadence_BxV = (self.kind_V == "cadence") & (~is_own_Bx1 | (self.number_V == pitch_Bx1 + 1))
        course_BxV = ~is_frame_V | cadence_BxV
        if not self.length_T.any():
            return next_token.masked(logits_BxV, course_BxV | (self.kind_V == "phrase"))
        left_Bx1 = tf.gather(self.length_T, tick_Bx1) - said_Bx1
        next_Bx1 = tf.gather(self.token_R, tf.clip_by_value(left_Bx1, 0, len(self.token_R) - 1))
        again_BxV = tf.gather(tf.gather(self.returns_TxK, memory[0]), self._of_kind("again"), axis=1) & (said_Bx1 == 0)
        # The plan of the song is said before its first phrase.
        due_BxV = np.isin(self.kind_V, ["key", "last"]) | (ids_V == next_Bx1) | again_BxV
        return next_token.masked(logits_BxV, tf.where((places_Bx1 > 0) & (left_Bx1 > 0), due_BxV, course_BxV))

    def _of_kind(self, kind: str) -> _Ints:
        return np.where(self.kind_V == kind, self.number_V, 0)


def _phrases(line: Song) -> tuple[_Ints, npt.NDArray[np.bool_]]:
    """Returns `length_T` and `returns_TxK`."""
    length, returns = np.zeros(line.end + 1, np.int32), np.zeros((line.end + 1, FURTHEST + 1), np.bool_)
    firsts = phrases.firsts(line)
    for number, (begin, end) in enumerate(phrases.spans(line)):
        length[begin] = end - begin
        for back in range(1, min(number, FURTHEST) + 1):
            returns[begin, back] = firsts[number - back] == firsts[number]
    return length, returns


def _pitches(line: Song) -> _Ints:
    """Returns `pitch_T`."""
    pitches = np.full(line.end + 1, -1, np.int32)
    for start, duration, pitch in zip(*(column.tolist() for column in line.notes()), strict=True):
        pitches[start : start + duration] = pitch
    return pitches


def _spelling(ticks_per_quarter: int, vocabulary: Vocabulary) -> _Ints:
    """Returns `token_R`."""
    longest = LONGEST_PHRASE * ticks_per_quarter
    first = [phrase_length(ticks, ticks_per_quarter)[0] for ticks in range(1, longest + 1)]
    return np.append([-1], vocabulary.encode(first)).astype(np.int32)
