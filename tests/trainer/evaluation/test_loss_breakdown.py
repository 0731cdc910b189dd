import math

import numpy as np
import pytest

from nabi.music.encodings import Events, Grid, PitchDuration
from nabi.music.vocabulary import Vocabulary
from tests import builders
from trainer.data.window_arrays import TokenStream
from trainer.evaluation import loss_breakdown
from trainer.evaluation.scoring import TokenScores

# Ids 4 to 9.
VOCABULARY = Vocabulary.from_ordered(["C4", "C4.E4", "d:1", "d:4", "s:1/2", "s:4"], {})


def scores(targets, losses, ranks, tops=None, places=None) -> TokenScores:
    count = len(targets)
    places = np.arange(1, count + 1) if places is None else np.array(places)
    return TokenScores(
        target=np.array(targets, np.int32),
        log_probability=-np.array(losses, np.float32),
        rank=np.array(ranks, np.int32),
        top_probability=np.array(tops or [0.5] * count, np.float32),
        song=np.zeros(count, np.int32),
        window=np.zeros(count, np.int32),
        position_in_window=(places - 1).astype(np.int32),
        position_in_song=places,
    )


def songs_of(*songs) -> TokenStream:
    ids = np.array([number for song in songs for number in song], np.int32)
    places = np.array([place for song in songs for place in range(len(song))], np.int32)
    return TokenStream(ids, places, places > 0)


def test_calibration_by_hand():
    # 0.1 is still of the first bin, 0.75 and 0.85 of two others.
    top = np.array([0.1, 0.75, 0.75, 0.85, 1.0])
    found = loss_breakdown.calibration(top, np.array([True, True, False, True, True]))
    bins = {row["high"]: row for row in found["bins"] if row["tokens"]}
    assert [(row["low"], row["high"]) for row in found["bins"]][:2] == [(0.0, 0.1), (0.1, 0.2)]
    assert {high: (row["tokens"], row["accuracy"]) for high, row in bins.items()} == {
        0.1: (1, 1.0), 0.8: (2, 0.5), 0.9: (1, 1.0), 1.0: (1, 1.0),
    }  # fmt: skip
    assert bins[0.8]["confidence"] == pytest.approx(0.75)
    assert found["bins"][4] == {"low": 0.4, "high": 0.5, "tokens": 0, "confidence": None, "accuracy": None}
    assert found["expected_error"] == pytest.approx((0.9 + 2 * 0.25 + 0.15 + 0) / 5)


def test_calibration_of_nothing():
    assert loss_breakdown.calibration(np.zeros(0), np.zeros(0, bool))["expected_error"] == 0


def test_top_accuracy():
    assert loss_breakdown.top_accuracy(np.array([0, 1, 4, 5]), 1) == 0.25
    assert loss_breakdown.top_accuracy(np.array([0, 1, 4, 5]), 5) == 0.75


def test_by_kind():
    found = loss_breakdown.by_kind(
        scores([4, 6, 5, 7, 9, 8, 3, 6], [1, 2, 3, 4, 5, 7, 9, 3], [0, 0, 1, 1, 0, 1, 2, 3]),
        -np.array([8.0, 7, 6, 5, 4, 3, 2, 1]),
        VOCABULARY,
        Events(),
    )
    assert [tuple(row.values()) for row in found] == [
        ("duration", 3, 3, pytest.approx(1 / 3), pytest.approx(13 / 3)),
        ("shift", 2, 6, 0.5, 3.5),
        ("chord", 1, 3, 0, 6),
        ("end", 1, 9, 0, 2),
        ("note", 1, 1, 1, 8),
    ]
    assert list(found[0]) == ["kind", "tokens", "loss_nats", "accuracy", "ngram_nats"]


def test_by_distance():
    distances = np.array([1, 2, 3, 4, 7, 8])
    found = loss_breakdown.by_distance(scores([4] * 6, [6, 5, 4, 3, 2, 1], [0] * 6), -np.arange(6.0), distances)
    assert [(row["first"], row["last"], row["tokens"], row["loss_nats"]) for row in found] == [
        (1, 1, 1, 6), (2, 3, 2, 4.5), (4, 7, 2, 2.5), (8, 15, 1, 1),
    ]  # fmt: skip
    assert [row["ngram_nats"] for row in found] == [0, 1.5, 3.5, 5]


def test_music_of_events():
    # <start> C4 (1 quarter), half a quarter later C4 and E4 (4 quarters), <end>: 4.5 quarters are 2.25 s.
    found = loss_breakdown.music_of(songs_of([2, 4, 6, 8, 5, 7, 3], [2, 6, 3]), VOCABULARY, Events())
    # The second begins with a duration of no note.
    assert found == loss_breakdown.MusicTotals(tokens=6, notes=3, seconds=2.25, unreadable=1)


@pytest.mark.parametrize("encoding", [Events(), Grid(), PitchDuration()])
def test_every_encoding_gives_the_same_notes_and_seconds(encoding):
    written = encoding.encode(builders.song((0, 12, 60), (12, 12, 64), (12, 12, 67), (24, 24, 60)))
    vocabulary = Vocabulary.from_counts(dict.fromkeys(written, 1))
    found = loss_breakdown.music_of(songs_of(vocabulary.encode(written).tolist()), vocabulary, encoding)
    assert (found.notes, found.seconds, found.tokens) == (4, 2, len(written) - 1)


def test_rates():
    found = loss_breakdown.MusicTotals(tokens=60, notes=20, seconds=10, unreadable=0).rates(math.log(4))
    assert found["bits_per_token"] == pytest.approx(2)
    assert found["bits_per_note"] == pytest.approx(6)
    assert found["bits_per_second"] == pytest.approx(12)
    assert found["nats_per_note"] == pytest.approx(3 * math.log(4))
    assert found["nats_per_second"] == pytest.approx(6 * math.log(4))
    assert found["perplexity"] == pytest.approx(4)
    silent = loss_breakdown.MusicTotals(tokens=0, notes=0, seconds=0, unreadable=1).rates(1.0)
    assert silent["bits_per_note"] is silent["nats_per_second"] is None


def test_detail_of_a_split():
    logs = {name: -np.array([1.0, 3.0]) for name in ("uniform", "5-gram")}
    logs["9-gram"] = logs["5-gram"] / 2
    found = loss_breakdown.detail(
        scores([4, 6], [1, 2], [0, 4]),
        logs,
        best_ngram="9-gram",
        tokens=songs_of([2, 4, 6]),
        vocabulary=VOCABULARY,
        encoding=Events(),
    )
    assert (found["tokens"], found["songs"], found["notes"], found["seconds"]) == (2, 1, 1, 0.5)
    assert (found["top_1"], found["top_5"]) == (0.5, 1)
    assert (found["model"]["nats_per_note"], found["baselines"]["5-gram"]["nats_per_second"]) == (3, 8)
    assert [(row["first"], row["ngram_nats"]) for row in found["by_position_in_song"]] == [(1, 0.5), (2, 1.5)]
