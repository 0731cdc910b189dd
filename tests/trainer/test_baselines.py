import math

import numpy as np
import pytest

from songs import windows
from trainer.baselines import Baselines, Counted, tokens_of
from trainer.batches import Windows
from trainer.reading import Reading

PAD, UNKNOWN, START, END, A, B, C = range(7)
WHOLE = Reading()


def cut(*songs, window: int, stride: int) -> Windows:
    parts = [windows.cut(np.array(song), window, stride) for song in songs]
    tokens = np.concatenate([part[0] for part in parts]).astype(np.int32)
    return Windows(tokens, np.concatenate([part[1] for part in parts]))


def columns(tokens) -> list[tuple[int, int, bool]]:
    return list(zip(tokens.ids.tolist(), tokens.places.tolist(), tokens.scored.tolist(), strict=True))


def fit(*shards, most=100) -> Baselines:
    counted = Counted(most)
    for shard in shards:
        counted.add(shard)
    return Baselines(counted, 7, [PAD, UNKNOWN, START])


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_each_id_once_however_windows_overlap(stride):
    found = tokens_of(cut([START, A, B, A, C, END], [START, B, END], window=4, stride=stride))
    assert columns(found) == [
        (START, 0, False), (A, 1, True), (B, 2, True), (A, 3, True), (C, 4, True), (END, 5, True),
        (START, 0, False), (B, 1, True), (END, 2, True),
    ]  # fmt: skip


def test_unknown_is_history_but_not_scored():
    found = tokens_of(cut([A, UNKNOWN, B], window=2, stride=2))
    assert columns(found) == [(A, 0, False), (UNKNOWN, 1, False), (B, 2, True)]


def test_last_only_scores_the_last_position_of_full_windows():
    found = tokens_of(cut([A, B, C, A], window=2, stride=2), last_only=True)
    assert columns(found) == [(A, 0, False), (B, 1, False), (C, 2, True), (A, 3, False)]


def test_scores_by_hand():
    # The model of test_ngrams.test_bigram_by_hand.
    baselines = fit(cut([C, A, A, A, B], window=2, stride=2))
    score = baselines.score(cut([C, A, B], window=2, stride=2), WHOLE)
    a, b = 1 / 3 + 0.5 / 4, 0.5 / 3 + 0.5 / 4
    assert list(score) == ["uniform", "unigram", "bigram", "5-gram"]
    assert score["uniform"] == pytest.approx(math.log(4))
    assert score["unigram"] == pytest.approx(-np.log([1.5 / 4 + 1 / 8, 0.5 / 4 + 1 / 8]).mean())
    assert score["bigram"] == pytest.approx(-np.log([0.5 + a / 2, 0.5 / 3 + b / 2]).mean())


def test_five_gram_knows_what_a_bigram_cannot():
    tune = [START, A, A, B, A, A, C, END]
    score = fit(cut(*[tune] * 9, window=4, stride=2)).score(cut(tune, window=4, stride=4), WHOLE)
    assert score["5-gram"] < 0.2 < 0.5 < score["bigram"]


def test_last_only_looks_back_one_window_but_where_the_state_is_carried():
    # What comes after A A differs by the id before, which a window of 1 does not show.
    baselines = fit(cut([B, A, A, B], [C, A, A, C], [B, A, A, B], window=3, stride=3))
    song = [B, A, A, B]
    whole, one, carried = (
        baselines.log_probabilities(cut(song, window=1, stride=1), reading)["5-gram"]
        for reading in (WHOLE, Reading(last_only=True), Reading(last_only=True, carried=True))
    )
    after_one = [
        baselines.log_probabilities(cut(pair, window=1, stride=1), WHOLE)["5-gram"].item()
        for pair in ([B, A], [A, A], [A, B])
    ]
    assert one.tolist() == after_one
    assert whole[2] > one[2]
    assert carried.tolist() == whole.tolist()


def test_no_target_has_no_score():
    assert (
        fit(cut([A, B], window=2, stride=2)).score(Windows(np.zeros((0, 3), np.int32), np.zeros(0, np.int64)), WHOLE)
        is None
    )


def test_whole_first_songs_are_counted():
    shards = [cut([A, B, C], [B, C], window=2, stride=2), cut([C, A], [A, A], window=2, stride=2)]
    assert fit(*shards, most=9).counted.as_dict() == {"songs": 4, "tokens": 9, "whole_split": True}
    assert fit(*shards, most=8).counted.as_dict() == {"songs": 3, "tokens": 7, "whole_split": False}
    few = fit(*shards, most=4).counted
    assert few.as_dict() == {"songs": 1, "tokens": 3, "whole_split": False}
    assert few.tokens().ids.tolist() == [A, B, C]
    assert fit(*shards, most=1).counted.songs == 1
