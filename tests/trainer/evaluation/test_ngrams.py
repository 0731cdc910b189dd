import collections
import functools
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies

from trainer.data.window_arrays import TokenStream
from trainer.evaluation.ngrams import FALLBACK_DISCOUNTS, discounts, each_order

PAD, UNKNOWN, START, END, A, B, C = range(7)
BLOCKED = [PAD, UNKNOWN, START]


def tokens(*songs) -> TokenStream:
    """Whole songs; every id but a song's first and `<unk>` is predicted."""
    ids = np.array([number for song in songs for number in song], np.int32)
    places = np.array([place for song in songs for place in range(len(song))], np.int32)
    return TokenStream(ids, places, (places > 0) & (ids > UNKNOWN))


def models(songs, asked: TokenStream, highest: int) -> list[list[float]]:
    """The log probabilities of the scored ids of each order from 1 on."""
    found = each_order(tokens(*songs), asked, highest=highest, vocabulary_size=7, blocked=BLOCKED)
    return [logs.tolist() for logs in found]


def chances(songs, *history: int, order: int) -> list[float]:
    """The probabilities of <end>, A, B and C after a history, of the model of that order."""
    asked = [tokens((*history, number)) for number in (END, A, B, C)]
    last = [TokenStream(part.ids, part.positions, part.positions == len(history)) for part in asked]
    return np.exp(models(songs, TokenStream.join(last), order)[-1]).tolist()


def test_unigram_by_hand():
    # A three times, B once: too few counts to estimate discounts, so 0.5 is taken of B and 1.5 of A, 2 of 4 in all,
    # and shared by 4 ids.
    found = chances([[C, A, A, A, B]], C, order=1)
    assert found == pytest.approx([1 / 8, 1.5 / 4 + 1 / 8, 0.5 / 4 + 1 / 8, 1 / 8])


def test_bigram_by_hand():
    # Pairs: CA, AA twice, AB. Ids before A: {C, A}, before B: {A}, so the lower order has A 2 and B 1 of 3;
    # 1 is taken of A, 0.5 of B: half is left, shared by 4 ids.
    songs = [[C, A, A, A, B]]
    end, a, b = 0.5 / 4, 1 / 3 + 0.5 / 4, 0.5 / 3 + 0.5 / 4
    lower = [end, a, b, end]
    # After A: A twice, B once; 1 and 0.5 are taken of 3: half is left to the lower order.
    assert chances(songs, A, order=2) == pytest.approx([end / 2, 1 / 3 + a / 2, 0.5 / 3 + b / 2, end / 2])
    # After C: A once; half is left. After B, as after no pair at all, the lower order alone.
    assert chances(songs, C, order=2) == pytest.approx([end / 2, 0.5 + a / 2, b / 2, end / 2])
    assert chances(songs, B, order=2) == pytest.approx(lower)
    assert chances(songs, UNKNOWN, order=2) == pytest.approx(lower)


def test_what_begins_songs_counts_each_time():
    # <start> A twice, in trigrams' lower order: 2 although nothing stands before it; A B after <start> A once.
    after_start = chances([[START, A, B], [START, A, C]], START, order=3)
    # Of 2, 1 is taken and left to the unigrams: A, B and C have 1 id before them each, {<start>} and {A}.
    unigram = 0.5 / 3 + 0.5 / 4
    assert after_start == pytest.approx([0.5 * 0.5 / 4, 0.5 + 0.5 * unigram, 0.5 * unigram, 0.5 * unigram])


def test_no_history_crosses_songs():
    songs = [[A, B, A, C], [C, A]]
    together = models(songs, tokens([A, B], [C, A]), 5)
    alone = zip(models(songs, tokens([A, B]), 5), models(songs, tokens([C, A]), 5), strict=True)
    assert together == [one + other for one, other in alone]
    assert chances([[C], *songs], A, B, order=5) == chances(songs, A, B, order=5)


def test_a_model_is_the_same_whatever_the_highest_order_is():
    songs, asked = [[START, A, B, C, A], [START, C, B, A, A, A, B, C]], tokens([START, A, B, C, B, A])
    found = models(songs, asked, 9)
    assert len(found) == 9
    assert [models(songs, asked, highest)[-1] for highest in range(1, 10)] == found


def test_orders_longer_than_every_song_say_what_the_longest_says():
    found = models([[A, B, C, A], [A, B]], tokens([A, B, C, A, B, C]), 12)
    # 4-grams are the last that there are.
    assert found[3] != found[2]
    assert all(logs == found[3] for logs in found[4:])


def test_what_is_not_scored_is_history_alone():
    # <unk> is never counted as a continuation, of no order, but tells what follows it.
    songs = [[A, UNKNOWN, B], [A, UNKNOWN, B], [C, A, C]]
    assert sum(chances(songs, A, order=3)) == pytest.approx(1)
    assert chances(songs, A, UNKNOWN, order=3)[2] > chances(songs, A, B, order=3)[2]


def test_nothing_counted_is_uniform():
    for songs in ([], [[A]], [[A], [B]]):
        assert chances(songs, A, order=3) == pytest.approx([1 / 4] * 4)


def test_nothing_asked_has_no_probability():
    assert models([[A, B]], tokens(), 3) == models([[A, B]], tokens([A], [UNKNOWN]), 3) == [[], [], []]


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
@given(SONGS, HISTORY, strategies.integers(1, 7), strategies.booleans())
def test_allowed_ids_sum_to_one_after_any_history(songs, history, order, marked):
    found = chances([[START, *song] if marked else song for song in songs], *history, order=order)
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
@given(SONGS, ASKED, strategies.integers(1, 6), strategies.sampled_from([[START], []]))
def test_every_order_is_as_the_formulas_say(songs, asked, highest, mark):
    songs = [[*mark, *song] for song in itertools.chain(songs, songs[:2])]
    whole = (*mark, *asked)
    for order, found in enumerate(models(songs, tokens(whole), highest), 1):
        reference = by_definition(songs, order)
        expected = [math.log(reference(whole[:at], whole[at])) for at in range(1, len(whole))]
        assert found == pytest.approx(expected)
