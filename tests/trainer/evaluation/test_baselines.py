import math

import numpy as np
import pytest

from nabi.music import windows
from trainer.data.window_arrays import Windows, token_stream
from trainer.data.window_mode import WindowMode
from trainer.evaluation.baselines import Baselines, CountedSongs, describe

PAD, UNKNOWN, START, END, A, B, C = range(7)
WHOLE = WindowMode()


def cut(*songs, window: int, stride: int) -> Windows:
    parts = [windows.cut(np.array(song), window, stride) for song in songs]
    tokens = np.concatenate([part[0] for part in parts]).astype(np.int32)
    return Windows(tokens, np.concatenate([part[1] for part in parts]))


def columns(tokens) -> list[tuple[int, int, bool]]:
    return list(zip(tokens.ids.tolist(), tokens.positions.tolist(), tokens.scored.tolist(), strict=True))


EMPTY = Windows(np.zeros((0, 3), np.int32), np.zeros(0, np.int64))


def counted_of(*shards, most=100) -> CountedSongs:
    counted = CountedSongs(most)
    for shard in shards:
        counted.add(shard)
    return counted


def fit(shard, validation=EMPTY, test=EMPTY, window_mode=WHOLE) -> Baselines:
    held_out = {"validation": validation, "test": test}
    return Baselines(counted_of(shard), 7, [PAD, UNKNOWN, START], held_out, window_mode)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_each_id_once_however_windows_overlap(stride):
    found = token_stream(cut([START, A, B, A, C, END], [START, B, END], window=4, stride=stride))
    assert columns(found) == [
        (START, 0, False), (A, 1, True), (B, 2, True), (A, 3, True), (C, 4, True), (END, 5, True),
        (START, 0, False), (B, 1, True), (END, 2, True),
    ]  # fmt: skip


def test_unknown_is_history_but_not_scored():
    found = token_stream(cut([A, UNKNOWN, B], window=2, stride=2))
    assert columns(found) == [(A, 0, False), (UNKNOWN, 1, False), (B, 2, True)]


def test_last_only_scores_the_last_position_of_full_windows():
    found = token_stream(cut([A, B, C, A], window=2, stride=2), last_only=True)
    assert columns(found) == [(A, 0, False), (B, 1, False), (C, 2, True), (A, 3, False)]


def test_scores_by_hand():
    # The models of test_ngrams: what is after C, and after A, stands in no longer gram, so the higher orders say
    # what the bigram's lower orders do.
    score = fit(cut([C, A, A, A, B], window=2, stride=2), cut([C, A, B], window=2, stride=2)).score("validation")
    a, b = 1 / 3 + 0.5 / 4, 0.5 / 3 + 0.5 / 4
    assert list(score)[:4] == ["uniform", "unigram", "bigram", "5-gram"]
    assert score["uniform"] == pytest.approx(math.log(4))
    assert score["unigram"] == pytest.approx(-np.log([1.5 / 4 + 1 / 8, 0.5 / 4 + 1 / 8]).mean())
    assert score["bigram"] == pytest.approx(-np.log([0.5 + a / 2, 0.5 / 3 + b / 2]).mean())


def test_a_five_gram_knows_what_a_bigram_cannot():
    tune = [START, A, A, B, A, A, C, END]
    score = fit(cut(*[tune] * 9, window=4, stride=2), cut(tune, window=4, stride=4)).score("validation")
    assert score["5-gram"] < 0.2 < 0.5 < score["bigram"]


# What comes after six A is what stood before them: eight ids in all tell. Nothing is longer.
LONG = [[B, A, A, A, A, A, A, B], [C, A, A, A, A, A, A, C]] * 4


def test_the_best_order_is_chosen_on_validation():
    train, validation, test = (cut(*songs, window=4, stride=4) for songs in (LONG, LONG[:1], [[B, A, C, B, B]]))
    baselines = fit(train, validation, test)
    assert baselines.best.as_dict() == {"name": "8-gram", "order": 8, "chosen_on": "validation"}
    for split in ("validation", "test"):
        assert list(baselines.score(split)) == ["uniform", "unigram", "bigram", "5-gram", "8-gram"]
    found = baselines.score("validation")
    assert found["8-gram"] < 0.5 * found["5-gram"]


def test_the_test_split_chooses_where_nothing_else_is_held_out():
    baselines = fit(cut(*LONG, window=4, stride=4), test=cut(LONG[0], window=4, stride=4))
    assert (baselines.best.name, baselines.best.chosen_on) == ("8-gram", "test")
    assert baselines.score("validation") is None


def test_a_best_order_that_has_a_name_stands_once():
    baselines = fit(cut([A, B, C, B], window=4, stride=4), cut([B, A, C, C, A], window=4, stride=4))
    assert baselines.best.name == "unigram"
    assert list(baselines.score("validation")) == ["uniform", "unigram", "bigram", "5-gram"]


def test_nothing_held_out_has_no_best():
    baselines = fit(cut([A, B], window=2, stride=2))
    assert baselines.best is baselines.score("validation") is baselines.score("test") is None


def test_splits_do_not_mix():
    shard, one, other = (cut(song, window=2, stride=2) for song in ([C, A, A, A, B], [C, A, B], [A, A, A, B, B]))
    together = fit(shard, one, other)
    alone = fit(shard, other)
    for name, logs in alone.log_probabilities("validation").items():
        if name in ("uniform", "unigram", "bigram", "5-gram"):
            assert together.log_probabilities("test")[name].tolist() == logs.tolist()


def test_where_a_model_sees_one_window_no_baseline_looks_further_back():
    # What comes after A A differs by the id before, which a window of 2 does not show.
    shard = cut([B, A, A, B], [C, A, A, C], [B, A, A, B], window=3, stride=3)
    held_out = cut([B, A, A, B], window=2, stride=1)
    one, whole, carried = (
        fit(shard, held_out, window_mode=window_mode)
        for window_mode in (WindowMode(last_only=True), WHOLE, WindowMode(last_only=True, carried=True))
    )
    # Two ids and the target are three: no 5-gram is told.
    assert one.best.order <= 3
    assert "5-gram" not in one.log_probabilities("validation")
    # Every baseline has the last two targets: those of full windows.
    assert {len(logs) for logs in one.log_probabilities("validation").values()} == {2}
    for name, logs in one.log_probabilities("validation").items():
        if name in ("unigram", "bigram"):
            assert logs.tolist() == whole.log_probabilities("validation")[name][1:].tolist()
    after = carried.log_probabilities("validation")["5-gram"].tolist()
    assert after == whole.log_probabilities("validation")["5-gram"][1:].tolist()
    assert after[-1] > max(logs[-1] for logs in one.log_probabilities("validation").values())


def test_whole_first_songs_are_counted():
    shards = [cut([A, B, C], [B, C], window=2, stride=2), cut([C, A], [A, A], window=2, stride=2)]
    assert counted_of(*shards, most=9).as_dict() == {"songs": 4, "tokens": 9, "whole_split": True}
    assert counted_of(*shards, most=8).as_dict() == {"songs": 3, "tokens": 7, "whole_split": False}
    few = counted_of(*shards, most=4)
    assert few.as_dict() == {"songs": 1, "tokens": 3, "whole_split": False}
    assert few.tokens().ids.tolist() == [A, B, C]
    assert counted_of(*shards, most=1).songs == 1


def test_told_in_words():
    counted = {"songs": 1200, "tokens": 34567, "whole_split": True}
    said = "baselines counted on 1,200 songs, 34,567 tokens: all of the training split"
    assert describe(counted, None) == said
    best = {"name": "9-gram", "order": 9, "chosen_on": "validation"}
    assert describe(counted, best) == f"{said}; of the n-grams up to 14 the 9-gram is the best in validation"
