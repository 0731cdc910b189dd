"""Which token may come next: the encoding's grammar over a vocabulary's ids."""

# ruff: noqa: N806, N815 - shapes stand in the names of arrays.

import dataclasses
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from songs import vocabulary as special
from songs.encodings import Encoding
from songs.vocabulary import Vocabulary, legal_next


@dataclasses.dataclass(frozen=True, eq=False)
class Grammar:
    """The grammar as a mask.

    Attributes:
      kinds_V: int64 [V], the row of `legal_KxV` that holds after each id.
      legal_KxV: bool [K, V], which ids may come next; never `<pad>`, `<unk>` or `<start>`.
    """

    kinds_V: npt.NDArray[np.int64]
    legal_KxV: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, vocabulary: Vocabulary, encoding: Encoding, *, ends: bool) -> "Grammar":
        """The grammar of an encoding.

        Args:
          vocabulary: the ids.
          encoding: whose tokens they are.
          ends: whether songs end with `<end>`; a model trained without song marks never saw it.

        Raises:
          ValueError: if sampling could come to a token after which nothing is legal.
        """
        kinds_V, legal_KxV = legal_next(vocabulary, encoding)
        legal_KxV[:, special.END] &= ends
        grammar = cls(kinds_V, legal_KxV)
        stuck = [vocabulary.tokens[token] for token in grammar.reachable() if not grammar.after(token).any()]
        if stuck:
            raise ValueError(f"the model's vocabulary has no token that may follow {stuck[0]!r} in {encoding.name}")
        return grammar

    def after(self, token: int) -> npt.NDArray[np.bool_]:
        """Which ids may follow one, bool [V]."""
        return self.legal_KxV[self.kinds_V[token]]

    def reachable(self) -> list[int]:
        """The ids after which sampling goes on: `<start>` and all that can come of it, but `<end>`."""
        found, rows, waiting = {special.START}, set(), [special.START]
        while waiting:
            row = int(self.kinds_V[waiting.pop()])
            if row not in rows:
                rows.add(row)
                waiting += set(np.flatnonzero(self.legal_KxV[row]).tolist()) - found - {special.END}
                found.update(waiting)
        return sorted(found)

    def walk(self, ids: Iterable[int]) -> list[int]:
        """The music of ids that the grammar allows: what may not follow what was kept is left out, specials too."""
        kept: list[int] = []
        for token in ids:
            if token >= len(special.SPECIAL_TOKENS) and self.after(kept[-1] if kept else special.START)[token]:
                kept.append(int(token))
        return kept
