"""Grammar of an encoding over a vocabulary's ids: a table of the ids that may come next."""

# ruff: noqa: N806, N815 - shapes stand in the names of arrays.

import dataclasses
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from nabi.music import vocabulary as special
from nabi.music.encodings import Encoding
from nabi.music.vocabulary import Vocabulary, legal_next

# Row of the grammar at the beginning of a song.
_START_ROW = 0


@dataclasses.dataclass(frozen=True, eq=False)
class Grammar:
    """A finite automaton of K rows (states) over V ids, as tables; row 0 is the beginning of a song.

    Attributes:
      next_KxV: int64, next row after each id.
      legal_KxV: bool, ids that are legal at each row; of the special ids at most `<end>`.
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
        """Builds the grammar of an encoding.

        Args:
          vocabulary: the model's ids.
          encoding: the encoding of its tokens.
          ends: True if songs may end with `<end>`; a model trained without song marks never saw it.
          allowed_V: ids that may be sampled at all, bool [V]; None: all.

        Raises:
          ValueError: if sampling could reach a token without a legal successor.
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
        """Returns the ids that may follow the beginning `ids` of a song, bool [V]."""
        row = _START_ROW
        for token in ids:
            row = int(self.next_KxV[row, token])
        return self.legal_KxV[row]

    def reachable(self) -> dict[int, int]:
        """Maps each row that sampling can reach to an id that leads to it; nothing comes after `<end>`."""
        reached, waiting = {_START_ROW: special.START}, [_START_ROW]
        while waiting:
            row = waiting.pop()
            for token in np.flatnonzero(self.legal_KxV[row]).tolist():
                after = int(self.next_KxV[row, token])
                if token != special.END and after not in reached:
                    reached[after] = token
                    waiting.append(after)
        return reached

    def walk(self, ids: Iterable[int]) -> list[int]:
        """Filters ids to a legal succession: special ids, and ids that may not follow those kept, are left out.

        Raises:
          ValueError: for an id outside the vocabulary.
        """
        kept: list[int] = []
        row = _START_ROW
        for token in ids:
            # NumPy would count a negative id from the end.
            if not 0 <= token < self.legal_KxV.shape[1]:
                raise ValueError(f"the id {token} is outside the vocabulary's 0..{self.legal_KxV.shape[1] - 1}")
            if token != special.END and self.legal_KxV[row, token]:
                kept.append(int(token))
                row = int(self.next_KxV[row, token])
        return kept
