"""Interpolated n-gram models with modified Kneser-Ney smoothing, of every order from one count, in NumPy.

Source: Chen and Goodman, "An Empirical Study of Smoothing Techniques for Language Modeling", Harvard TR-10-98 (1998),
section 3, interpolated as in section 2.7. No library fits: nltk.lm keeps its counts in Python dictionaries (a minute
for what takes a second here), kenlm needs a C++ compiler and text files.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from trainer.data.window_arrays import TokenStream

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

# Discounts of counts of 1, 2 and 3 or more where there are too few of them for an estimate, as with kenlm's
# `--discount_fallback`.
FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)


def each_order(
    training: TokenStream, evaluated: TokenStream, *, highest: int, vocabulary_size: int, blocked: Sequence[int]
) -> Iterator[FloatArray]:
    """Scores tokens with the unigram model, the bigram model ... of the same training songs, in turn.

    The model of order n uses the counts of n-grams; for a lower order k, the number of different ids that precede each
    k-gram (section 2.7). A song's beginning counts as one more such id each time, so that an id that only ever begins
    songs, such as `<start>`, counts as often as it occurs; no history crosses into another song. The unigrams are
    interpolated with 1 / A for each of the A ids that may be predicted: together they have probability 1, the others 0.

    The lower orders of all models are the same, so that each order is counted once, and dropped after the next one:
    memory does not grow with the order.

    Args:
      training: the songs that are counted; ids that are not `scored` serve as history only.
      evaluated: songs of any split, whose scored ids are predicted.
      highest: n of the last model, at least 1; its longest history is n - 1 ids.
      vocabulary_size: V; ids are 0..V - 1.
      blocked: ids that are never predicted; none of them is `scored`.

    Yields:
      float64 [scored ids of `evaluated`]: log probabilities given the ids before in the song, in nats, finite; of order
      1, 2, ... `highest`.
    """
    targets, scored = np.flatnonzero(evaluated.scored), np.flatnonzero(training.scored)
    # Probabilities of the order below the one that is interpolated next; below the unigrams, the uniform distribution.
    lower = np.full(len(targets), 1 / (vocabulary_size - len(set(blocked))))
    shorter: _Grams | None = None
    grams = _unigrams(training, evaluated, vocabulary_size)
    for order in range(1, highest + 1):
        if shorter:
            counts = _preceding_ids(shorter, grams, scored)
            lower = _interpolated(shorter, counts, lower, targets)
        yield np.log(_interpolated(grams, _occurrences(grams, scored), lower, targets))
        if order < highest:
            shorter, grams = grams, _one_longer(grams, training, evaluated, vocabulary_size)


@dataclasses.dataclass(frozen=True, eq=False)
class _Grams:
    """The k-grams of the training songs, numbered 0..G - 1, and where they end.

    Attributes:
      context: int32 [G], ascending: the number of the (k - 1)-gram that each k-gram begins with.
      contexts: number of different (k - 1)-grams.
      order: int64 [ends], the training ids at which a k-gram ends, sorted by its number.
      training: int32 [L], number of the k-gram that ends at each training id; -1 near a song's beginning.
      evaluated: int32 [M], number of the k-gram that ends at each evaluated id; -1 also where training has none such.
      evaluated_context: int32 [M], number of the (k - 1)-gram that ends one id before; -1 as above.
    """

    context: npt.NDArray[np.int32]
    contexts: int
    order: IntArray
    training: npt.NDArray[np.int32]
    evaluated: npt.NDArray[np.int32]
    evaluated_context: npt.NDArray[np.int32]


def _unigrams(training: TokenStream, evaluated: TokenStream, size: int) -> _Grams:
    order, empty_context = np.arange(len(training)), np.zeros(len(training), np.int32)
    evaluated_context = np.zeros(len(evaluated), np.int32)
    return _numbered(order, empty_context, evaluated_context, training, evaluated, contexts=1, size=size)


def _one_longer(grams: _Grams, training: TokenStream, evaluated: TokenStream, size: int) -> _Grams:
    order = grams.order + 1
    order = order[order < len(training)]
    order = order[training.positions[order] > 0]
    evaluated_context = np.where(evaluated.positions > 0, np.roll(grams.evaluated, 1), np.int32(-1))
    context, contexts = grams.training[order - 1], len(grams.context)
    return _numbered(order, context, evaluated_context, training, evaluated, contexts=contexts, size=size)


def _numbered(
    order: IntArray,
    context: npt.NDArray[np.int32],
    evaluated_context: npt.NDArray[np.int32],
    training: TokenStream,
    evaluated: TokenStream,
    *,
    contexts: int,
    size: int,
) -> _Grams:
    """Numbers the k-grams of the training songs by context and last id.

    Args:
      order: int64 [ends], the training ids at which they end, sorted by their contexts' numbers.
      context: int32 [ends], those numbers.
      evaluated_context: int32 [M], the context of each evaluated id; -1 is none.
      training: the songs that are counted.
      evaluated: the songs that are scored.
      contexts: number of different contexts.
      size: V, of the vocabulary.
    """
    keys = context.astype(np.int64) * size + training.ids[order]
    # Most long contexts occur once only, and are in order already.
    same = np.diff(context) == 0
    several = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False)[: len(context)])
    ordered = several[np.argsort(keys[several])]
    keys[several], order[several] = keys[ordered], order[ordered]
    begins = np.diff(keys, prepend=-1) > 0
    ends = np.full(len(training), -1, np.int32)
    ends[order] = np.cumsum(begins, dtype=np.int32) - 1
    keys = keys[begins]
    # A context of -1 gives a key below 0, which is not in the table.
    evaluated_grams = _find(keys, evaluated_context.astype(np.int64) * size + evaluated.ids)
    return _Grams((keys // size).astype(np.int32), contexts, order, ends, evaluated_grams, evaluated_context)


def _occurrences(grams: _Grams, scored: IntArray) -> IntArray:
    """Counts how often each k-gram ends in a scored id, int64 [G]."""
    ends = grams.training[scored]
    return np.bincount(ends[ends >= 0], minlength=len(grams.context))


def _preceding_ids(grams: _Grams, longer: _Grams, scored: IntArray) -> IntArray:
    """Counts the different ids that precede each k-gram, plus its occurrences at a song's beginning, int64 [G]."""
    short, long = grams.training[scored], longer.training[scored]
    begins = short[(short >= 0) & (long < 0)]
    # Any occurrence of a longer k-gram will do: all of them end in the same shorter one.
    one_end = np.full(len(longer.context), -1, np.int32)
    one_end[long[long >= 0]] = short[long >= 0]
    return np.bincount(np.concatenate([begins, one_end[one_end >= 0]]), minlength=len(grams.context))


def _interpolated(grams: _Grams, counts: IntArray, lower: FloatArray, targets: IntArray) -> FloatArray:
    """Interpolates the discounted counts of an order with the probabilities of the order below, float64 [targets]."""
    discount = np.array([0.0, *discounts(counts)])[np.minimum(counts, 3)]
    total = np.bincount(grams.context, counts, minlength=grams.contexts)
    discounted = np.bincount(grams.context, discount, minlength=grams.contexts)
    context, gram = grams.evaluated_context[targets], grams.evaluated[targets]
    # Where the context is unknown, or no scored id followed it, the lower order's probability stands.
    known = np.flatnonzero(context >= 0)
    known = known[total[context[known]] > 0]
    context, gram = context[known], gram[known]
    remaining = np.where(gram >= 0, counts[gram] - discount[gram], 0.0)
    probability = lower.copy()
    probability[known] = (remaining + discounted[context] * lower[known]) / total[context]
    return probability


def discounts(counts: IntArray) -> tuple[float, float, float]:
    """Estimates the discounts of counts of 1, of 2, and of 3 or more (Chen and Goodman 1998, section 3).

    Args:
      counts: int64 [G], of each k-gram of an order; zeros are ignored.

    Returns:
      D1, D2, D3+, each above 0 and at most its count; `FALLBACK_DISCOUNTS` where the estimate is not.
    """
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == number)) for number in (1, 2, 3, 4))
    if not n1 * n2 * n3 * n4:
        return FALLBACK_DISCOUNTS
    share = n1 / (n1 + 2 * n2)
    estimated = (1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3)
    return estimated if min(estimated) > 0 else FALLBACK_DISCOUNTS


def _find(sorted_keys: IntArray, keys: IntArray) -> npt.NDArray[np.int32]:
    """Looks up each key's index in ascending keys; -1 where it is not among them."""
    if not len(sorted_keys):
        return np.full(len(keys), -1, np.int32)
    indices = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return np.where(sorted_keys[indices] == keys, indices, -1).astype(np.int32)
