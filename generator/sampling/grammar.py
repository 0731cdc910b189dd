"""Which token may come next: the encoding's grammar over a vocabulary's ids."""

# ruff: noqa: N806, N815 - shapes stand in the names of arrays.

import dataclasses
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from nabi.music import vocabulary as special
from nabi.music.encodings import Encoding
from nabi.music.vocabulary import Vocabulary, legal_next

# The row of a grammar that holds where a song begins.
_START_ROW = 0


@dataclasses.dataclass(frozen=True, eq=False)
class Grammar:
    """The grammar as a mask.

    Attributes:
      next_KxV: int64, the row that holds after each id, where one of K rows held before it; row 0 holds at the start.
      legal_KxV: bool, which ids may come where a row holds; of the special ones only `<end>` ever.
    """

    next_KxV: npt.NDArray[np.int64]
    legal_KxV: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        vocabulary: Vocabulary,
        encoding: Encoding,
        *,
        ends: bool,
        allowed_V: npt.NDArray[np.bool_] | None = None,  # noqa: N803
    ) -> "Grammar":
        """The grammar of an encoding.

        Args:
          vocabulary: the ids.
          encoding: whose tokens they are.
          ends: whether songs end with `<end>`; a model trained without song marks never saw it.
          allowed_V: which ids may come at all, bool [V]; None: all.

        Raises:
          ValueError: if sampling could come to a token after which nothing is legal.
        """
        next_KxV, legal_KxV = legal_next(vocabulary, encoding)
        legal_KxV[:, special.END] &= ends
        if allowed_V is not None:
            legal_KxV &= allowed_V
        grammar = cls(next_KxV, legal_KxV)
        stuck = [token for row, token in grammar.reachable().items() if not legal_KxV[row].any()]
        if stuck:
            token = vocabulary.tokens[stuck[0]]
            because = "" if allowed_V is None else ": widen --key, --lowest or --highest"
            raise ValueError(f"the model has no token that may follow {token!r} in {encoding.name}{because}")
        return grammar

    def after(self, ids: Iterable[int]) -> npt.NDArray[np.bool_]:
        """Which ids may follow these, which begin a song, bool [V]."""
        row = _START_ROW
        for token in ids:
            row = int(self.next_KxV[row, token])
        return self.legal_KxV[row]

    def reachable(self) -> dict[int, int]:
        """The rows that sampling may come to, each with an id that leads to it; `<end>` leads nowhere."""
        found, waiting = {_START_ROW: special.START}, [_START_ROW]
        while waiting:
            row = waiting.pop()
            for token in np.flatnonzero(self.legal_KxV[row]).tolist():
                after = int(self.next_KxV[row, token])
                if token != special.END and after not in found:
                    found[after] = token
                    waiting.append(after)
        return found

    def walk(self, ids: Iterable[int]) -> list[int]:
        """The music of ids that the grammar allows: what may not follow what was kept is left out, specials too.

        Raises:
          ValueError: for an id outside the vocabulary.
        """
        kept: list[int] = []
        row = _START_ROW
        for token in ids:
            # NumPy would take a negative one from the end.
            if not 0 <= token < self.legal_KxV.shape[1]:
                raise ValueError(f"the id {token} is outside the vocabulary's 0..{self.legal_KxV.shape[1] - 1}")
            if token != special.END and self.legal_KxV[row, token]:
                kept.append(int(token))
                row = int(self.next_KxV[row, token])
        return kept
