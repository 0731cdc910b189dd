"""Tables of a vocabulary's ids, and of the parts of a band, from which the masks of parts are made."""

# ruff: noqa: N803, N806, N815 - shapes stand in the names of arrays.

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from nabi.music import part_choice
from nabi.music.band import Instrument
from nabi.music.encodings import Encoding
from nabi.music.encodings.band_reduction import DRUMS
from nabi.music.encodings.token_kinds import kind_of, pitches_of
from nabi.music.vocabulary import Vocabulary

# Programs and drums: parts are numbered by their programs, drums are 128.
PARTS = DRUMS + 1
# The number of a program that was not said yet: it plays no note.
UNKNOWN = 128

Numbers = npt.NDArray[np.int32]
Truths = npt.NDArray[np.bool_]


@dataclasses.dataclass(frozen=True, eq=False)
class PartTables:
    """Tables of the parts that ids name, and of those that songs may have.

    Attributes:
      part_V: int32, the part that an id lists; -1 of any other.
      player_V: int32, the part that an id lets play, of a program or of a drum; -1 of any other.
      pitch_V: int32, MIDI number of an id that is a note; -1 of any other, drums among them.
      drum_V: int32, MIDI number of an id that is a drum; -1 of any other.
      is_V: kind of token -> bool [V]; `last bar` is the number of a song's last one.
      lowest, highest: int32 [P], range of each program, empty where none was said; a given one has every note.
      floor: int32 [P], MIDI number of the lowest note that each part may play.
      answers_WxP: bool, True for the parts that answer to each of W words, and are not given.
      may_P: bool, True for the parts that a song may have.
      given_P: bool, True for the parts that are given.
    """

    part_V: Numbers
    player_V: Numbers
    pitch_V: Numbers
    drum_V: Numbers
    is_V: dict[str, Truths]
    lowest: Numbers
    highest: Numbers
    floor: Numbers
    answers_WxP: Truths
    may_P: Truths
    given_P: Truths

    @classmethod
    def of(
        cls,
        vocabulary: Vocabulary,
        encoding: Encoding,
        ranges: Mapping[int, tuple[int, int]],
        asked: Sequence[str] = (),
        *,
        may_have: Callable[[Instrument], bool] = lambda _: True,
        given: Sequence[int] = (),
        allowed_V: Truths | None = None,
    ) -> "PartTables":
        """Reads the tables of a vocabulary.

        Args:
          vocabulary: of the model.
          encoding: of the model.
          ranges: program -> lowest and highest MIDI number of its notes; others, and those that are given, play any.
          asked: words of `nabi.music.part_choice` for parts that come in.
          may_have: tells whether a song may have a part that is not given.
          given: parts that are given.
          allowed_V: ids that may be sampled at all, bool [V]; None: all.
        """
        special, tokens = vocabulary.special, vocabulary.tokens[vocabulary.special :]
        kinds = np.array([""] * special + [kind_of(encoding, token) for token in tokens])
        columns = (
            [encoding.part(token) for token in tokens],
            [encoding.program(token) for token in tokens],
            [(*pitches_of(encoding, token), -1)[0] for token in tokens],
            [encoding.number(token) - 1 for token in tokens],
        )
        part_V, program_V, pitch_V, number_V = (np.array([-1] * special + column, np.int32) for column in columns)
        is_V = {kind: kinds == kind for kind in ("bar", "shift", "velocity", "drum")}
        is_V["last bar"] = is_V["bar"] & (number_V == 0)
        drum_V = np.where(is_V["drum"], number_V, -1).astype(np.int32)
        low, high = _ranges({program: bounds for program, bounds in ranges.items() if program not in given})
        heights = [height_V if allowed_V is None else height_V[allowed_V] for height_V in (pitch_V, drum_V)]
        given_P = np.isin(np.arange(PARTS), given)
        answers = [_which(part_choice.plays(word)) & ~given_P for word in asked]
        return cls(
            part_V,
            np.where(is_V["drum"], DRUMS, program_V).astype(np.int32),
            pitch_V,
            drum_V,
            is_V,
            low,
            high,
            _floor(*heights, low),
            np.array(answers, np.bool_).reshape(len(asked), PARTS) & np.isin(np.arange(PARTS), part_V),
            _which(may_have) | given_P,
            given_P,
        )

    @functools.cached_property
    def answers_by_id(self) -> Truths:
        """The words to which each id answers that lets a part play, bool [V, W]."""
        return (self.player_V >= 0)[:, None] & self.answers_WxP.T[np.maximum(self.player_V, 0)]


def _ranges(ranges: Mapping[int, tuple[int, int]]) -> tuple[Numbers, Numbers]:
    low, high = np.zeros(PARTS, np.int32), np.full(PARTS, 127, np.int32)
    low[UNKNOWN] = 128
    for program, (lowest, highest) in ranges.items():
        low[program], high[program] = lowest, highest
    return low, high


def _floor(pitches: Numbers, drums: Numbers, low: Numbers) -> Numbers:
    notes = pitches[pitches >= 0]
    floor = [int(notes[notes >= lowest].min(initial=128)) for lowest in low.tolist()]
    floor[DRUMS] = int(drums[drums >= 0].min(initial=128))
    return np.array(floor, np.int32)


def _which(is_played: Callable[[Instrument], bool]) -> Truths:
    """Marks the parts of which a test is true, bool [P]."""
    return np.array([is_played(part_choice.player(part)) for part in range(PARTS)])
