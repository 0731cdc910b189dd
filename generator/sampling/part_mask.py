"""Mask of the parts of a band: listed, named before they play, in their ranges, and coming in if asked for."""

# ruff: noqa: N803, N806, N815 - shapes stand in the names of arrays.

import dataclasses
import functools
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from generator.sampling import next_token
from nabi.music import part_choice
from nabi.music.band import Instrument
from nabi.music.encodings import Encoding
from nabi.music.encodings.band_reduction import DRUMS
from nabi.music.encodings.token_kinds import kind_of, pitches_of
from nabi.music.vocabulary import Vocabulary

# Programs and drums.
_PARTS = DRUMS + 1
# The number of a program that was not said yet, beyond all others.
_UNKNOWN = 128
# The bar in which a part that has been silent until then comes in.
LATEST_BAR = 3

_Numbers = npt.NDArray[np.int32]
_Truths = npt.NDArray[np.bool_]


@dataclasses.dataclass(frozen=True, eq=False)
class PartMask:
    """Bias (`generator.sampling.bias.Bias`) that leaves of notes those that the present part plays.

    A song lists its parts, in their order, among them those that are asked for, and no other part plays; where none was
    listed, as after given tokens, any does. Of parts that are asked for, those that were not heard come in at the
    beginning of `LATEST_BAR`: the first slice of it does not end before. Which notes they play is the model's choice.

    Attributes:
      part_V: int32, number of a part that an id lists, by its program, drums 128; -1 of any other.
      player_V: int32, number of the part that an id lets play: of a program, or of a drum; -1 of any other.
      pitch_V: int32, MIDI number of an id that is a note; -1 of any other, drums among them.
      is_V: kind of token -> bool [V].
      lowest, highest: int32 [129], range of each program, empty where none was said.
      answers_WxP: bool, True for the parts that answer to each of W words.
      may_have_drums: False if no drum may be sampled.
    """

    part_V: _Numbers
    player_V: _Numbers
    pitch_V: _Numbers
    is_V: dict[str, _Truths]
    lowest: _Numbers
    highest: _Numbers
    answers_WxP: _Truths
    may_have_drums: bool = True

    @classmethod
    def of(
        cls,
        vocabulary: Vocabulary,
        encoding: Encoding,
        ranges: Mapping[int, tuple[int, int]],
        asked: Sequence[str] = (),
        *,
        may_have_drums: bool = True,
    ) -> "PartMask":
        """Reads the tables of a vocabulary.

        Args:
          vocabulary: of the model.
          encoding: of the model.
          ranges: program -> lowest and highest MIDI number of its notes; others play any.
          asked: words of `nabi.music.part_choice` for parts that come in.
          may_have_drums: False if no drum may be sampled.
        """
        special, tokens = vocabulary.special, vocabulary.tokens[vocabulary.special :]
        kinds = np.array([""] * special + [kind_of(encoding, token) for token in tokens])
        is_V = {kind: kinds == kind for kind in ("bar", "shift", "velocity", "drum")}
        columns = ([encoding.part(token) for token in tokens], [encoding.program(token) for token in tokens])
        part_V, program_V = (np.array([-1] * special + column, np.int32) for column in columns)
        pitches = [(*pitches_of(encoding, token), -1)[0] for token in tokens]
        low, high = np.zeros(_UNKNOWN + 1, np.int32), np.full(_UNKNOWN + 1, 127, np.int32)
        low[_UNKNOWN] = 128
        for program, (lowest, highest) in ranges.items():
            low[program], high[program] = lowest, highest
        answers = [_answers(word, part_V[part_V >= 0]) for word in asked]
        return cls(
            part_V,
            np.where(is_V["drum"], DRUMS, program_V),
            np.array([-1] * special + pitches, np.int32),
            is_V,
            low,
            high,
            np.array(answers, np.bool_).reshape(len(asked), _PARTS),
            may_have_drums,
        )

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns, before the first token, the present program, int32 [B]; the words that were heard, bool [B, W]; the
        number of bars, int32 [B]; whether the next note is the first one of its program, bool [B]; the parts that are
        listed, bool [B, P]; and whether the last token listed one, bool [B]."""
        none_B = tf.zeros([rows], tf.int32)
        heard, listed = (tf.zeros([rows, size], tf.bool) for size in self.answers_WxP.shape)
        return [none_B + _UNKNOWN, heard, none_B, none_B > 0, listed, none_B > 0]

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns all six after the next token."""
        program_B, heard_BxW, bars_B, begins_B, listed_BxP, _ = memory
        player_B, part_B = tf.gather(self.player_V, ids_B), tf.gather(self.part_V, ids_B)
        is_named_B = (player_B >= 0) & (player_B != DRUMS)
        answered_BxW = tf.gather(self._answers_by_id, ids_B)
        return [
            tf.where(is_named_B, player_B, program_B),
            heard_BxW | answered_BxW,
            bars_B + tf.cast(tf.gather(self.is_V["bar"], ids_B), tf.int32),
            is_named_B | (begins_B & tf.gather(self.is_V["velocity"], ids_B)),
            listed_BxP | (tf.range(_PARTS) == part_B[:, None]),
            part_B >= 0,
        ]

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the logits with -inf for parts that are not to be listed, for notes that the present part does not
        play, and where parts have to come in for all else that could come there."""
        legal_BxV = self._may_list(*memory[4:]) & self._may_play(memory[0], memory[4])
        if len(self.answers_WxP):
            legal_BxV &= self._comes_in(memory)
        return next_token.masked(logits_BxV, legal_BxV)

    @functools.cached_property
    def _answers_by_id(self) -> _Truths:
        """The words to which each id answers that lets a part play, bool [V, W]."""
        return (self.player_V >= 0)[:, None] & self.answers_WxP.T[np.maximum(self.player_V, 0)]

    def _may_list(self, listed_BxP: tf.Tensor, lists_B: tf.Tensor) -> tf.Tensor:
        """Marks the parts that come after those listed, none so late that a word would be without an answer, and after
        a list with an answer to each word all that is no part."""
        number_P = tf.range(_PARTS)
        latest_Bx1 = tf.reduce_max(tf.where(listed_BxP, number_P, -1), axis=1, keepdims=True)
        open_BxW = ~self._answered(listed_BxP)
        last_W = np.where(self.answers_WxP, np.arange(_PARTS), -1).max(axis=1, initial=-1).astype(np.int32)
        last_Bx1 = tf.reduce_min(tf.where(open_BxW, last_W, _PARTS), axis=1, keepdims=True)
        is_next_BxV = (self.part_V > latest_Bx1) & (self.part_V <= last_Bx1)
        is_complete_Bx1 = ~(lists_B & tf.reduce_any(open_BxW, axis=1))[:, None]
        return tf.where(self.part_V >= 0, is_next_BxV, is_complete_Bx1)

    def _may_play(self, program_B: tf.Tensor, listed_BxP: tf.Tensor) -> tf.Tensor:
        """Marks the programs and drums of the parts that are listed or asked for, the notes in the range of the present
        program, and all that is no note; a velocity waits for somebody who can play."""
        low_Bx1, high_Bx1 = (tf.gather(bounds, program_B)[:, None] for bounds in (self.lowest, self.highest))
        is_in_range_BxV = (self.pitch_V >= low_Bx1) & (self.pitch_V <= high_Bx1)
        # Given tokens may list other parts than are asked for.
        open_BxW = tf.cast(~self._answered(listed_BxP), tf.float32)
        plays_BxP = listed_BxP | (tf.matmul(open_BxW, self.answers_WxP.astype(np.float32)) > 0)
        plays_BxP |= ~tf.reduce_any(listed_BxP, axis=1, keepdims=True)
        plays_BxP &= self.may_have_drums | (np.arange(_PARTS) != DRUMS)
        plays_BxV = tf.gather(plays_BxP, np.maximum(self.player_V, 0), axis=1)
        somebody_Bx1 = (program_B < _UNKNOWN)[:, None] | plays_BxP[:, DRUMS:]
        return (
            ((self.player_V < 0) | plays_BxV)
            & ((self.pitch_V < 0) | is_in_range_BxV)
            & (~self.is_V["velocity"] | somebody_Bx1)
        )

    def _comes_in(self, memory: list[tf.Tensor]) -> tf.Tensor:
        """Marks, where parts have to come in, the ids by which they do, and elsewhere all."""
        _, heard_BxW, bars_B, begins_B, *_ = memory
        missing_BxV = tf.matmul(tf.cast(~heard_BxW, tf.float32), self._answers_by_id.T.astype(np.float32)) > 0
        is_due_Bx1 = ((bars_B >= LATEST_BAR) & ~tf.reduce_all(heard_BxW, axis=1))[:, None]
        drums_Bx1 = tf.reduce_any(missing_BxV & self.is_V["drum"], axis=1, keepdims=True)
        comes_in_BxV = tf.where(self.player_V >= 0, missing_BxV, ~self.is_V["shift"])
        # A note, or a velocity, belongs to a part that comes in, or the velocity to drums that do.
        comes_in_BxV &= (self.pitch_V < 0) | begins_B[:, None]
        comes_in_BxV &= ~self.is_V["velocity"] | begins_B[:, None] | drums_Bx1
        return ~is_due_Bx1 | comes_in_BxV

    def _answered(self, listed_BxP: tf.Tensor) -> tf.Tensor:
        """Tells which words a list of parts answers, bool [B, W]."""
        return tf.matmul(tf.cast(listed_BxP, tf.float32), self.answers_WxP.T.astype(np.float32)) > 0


def _answers(word: str, parts: _Numbers) -> _Truths:
    """Marks those of the parts that answer to a word, bool [P]."""
    plays_it = part_choice.plays(word)
    players = [Instrument("", part % DRUMS, is_drums=part == DRUMS) for part in parts.tolist()]
    return np.isin(np.arange(_PARTS), [part for part, player in zip(parts, players, strict=True) if plays_it(player)])
