"""Mask of the parts of a band: they are named before they play, stay in their ranges, and come in if asked for."""

# ruff: noqa: N803, N806, N815 - shapes stand in the names of arrays.

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from generator.sampling import next_token
from nabi.music import part_choice
from nabi.music.band import Instrument
from nabi.music.encodings import Encoding
from nabi.music.encodings.token_kinds import kind_of, pitches_of
from nabi.music.vocabulary import Vocabulary

# The number of a program that was not said yet, beyond all others.
_UNKNOWN = 128
# The bar in which a part that has been silent until then comes in.
LATEST_BAR = 3

_Numbers = npt.NDArray[np.int32]
_Truths = npt.NDArray[np.bool_]


@dataclasses.dataclass(frozen=True, eq=False)
class PartMask:
    """Bias (`generator.sampling.bias.Bias`) that leaves of notes those that the present part plays.

    Of parts that are asked for, those that were not heard come in at the beginning of `LATEST_BAR`: the first slice of
    it does not end before. Which notes they play is the model's choice.

    Attributes:
      program_V: int32, program that an id says; -1 of any other.
      pitch_V: int32, MIDI number of an id that is a note; -1 of any other, drums among them.
      is_V: kind of token -> bool [V].
      lowest, highest: int32 [129], range of each program, empty where none was said.
      asked_WxV: bool, True for ids of programs and drums that answer to each of W words.
      may_have_drums: False if no drum may be sampled.
    """

    program_V: _Numbers
    pitch_V: _Numbers
    is_V: dict[str, _Truths]
    lowest: _Numbers
    highest: _Numbers
    asked_WxV: _Truths
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
        programs = [encoding.program(token) for token in tokens]
        pitches = [(*pitches_of(encoding, token), -1)[0] for token in tokens]
        kinds = np.array([""] * special + [kind_of(encoding, token) for token in tokens])
        is_V = {kind: kinds == kind for kind in ("bar", "shift", "velocity", "drum")}
        low, high = np.zeros(_UNKNOWN + 1, np.int32), np.full(_UNKNOWN + 1, 127, np.int32)
        low[_UNKNOWN] = 128
        for program, (lowest, highest) in ranges.items():
            low[program], high[program] = lowest, highest
        program_V, pitch_V = (np.array([-1] * special + values, np.int32) for values in (programs, pitches))
        answers = [_answers(word, program_V, is_V["drum"]) for word in asked]
        asked_WxV = np.array(answers, np.bool_).reshape(len(asked), len(program_V))
        return cls(program_V, pitch_V, is_V, low, high, asked_WxV, may_have_drums)

    def initial(self, rows: int) -> list[tf.Tensor]:
        """Returns, before the first token, the present program, int32 [B]; the words that were heard, bool [B, W]; the
        number of bars, int32 [B]; and whether the next note is the first one of its program, bool [B]."""
        none_B = tf.zeros([rows], tf.int32)
        return [none_B + _UNKNOWN, tf.zeros([rows, len(self.asked_WxV)], tf.bool), none_B, none_B > 0]

    def update(self, memory: list[tf.Tensor], ids_B: tf.Tensor) -> list[tf.Tensor]:
        """Returns all four after the next token."""
        program_B, heard_BxW, bars_B, begins_B = memory
        said_B = tf.gather(self.program_V, ids_B)
        answered_BxW = tf.gather(self.asked_WxV, ids_B, axis=1)
        return [
            tf.where(said_B >= 0, said_B, program_B),
            heard_BxW | tf.transpose(answered_BxW),
            bars_B + tf.cast(tf.gather(self.is_V["bar"], ids_B), tf.int32),
            (said_B >= 0) | (begins_B & tf.gather(self.is_V["velocity"], ids_B)),
        ]

    def apply(self, logits_BxV: tf.Tensor, memory: list[tf.Tensor]) -> tf.Tensor:
        """Returns the logits with -inf for notes that the present part does not play, and where parts have to come in
        for all else that could come there."""
        program_B, heard_BxW, bars_B, begins_B = memory
        low_Bx1, high_Bx1 = (tf.gather(bounds, program_B)[:, None] for bounds in (self.lowest, self.highest))
        is_note_V = self.pitch_V >= 0
        plays_BxV = ~is_note_V | (self.pitch_V >= low_Bx1) & (self.pitch_V <= high_Bx1)
        if not self.may_have_drums:
            # A velocity is followed by a note, for which nobody is there yet.
            plays_BxV &= ~self.is_V["velocity"] | (program_B < _UNKNOWN)[:, None]
        if not len(self.asked_WxV):
            return next_token.masked(logits_BxV, plays_BxV)
        missing_BxV = tf.matmul(tf.cast(~heard_BxW, tf.float32), self.asked_WxV.astype(np.float32)) > 0
        is_due_Bx1 = ((bars_B >= LATEST_BAR) & ~tf.reduce_all(heard_BxW, axis=1))[:, None]
        drums_Bx1 = tf.reduce_any(missing_BxV & self.is_V["drum"], axis=1, keepdims=True)
        enters_V = (self.program_V >= 0) | self.is_V["drum"]
        comes_in_BxV = tf.where(enters_V, missing_BxV, ~self.is_V["shift"])
        # A note, or a velocity, belongs to a part that comes in, or the velocity to drums that do.
        comes_in_BxV &= ~is_note_V | begins_B[:, None]
        comes_in_BxV &= ~self.is_V["velocity"] | begins_B[:, None] | drums_Bx1
        return next_token.masked(logits_BxV, plays_BxV & (~is_due_Bx1 | comes_in_BxV))


def _answers(word: str, program_V: _Numbers, is_drum_V: _Truths) -> _Truths:
    if word == part_choice.DRUMS:
        return is_drum_V
    plays_it = part_choice.plays(word)
    return np.array([program >= 0 and plays_it(Instrument("", program)) for program in program_V.tolist()])
