"""Interpolated n-gram models with modified Kneser-Ney smoothing, of every order from one count, in NumPy.

Source: Chen and Goodman, "An Empirical Study of Smoothing Techniques for Language Modeling", Harvard TR-10-98 (1998),
section 3, interpolated as in section 2.7. No library fits: nltk.lm keeps its counts in Python
dictionaries (a minute for what takes a second here), kenlm needs a C++ compiler and text files.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from trainer.data.window_arrays import TokenStream

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

# What is taken off counts of 1, 2 and more where there are too few of them to estimate it, as kenlm's
# `--discount_fallback` does.
FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)


def each_order(
    counted: TokenStream, asked: TokenStream, *, highest: int, vocabulary_size: int, blocked: Sequence[int]
) -> Iterator[FloatArray]:
    """Scores tokens with the unigram model, the bigram model ... of the same songs, one after the other.

    The model of order n counts n-grams; below that it counts, of each k-gram, the different ids that stand before it
    (section 2.7). A song's beginning counts as one more such id each time, so that what only ever begins songs,
    such as `<start>`, counts as often as it is seen; no history crosses into another song. The unigrams are
    interpolated with 1 / A for each of the A ids that may be predicted: all of them together have probability 1, and
    the others 0.

    The lower orders of all models are the same, so each order is counted once, and forgotten when the next one has
    been: memory does not grow with the order.

    Args:
      counted: the training songs; ids that are not `scored` are history alone.
      asked: songs of any split.
      highest: n of the last model, at least 1: its longest history is n - 1 ids.
      vocabulary_size: V; ids are 0..V - 1.
      blocked: ids that are never predicted; none of them is `scored`.

    Yields:
      float64 [scored ids of `asked`]: log probabilities given the ids before in the song, in nats, finite; of order
      1, 2, ... `highest`.
    """
    targets, scored = np.flatnonzero(asked.scored), np.flatnonzero(counted.scored)
    # What the model says that looks back two ids less than the next one; at first no id is known at all.
    lower = np.full(len(targets), 1 / (vocabulary_size - len(set(blocked))))
    shorter: _Grams | None = None
    grams = _unigrams(counted, asked, vocabulary_size)
    for order in range(1, highest + 1):
        if shorter:
            counts = _different_ids_before(shorter, grams, scored)
            lower = _interpolated(shorter, counts, lower, targets)
        yield np.log(_interpolated(grams, _occurrences(grams, scored), lower, targets))
        if order < highest:
            shorter, grams = grams, _one_longer(grams, counted, asked, vocabulary_size)


@dataclasses.dataclass(frozen=True, eq=False)
class _Grams:
    """The k-grams of the counted songs, numbered 0..G - 1, and where they end.

    Attributes:
      context: int32 [G], ascending: the number of the (k - 1)-gram that each one begins with.
      contexts: how many (k - 1)-grams there are.
      order: int64, the places of the counted ids at which a k-gram ends, by its number.
      counted: int32 [L], which k-gram ends at each id of the counted songs; -1 where the song is too short.
      asked: int32 [M], which ends at each id of the asked ones; -1 also where it was never counted.
      asked_context: int32 [M], which (k - 1)-gram ends one id before.
    """

    context: npt.NDArray[np.int32]
    contexts: int
    order: IntArray
    counted: npt.NDArray[np.int32]
    asked: npt.NDArray[np.int32]
    asked_context: npt.NDArray[np.int32]


def _unigrams(counted: TokenStream, asked: TokenStream, size: int) -> _Grams:
    places, nothing = np.arange(len(counted)), np.zeros(len(counted), np.int32)
    return _numbered(places, nothing, np.zeros(len(asked), np.int32), counted, asked, contexts=1, size=size)


def _one_longer(grams: _Grams, counted: TokenStream, asked: TokenStream, size: int) -> _Grams:
    order = grams.order + 1
    order = order[order < len(counted)]
    order = order[counted.places[order] > 0]
    asked_context = np.where(asked.places > 0, np.roll(grams.asked, 1), np.int32(-1))
    contexts = len(grams.context)
    return _numbered(order, grams.counted[order - 1], asked_context, counted, asked, contexts=contexts, size=size)


def _numbered(
    order: IntArray,
    context: npt.NDArray[np.int32],
    asked_context: npt.NDArray[np.int32],
    counted: TokenStream,
    asked: TokenStream,
    *,
    contexts: int,
    size: int,
) -> _Grams:
    """Numbers the k-grams of the counted songs by context and last id.

    Args:
      order: the places at which they end, by their contexts' numbers.
      context: int32 [places], those numbers.
      asked_context: int32 [M], the context of each asked id; -1 is none.
      counted, asked: the songs.
      contexts: how many there are.
      size: of the vocabulary.
    """
    keys = context.astype(np.int64) * size + counted.ids[order]
    # Long contexts mostly stand at one place only, and are in order already.
    same = np.diff(context) == 0
    several = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False)[: len(context)])
    ordered = several[np.argsort(keys[several])]
    keys[several], order[several] = keys[ordered], order[ordered]
    begins = np.diff(keys, prepend=-1) > 0
    ends = np.full(len(counted), -1, np.int32)
    ends[order] = np.cumsum(begins, dtype=np.int32) - 1
    keys = keys[begins]
    # Where the context is -1 the key is below 0, which none of the table is.
    found = _find(keys, asked_context.astype(np.int64) * size + asked.ids)
    return _Grams((keys // size).astype(np.int32), contexts, order, ends, found, asked_context)


def _occurrences(grams: _Grams, scored: IntArray) -> IntArray:
    """Counts how often each k-gram ends in an id that is predicted: int64 [G]."""
    ends = grams.counted[scored]
    return np.bincount(ends[ends >= 0], minlength=len(grams.context))


def _different_ids_before(grams: _Grams, longer: _Grams, scored: IntArray) -> IntArray:
    """Counts the different ids that stand before each k-gram, and its occurrences at a song's beginning: int64 [G]."""
    short, long = grams.counted[scored], longer.counted[scored]
    begins = short[(short >= 0) & (long < 0)]
    # Of each longer one any occurrence will do: they all end in the same k-gram.
    one_end = np.full(len(longer.context), -1, np.int32)
    one_end[long[long >= 0]] = short[long >= 0]
    return np.bincount(np.concatenate([begins, one_end[one_end >= 0]]), minlength=len(grams.context))


def _interpolated(grams: _Grams, counts: IntArray, lower: FloatArray, targets: IntArray) -> FloatArray:
    """Returns what the counts keep after the discounts, and the discounts' share of what the lower order says."""
    off = np.array([0.0, *discounts(counts)])[np.minimum(counts, 3)]
    total = np.bincount(grams.context, counts, minlength=grams.contexts)
    taken = np.bincount(grams.context, off, minlength=grams.contexts)
    context, found = grams.asked_context[targets], grams.asked[targets]
    # Where the context is unknown, or nothing was predicted after it, the lower order speaks alone.
    known = np.flatnonzero(context >= 0)
    known = known[total[context[known]] > 0]
    context, found = context[known], found[known]
    kept = np.where(found >= 0, counts[found] - off[found], 0.0)
    probability = lower.copy()
    probability[known] = (kept + taken[context] * lower[known]) / total[context]
    return probability


def discounts(counts: IntArray) -> tuple[float, float, float]:
    """Estimates what is taken off counts of 1, of 2, and of 3 or more (Chen and Goodman 1998, section 3).

    Args:
      counts: of each k-gram of an order; those of 0 tell nothing.

    Returns:
      D1, D2, D3+, each above 0 and at most its count; the fallback where one could not be estimated so.
    """
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == number)) for number in (1, 2, 3, 4))
    if not n1 * n2 * n3 * n4:
        return FALLBACK_DISCOUNTS
    share = n1 / (n1 + 2 * n2)
    estimated = (1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3)
    return estimated if min(estimated) > 0 else FALLBACK_DISCOUNTS


def _find(sorted_keys: IntArray, keys: IntArray) -> npt.NDArray[np.int32]:
    """Returns where keys stand in ascending ones; -1 where they do not."""
    if not len(sorted_keys):
        return np.full(len(keys), -1, np.int32)
    places = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return np.where(sorted_keys[places] == keys, places, -1).astype(np.int32)
