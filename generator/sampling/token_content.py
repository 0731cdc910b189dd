"""Musical content of a model's ids: notes struck and time passed, for decisions during sampling."""

# ruff: noqa: N815 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import numpy.typing as npt

from nabi.music.encodings import Encoding
from nabi.music.encodings.metred import PHRASES
from nabi.music.encodings.token_kinds import kind_of, pitches_of
from nabi.music.song import DEFAULT_TICKS_PER_QUARTER
from nabi.music.vocabulary import SPECIAL_TOKENS, Vocabulary


@dataclasses.dataclass(frozen=True, eq=False)
class TokenContents:
    """Notes and ticks of V ids.

    Attributes:
      notes_V: int64, notes that each id strikes.
      ticks_V: int64, ticks by which each id moves the time.
      special: number of special ids, 0..special - 1, which are no music.
      ticks_per_quarter: ticks of a quarter note.
      bars: the ids that number bars: no music, and each another.
      pitch_V: int64, MIDI number of an id that strikes or holds one note; -1 of any other.
      is_held_V: bool, True for ids that hold one note and strike none; empty, as `pitch_V`, if nothing is held.
      is_phrase_V: bool, True for ids that say how a phrase is planned; empty if none is.
    """

    notes_V: npt.NDArray[np.int64]
    ticks_V: npt.NDArray[np.int64]
    special: int = len(SPECIAL_TOKENS)
    ticks_per_quarter: int = DEFAULT_TICKS_PER_QUARTER
    bars: tuple[int, ...] = ()
    pitch_V: npt.NDArray[np.int64] = dataclasses.field(default_factory=lambda: np.zeros(0, np.int64))
    is_held_V: npt.NDArray[np.bool_] = dataclasses.field(default_factory=lambda: np.zeros(0, np.bool_))
    is_phrase_V: npt.NDArray[np.bool_] = dataclasses.field(default_factory=lambda: np.zeros(0, np.bool_))

    @classmethod
    def of(cls, vocabulary: Vocabulary, encoding: Encoding) -> "TokenContents":
        """Reads the content of a vocabulary's tokens; special ids have no notes and no ticks."""
        special = vocabulary.special
        tokens = vocabulary.tokens[special:]
        notes = [_struck(encoding, token) for token in tokens]
        ticks = [encoding.ticks(token) for token in tokens]
        pitches = [pitches_of(encoding, token) for token in tokens]
        alone = [pitch[0] if len(pitch) == 1 else -1 for pitch in pitches]
        kinds = [kind_of(encoding, token) for token in tokens]
        held = [number >= 0 and kind == "held" for number, kind in zip(alone, kinds, strict=True)]
        columns = [np.array([0] * special + values, np.int64) for values in (notes, ticks)]
        lines = (np.array([-1] * special + alone, np.int64), np.array([False] * special + held))
        phrases = np.array([False] * special + [kind in PHRASES for kind in kinds])
        bars = tuple(number for number, kind in enumerate(kinds, special) if kind == "bar")
        return cls(*columns, special, encoding.ticks_per_quarter, bars, *lines, phrases)


def _struck(encoding: Encoding, token: str) -> int:
    kind = kind_of(encoding, token)
    return len(pitches_of(encoding, token)) if kind in ("note", "chord") else int(kind == "drum")
