import math

import numpy as np
import pytest

from songs import windows
from trainer.baselines import Ngrams, transitions
from trainer.batches import Windows

PAD, UNKNOWN, START, END, A, B, C = range(7)


def cut(*songs, window: int, stride: int) -> Windows:
    parts = [windows.cut(np.array(song), window, stride) for song in songs]
    tokens = np.concatenate([part[0] for part in parts]).astype(np.int32)
    return Windows(tokens, np.concatenate([part[1] for part in parts]))


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_each_target_once_however_windows_overlap(stride):
    found = transitions(cut([START, A, B, A, C, END], [START, B, END], window=4, stride=stride))
    history, target = (ids.tolist() for ids in found)
    assert list(zip(history, target, strict=True)) == [
        (START, A), (A, B), (B, A), (A, C), (C, END),
        (START, B), (B, END),
    ]  # fmt: skip


def test_unknown_is_history_but_no_target():
    history, target = transitions(cut([A, UNKNOWN, B], window=2, stride=2))
    assert (history.tolist(), target.tolist()) == ([UNKNOWN], [B])


def test_last_only_takes_the_last_position_of_full_windows():
    history, target = transitions(cut([A, B, C, A], window=2, stride=2), last_only=True)
    assert (history.tolist(), target.tolist()) == ([B], [C])


def test_scores_by_hand():
    # Targets A A B after A, and A after B; 7 ids of which <pad>, <unk>, <start> are blocked leave 4.
    ngrams = Ngrams(7, [PAD, UNKNOWN, START])
    ngrams.add(np.array([A, A]), np.array([A, A]))
    ngrams.add(np.array([A, B]), np.array([B, A]))
    assert ngrams.tokens == 4
    a, b, c = 4 / 8, 2 / 8, 1 / 8  # (count + 1) / (4 + 4)
    after_a = {A: (2 + 2 * a) / 5, B: (1 + 2 * b) / 5, C: 2 * c / 5}  # 3 seen after A, of 2 kinds
    score = ngrams.score(np.array([A, A, A, C]), np.array([A, B, C, B]))
    assert score["uniform"] == pytest.approx(math.log(4))
    assert score["unigram"] == pytest.approx(-np.log([a, b, c, b]).mean())
    assert score["bigram"] == pytest.approx(-np.log([after_a[A], after_a[B], after_a[C], b]).mean())


def test_bigram_sums_to_one():
    ngrams = Ngrams(7, [PAD, UNKNOWN, START])
    ngrams.add(np.array([A, A, B]), np.array([A, C, A]))
    shares = [math.exp(-ngrams.score(np.array([A]), np.array([target]))["bigram"]) for target in (END, A, B, C)]
    assert sum(shares) == pytest.approx(1)


def test_no_target_has_no_score():
    assert Ngrams(7, [PAD]).score(np.array([], np.int64), np.array([], np.int64)) is None
