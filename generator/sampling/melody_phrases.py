"""The phrases of a given line, as tables over time and over tokens."""

# ruff: noqa: N815 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import numpy.typing as npt

from nabi.music import phrases
from nabi.music.encodings import Voices
from nabi.music.encodings.metred import frame_kind
from nabi.music.phrase_tokens import FURTHEST, LONGEST_PHRASE, phrase_length
from nabi.music.song import Song
from nabi.music.vocabulary import Vocabulary

_Ints = npt.NDArray[np.int32]


@dataclasses.dataclass(frozen=True, eq=False)
class MelodyPhrases:
    """Tables of a line of T ticks and of V ids from which `generator.sampling.phrase_mask.PhraseMask` is made.

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
    def of(cls, line: Song, encoding: Voices, vocabulary: Vocabulary, *, lowest: bool = False) -> "MelodyPhrases":
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

    def of_kind(self, kind: str) -> _Ints:
        """Returns the numbers of the ids of a kind, 0 for any other, int32 [V]."""
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
