"""What a model's ids say of notes and of time, for all that looks at songs while they are sampled."""

# ruff: noqa: N815 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import numpy.typing as npt

from nabi.music.encodings import Encoding
from nabi.music.encodings.token_kinds import kind_of, pitches_of
from nabi.music.song import DEFAULT_TICKS_PER_QUARTER
from nabi.music.vocabulary import SPECIAL_TOKENS, Vocabulary


@dataclasses.dataclass(frozen=True, eq=False)
class TokenContents:
    """Of V ids.

    Attributes:
      notes_V: int64, how many notes an id strikes.
      ticks_V: int64, how much later the next id's notes begin for it.
      special: how many ids, the first ones, are no music.
      ticks_per_quarter: of those ticks.
    """

    notes_V: npt.NDArray[np.int64]
    ticks_V: npt.NDArray[np.int64]
    special: int = len(SPECIAL_TOKENS)
    ticks_per_quarter: int = DEFAULT_TICKS_PER_QUARTER

    @classmethod
    def of(cls, vocabulary: Vocabulary, encoding: Encoding) -> "TokenContents":
        """What the tokens of a vocabulary say; the special ones say nothing."""
        special = vocabulary.special
        tokens = vocabulary.tokens[special:]
        notes = [_struck(encoding, token) for token in tokens]
        ticks = [encoding.ticks(token) for token in tokens]
        columns = (np.array([0] * special + of_tokens, np.int64) for of_tokens in (notes, ticks))
        return cls(*columns, special, encoding.ticks_per_quarter)


def _struck(encoding: Encoding, token: str) -> int:
    return len(pitches_of(encoding, token)) if kind_of(encoding, token) in ("note", "chord") else 0
