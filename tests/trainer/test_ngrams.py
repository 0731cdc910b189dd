import collections
import functools
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies

from trainer import ngrams
from trainer.ngrams import FALLBACK_DISCOUNTS, Ngram, Tokens, discounts, join

PAD, UNKNOWN, START, END, A, B, C = range(7)
BLOCKED = [PAD, UNKNOWN, START]


def tokens(*songs) -> Tokens:
    """Whole songs; every id but a song's first and `<unk>` is predicted."""
    ids = np.array([number for song in songs for number in song], np.int32)
    places = np.array([place for song in songs for place in range(len(song))], np.int32)
    return Tokens(ids, places, (places > 0) & (ids > UNKNOWN))


def fit(*songs, order=5) -> Ngram:
    return Ngram(tokens(*songs), order=order, vocabulary_size=7, blocked=BLOCKED)


def chances(model: Ngram, *history: int, most_history=None) -> list[float]:
    """The probabilities of <end>, A, B and C after a history."""
    asked = [tokens((*history, number)) for number in (END, A, B, C)]
    last = [Tokens(part.ids, part.places, part.places == len(history)) for part in asked]
    return np.exp(model.log_probabilities(join(last), most_history)).tolist()


def test_unigram_by_hand():
    # A three times, B once: too few counts to estimate discounts, so 0.5 is taken of B and 1.5 of A, 2 of 4 in all,
    # and shared by 4 ids.
    model = fit([C, A, A, A, B], order=1)
    assert chances(model, C) == pytest.approx([1 / 8, 1.5 / 4 + 1 / 8, 0.5 / 4 + 1 / 8, 1 / 8])


def test_bigram_by_hand():
    # Pairs: CA, AA twice, AB. Ids before A: {C, A}, before B: {A}, so the lower order has A 2 and B 1 of 3;
    # 1 is taken of A, 0.5 of B: half is left, shared by 4 ids.
    model = fit([C, A, A, A, B], order=2)
    end, a, b = 0.5 / 4, 1 / 3 + 0.5 / 4, 0.5 / 3 + 0.5 / 4
    lower = [end, a, b, end]
    # After A: A twice, B once; 1 and 0.5 are taken of 3: half is left to the lower order.
    assert chances(model, A) == pytest.approx([end / 2, 1 / 3 + a / 2, 0.5 / 3 + b / 2, end / 2])
    # After C: A once; half is left. After B, as after no pair at all, the lower order alone.
    assert chances(model, C) == pytest.approx([end / 2, 0.5 + a / 2, b / 2, end / 2])
    assert chances(model, B) == pytest.approx(lower)
    assert chances(model, UNKNOWN) == pytest.approx(lower)


def test_what_begins_songs_counts_each_time():
    # <start> A twice, in trigrams' lower order: 2 although nothing stands before it; A B after <start> A once.
    model = fit([START, A, B], [START, A, C], order=3)
    after_start = chances(model, START)
    # Of 2, 1 is taken and left to the unigrams: A, B and C have 1 id before them each, {<start>} and {A}.
    unigram = 0.5 / 3 + 0.5 / 4
    assert after_start == pytest.approx([0.5 * 0.5 / 4, 0.5 + 0.5 * unigram, 0.5 * unigram, 0.5 * unigram])


def test_no_history_crosses_songs():
    model = fit([A, B, A, C], [C, A], order=5)
    asked = join([tokens([A, B]), tokens([C, A])])
    alone = np.concatenate([model.log_probabilities(tokens([A, B])), model.log_probabilities(tokens([C, A]))])
    assert model.log_probabilities(asked).tolist() == alone.tolist()
    apart = fit([C], [A, B, A, C], [C, A], order=5)
    assert chances(apart, A, B) == chances(model, A, B)


def test_in_parts_as_in_one_go(monkeypatch):
    model, asked = fit([A, B, C, A, B], order=3), tokens([A, B, C, A, B], [B, C])
    whole = model.log_probabilities(asked).tolist()
    for size in (1, 2, 5, 6):
        monkeypatch.setattr(ngrams, "_AT_ONCE", size)
        assert model.log_probabilities(asked).tolist() == whole


def test_history_can_be_cut():
    model = fit([A, B, C, A], [C, B, A, A], order=3)
    assert chances(model, A, B, most_history=1) == chances(model, B)
    assert chances(model, A, B) != chances(model, B)
    assert chances(model, A, B, most_history=0) == chances(model, UNKNOWN)


def test_nothing_counted_is_uniform():
    assert chances(fit([A]), A) == pytest.approx([1 / 4] * 4)


def test_discounts_by_hand():
    # 4 counts of 1, 3 of 2, 2 of 3, 1 of 4: Y = 4 / 10.
    counts = np.array([1] * 4 + [2] * 3 + [3] * 2 + [4])
    assert discounts(counts) == pytest.approx((1 - 0.8 * 3 / 4, 2 - 1.2 * 2 / 3, 3 - 1.6 * 1 / 2))


@pytest.mark.parametrize("counts", [[1, 2, 3], [2, 3, 4], [1, 2, 3] + [4] * 9, [1] * 4 + [2] * 2 + [3] * 2 + [4] * 3])
def test_discounts_that_cannot_be_estimated(counts):
    assert discounts(np.array(counts)) == FALLBACK_DISCOUNTS


SONGS = strategies.lists(
    strategies.lists(strategies.sampled_from([UNKNOWN, END, A, B, C]), min_size=1, max_size=12), max_size=8
)
HISTORY = strategies.lists(strategies.sampled_from([UNKNOWN, START, A, B, C]), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(SONGS, HISTORY, strategies.integers(1, 5), strategies.booleans())
def test_allowed_ids_sum_to_one_after_any_history(songs, history, order, marked):
    model = fit(*([START, *song] if marked else song for song in songs), order=order)
    found = chances(model, *history)
    assert sum(found) == pytest.approx(1)
    assert min(found) > 0


def by_definition(songs, order: int):
    """The probability of a song's id at a place, by the formulas and with dictionaries."""
    songs = [tuple(song) for song in songs]
    spots = [(song, at) for song in songs for at in range(1, len(song)) if song[at] > UNKNOWN]
    counts = [collections.Counter() for _ in range(order)]
    for length, counter in enumerate(counts):
        left = set()
        for number, (song, at) in enumerate(spots):
            if at < length:
                continue
            gram = song[at - length : at + 1]
            before = number if length == order - 1 or at == length else (song[at - length - 1],)
            if (before, gram) not in left:
                counter[gram] += 1
                left.add((before, gram))
    off = [(0, *discounts(np.array(list(counter.values()), np.int64))) for counter in counts]

    def probability(history, target, length):
        if length < 0:
            return 1 / 4
        lower = probability(history, target, length - 1)
        context = history[len(history) - length :]
        if length > len(history):
            return lower
        of_context = {gram: count for gram, count in counts[length].items() if gram[:-1] == context}
        total = sum(of_context.values())
        if not total:
            return lower
        taken = {gram: off[length][min(count, 3)] for gram, count in of_context.items()}
        gram = (*context, target)
        kept = of_context.get(gram, 0) - taken.get(gram, 0)
        return (kept + sum(taken.values()) * lower) / total

    return functools.partial(probability, length=order - 1)


ASKED = strategies.lists(strategies.sampled_from([END, A, B, C]), min_size=2, max_size=8)


@settings(max_examples=60, deadline=None)
@given(SONGS, ASKED, strategies.integers(1, 4), strategies.sampled_from([[START], []]))
def test_as_the_formulas_say(songs, asked, order, mark):
    songs = [[*mark, *song] for song in itertools.chain(songs, songs[:2])]
    whole = (*mark, *asked)
    found = fit(*songs, order=order).log_probabilities(tokens(whole))
    reference = by_definition(songs, order)
    expected = [math.log(reference(whole[:at], whole[at])) for at in range(1, len(whole))]
    assert found.tolist() == pytest.approx(expected)
