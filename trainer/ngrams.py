"""An interpolated n-gram model with modified Kneser-Ney smoothing, of any order, in NumPy.

Source: Chen and Goodman, "An Empirical Study of Smoothing Techniques for Language Modeling", Harvard TR-10-98 (1998),
section 3, interpolated as in section 2.7. No library fits: nltk.lm keeps its counts in Python
dictionaries (a minute for what takes a second here), kenlm needs a C++ compiler and text files.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

# What is taken off counts of 1, 2 and more where there are too few of them to estimate it, as kenlm's
# `--discount_fallback` does.
FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)

# Ids that are scored at once: some 100 MB.
_AT_ONCE = 2**20


@dataclasses.dataclass(frozen=True, eq=False)
class Tokens:
    """Songs' ids one after another.

    Attributes:
      ids: int32 [L].
      places: int32 [L], each id's index in its song; 0 begins a song.
      scored: bool [L], which ids are predicted; no first id of a song is.
    """

    ids: npt.NDArray[np.int32]
    places: npt.NDArray[np.int32]
    scored: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)


def join(parts: Sequence[Tokens]) -> Tokens:
    """Tokens one after another; of none, no tokens."""
    empty = Tokens(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.bool_))
    columns = zip(*((part.ids, part.places, part.scored) for part in (empty, *parts)), strict=True)
    return Tokens(*map(np.concatenate, columns))


@dataclasses.dataclass(frozen=True, eq=False)
class _Order:
    """What is known of k-grams; a context is a k-gram less its last id.

    Attributes:
      grams: int64 ascending, context * V + last id of each k-gram that was seen.
      kept: float64, the k-gram's share of its context's count, less the discount.
      left: float64 [contexts], the share that the discounts left to the next lower order, above 0.
    """

    grams: IntArray
    kept: FloatArray
    left: FloatArray


class Ngram:
    """An n-gram model of the ids of songs.

    The highest order counts k-grams; each lower one counts in how many different ids a k-gram's continuation to the
    left ends (section 2.7). A song's beginning counts as one more such id each time, so that what
    only ever begins songs, such as `<start>`, counts as often as it is seen; no history crosses into another song. The
    lowest order is interpolated with 1 / A for each of the A ids that may be predicted: all of them together have
    probability 1, and the others 0.
    """

    def __init__(self, tokens: Tokens, *, order: int, vocabulary_size: int, blocked: Sequence[int]) -> None:
        """Counts.

        Args:
          tokens: of the training split; ids that are not `scored` are history alone.
          order: n, at least 1: the longest history is n - 1 ids.
          vocabulary_size: V; ids are 0..V - 1.
          blocked: ids that are never predicted; none of them is `scored`.
        """
        self._size = vocabulary_size
        self._allowed = vocabulary_size - len(set(blocked))
        # contexts[m]: keys of the contexts of m ids; a key is (index of the context of m - 1 ids) * V + the id before.
        self._contexts: list[IntArray] = [np.zeros(1, np.int64)]
        self._orders: list[_Order] = []
        self._count(tokens, order)

    def log_probabilities(self, tokens: Tokens, most_history: int | None = None) -> FloatArray:
        """What the model gives to each scored id after the ids before it in its song.

        Args:
          tokens: of any split.
          most_history: ids that a model may look back, if fewer than n - 1.

        Returns:
          float64 [scored ids], in nats, finite.
        """
        targets = np.flatnonzero(tokens.scored)
        parts = np.split(targets, range(_AT_ONCE, len(targets), _AT_ONCE))
        return np.log(np.concatenate([self._probabilities(tokens, part, most_history) for part in parts]))

    def _probabilities(self, tokens: Tokens, targets: IntArray, most_history: int | None) -> FloatArray:
        """From the lowest order up: what each order keeps, and its left share of what the lower one says."""
        places = tokens.places[targets]
        wanted = tokens.ids[targets].astype(np.int64)
        context = np.zeros(len(targets), np.int64)
        probability = np.full(len(targets), 1 / self._allowed)
        for length, order in enumerate(self._orders):
            if most_history is not None and length > most_history:
                break
            if length:
                context = self._context(context, length, tokens, targets, places)
            at = np.flatnonzero(context >= 0)
            found, seen = _find(order.grams, context[at] * self._size + wanted[at])
            kept = np.where(seen, order.kept[found], 0.0) if len(order.kept) else 0.0
            probability[at] = kept + order.left[context[at]] * probability[at]
        return probability

    def _context(
        self, shorter: IntArray, length: int, tokens: Tokens, targets: IntArray, places: npt.NDArray[np.int32]
    ) -> IntArray:
        """The context of so many ids before each target, -1 where there is none or it was never seen."""
        before = tokens.ids[np.maximum(targets - length, 0)]
        # Where the shorter context is -1 the key is below 0, which none of the table is.
        found, seen = _find(self._contexts[length], shorter * self._size + before)
        return np.where(seen & (places >= length), found, -1)

    def _count(self, tokens: Tokens, order: int) -> None:
        """Fills the tables from the highest order's contexts down to the counts of the lowest."""
        targets = np.flatnonzero(tokens.scored)
        contexts = self._number_contexts(tokens, targets, order)
        wanted = tokens.ids[targets].astype(np.int64)
        # Of the next higher order: an occurrence of each of its k-grams, as index into `targets`.
        longer: IntArray | None = None
        orders = []
        for length in reversed(range(order)):
            at = np.flatnonzero(tokens.places[targets] >= length)
            grams, first, gram_of = np.unique(
                contexts[length][at] * self._size + wanted[at], return_index=True, return_inverse=True
            )
            if longer is None:
                counts = np.bincount(gram_of, minlength=len(grams))
            else:
                gram_at = np.zeros(len(targets), np.int64)
                gram_at[at] = gram_of
                begins = np.flatnonzero(tokens.places[targets] == length)
                counts = np.bincount(gram_at[np.concatenate([longer, begins])], minlength=len(grams))
            orders.append(_discounted(grams, counts, self._size, len(self._contexts[length])))
            longer = at[first]
        self._orders = orders[::-1]

    def _number_contexts(self, tokens: Tokens, targets: IntArray, order: int) -> list[IntArray]:
        """For each length of context its number at each target; what stands where the song is too short is not used."""
        numbers = [np.zeros(len(targets), np.int64)]
        for length in range(1, order):
            at = np.flatnonzero(tokens.places[targets] >= length)
            keys = numbers[-1][at] * self._size + tokens.ids[targets[at] - length]
            known, number = np.unique(keys, return_inverse=True)
            self._contexts.append(known)
            numbers.append(np.zeros(len(targets), np.int64))
            numbers[-1][at] = number
        return numbers


def discounts(counts: IntArray) -> tuple[float, float, float]:
    """What is taken off counts of 1, of 2, and of 3 or more (Chen and Goodman 1998, section 3).

    Args:
      counts: of each k-gram of an order, at least 1.

    Returns:
      D1, D2, D3+, each above 0 and at most its count; the fallback where one could not be estimated so.
    """
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == number)) for number in (1, 2, 3, 4))
    if not n1 * n2 * n3 * n4:
        return FALLBACK_DISCOUNTS
    share = n1 / (n1 + 2 * n2)
    estimated = (1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3)
    return estimated if min(estimated) > 0 else FALLBACK_DISCOUNTS


def _discounted(grams: IntArray, counts: IntArray, size: int, contexts: int) -> _Order:
    """The discounted share of every k-gram, and what every context leaves to the lower order."""
    context = grams // size
    off = np.array([0.0, *discounts(counts)])[np.minimum(counts, 3)]
    total = np.bincount(context, counts, minlength=contexts)
    left = np.bincount(context, off, minlength=contexts)
    # Without a k-gram nothing is known: all is left to the lower order.
    shares = np.divide(left, total, out=np.ones(contexts), where=total > 0)
    return _Order(grams, (counts - off) / total[context], shares)


def _find(sorted_keys: IntArray, keys: IntArray) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """Where keys stand in ascending ones (0 where they do not), and which do."""
    if not len(sorted_keys):
        return np.zeros(len(keys), np.int64), np.zeros(len(keys), np.bool_)
    places = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    seen = sorted_keys[places] == keys
    return np.where(seen, places, 0), seen
