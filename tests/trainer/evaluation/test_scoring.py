import math

import numpy as np
import pytest

from nabi.music import windows
from nabi.networks import network
from trainer.data.window_arrays import Windows
from trainer.evaluation import scoring
from trainer.evaluation.scoring import Evaluator, Score, ScoringNetwork, lay_out

pytestmark = pytest.mark.slow

SONGS = [[2, 4, 5, 6, 7, 8, 9, 4, 3], [2, 9, 1, 7, 3], [2, 5, 3], [2, 6, 7, 6, 7, 6, 3]]


def cut(songs, window: int = 3, stride: int | None = None) -> Windows:
    parts = [windows.cut(np.array(song), window, stride or window) for song in songs]
    tokens = np.concatenate([part[0] for part in parts]).astype(np.int32)
    return Windows(tokens, np.concatenate([part[1] for part in parts]))


@pytest.fixture(scope="module")
def model():
    return network.build(
        network.Architecture(vocabulary_size=10, embedding=4, units=6, layers=2, dropout=0.5, blocked=(0, 1, 2))
    )


def log_likelihoods(model, ids: list[int]) -> np.ndarray:
    logits = model(np.array([ids[:-1]])).numpy()[0]
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("rows", [1, 2, 64])
def test_carried_state_equals_the_whole_song_in_one_go(model, monkeypatch, rows):
    monkeypatch.setattr(scoring, "ROWS", rows)
    scores = [(log_likelihoods(model, song)[i], target) for song in SONGS for i, target in enumerate(song[1:])]
    known = [(row, target) for row, target in scores if target != 1]
    score = Evaluator(model, cut(SONGS), last_only=False).score(model.get_weights())
    assert score.tokens == len(known) == 19
    assert score.loss_nats == pytest.approx(-np.mean([row[target] for row, target in known]), rel=1e-5)
    assert score.accuracy == pytest.approx(np.mean([row.argmax() == target for row, target in known]))


def test_scoring_twice_gives_the_same(model):
    evaluator = Evaluator(model, cut(SONGS), last_only=False)
    assert evaluator.score(model.get_weights()) == evaluator.score(model.get_weights())


def test_evaluators_share_a_network(model):
    weights, shared = model.get_weights(), ScoringNetwork(model)
    parts = [cut(SONGS), cut(SONGS[:2])]
    alone = [Evaluator(model, part, last_only=False).score(weights) for part in parts]
    assert [Evaluator(shared, part, last_only=False).score(weights) for part in parts] == alone


def test_last_only_scores_full_windows_from_zeros(model):
    full = [[2, 4, 5, 6], [6, 7, 8, 9], [2, 9, 1, 7], [2, 6, 7, 6], [6, 7, 6, 3]]
    by_hand = -np.mean([log_likelihoods(model, window)[-1][window[-1]] for window in full])
    score = Evaluator(model, cut(SONGS), last_only=True, carried=False).score(model.get_weights())
    assert (score.tokens, score.loss_nats) == (5, pytest.approx(by_hand, rel=1e-5))


@pytest.mark.parametrize("rows", [1, 64])
def test_last_only_with_the_state_carried_reads_overlaps_again(model, monkeypatch, rows):
    monkeypatch.setattr(scoring, "ROWS", rows)
    songs = [[4, 5, 6, 7, 8, 9], [9, 8, 7, 6, 5, 4], [4, 5]]
    by_hand = []
    for song in songs[:2]:
        read = []
        for start in range(3):
            read += song[start : start + 3]
            by_hand.append(log_likelihoods(model, [*read, 0])[-1][song[start + 3]])
    score = Evaluator(model, cut(songs, stride=1), last_only=True).score(model.get_weights())
    assert (score.tokens, score.loss_nats) == (6, pytest.approx(-np.mean(by_hand), rel=1e-5))


@pytest.mark.parametrize("rows", [2, 64])
def test_every_token_in_the_order_of_the_windows(model, monkeypatch, rows):
    monkeypatch.setattr(scoring, "ROWS", rows)
    evaluator = Evaluator(model, cut(SONGS), last_only=False)
    found = evaluator.tokens(model.get_weights())
    expected = [
        (song, place, target, log_likelihoods(model, ids)[place - 1])
        for song, ids in enumerate(SONGS)
        for place, target in enumerate(ids)
        if place and target != 1
    ]
    assert list(zip(found.song.tolist(), found.position_in_song.tolist(), found.target.tolist(), strict=True)) == [
        row[:3] for row in expected
    ]
    logs = [row[target] for _, _, target, row in expected]
    assert found.log_probability.tolist() == pytest.approx(logs, rel=1e-4)
    assert found.rank.tolist() == [int((row > row[target]).sum()) for _, _, target, row in expected]
    assert found.top_probability.tolist() == pytest.approx([math.exp(row.max()) for *_, row in expected], rel=1e-4)
    assert found.position_in_window.tolist() == [(place - 1) % 3 for _, place, *_ in expected]
    assert found.window.tolist() == [[0, 3, 5, 6][song] + (place - 1) // 3 for song, place, *_ in expected]
    assert found.score().as_dict() == pytest.approx(evaluator.score(model.get_weights()).as_dict())


def test_tokens_of_last_only_are_those_of_full_windows(model):
    found = Evaluator(model, cut(SONGS), last_only=True, carried=False).tokens(model.get_weights())
    assert found.target.tolist() == [6, 9, 7, 6, 3]
    assert (found.position_in_window.tolist(), found.position_in_song.tolist()) == ([2] * 5, [3, 6, 3, 3, 6])


def test_of_equally_likely_ids_the_smaller_goes_first(model):
    even = network.build(
        network.Architecture(vocabulary_size=10, embedding=4, units=6, layers=2, dropout=0.5, blocked=(0, 1, 2))
    )
    even.set_weights([np.zeros_like(weight) for weight in even.get_weights()])
    found = Evaluator(even, cut([[2, 3, 4, 9]]), last_only=False).tokens(even.get_weights())
    assert found.rank.tolist() == [0, 1, 6]
    assert found.top_probability.tolist() == pytest.approx([1 / 7] * 3)


def test_rows_hold_whole_songs_of_like_total_length(monkeypatch):
    monkeypatch.setattr(scoring, "ROWS", 2)
    streams = lay_out(cut(SONGS), carried=True)
    # 3, 2, 1 and 2 windows: 3 + 1 in one row, 2 + 2 in the other.
    assert streams.tokens.shape == (4, 2, 4)
    assert streams.begins.tolist() == [[True, True], [False, False], [False, True], [True, False]]
    assert streams.indices.tolist() == [[0, 3], [1, 4], [2, 6], [5, 7]]


def test_score_in_other_units():
    figures = Score(loss_nats=math.log(8), accuracy=0.5, tokens=2).as_dict()
    assert figures["bits"] == pytest.approx(3)
    assert figures["perplexity"] == pytest.approx(8)
