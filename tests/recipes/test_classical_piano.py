"""The Keras + music21 article: notes and normal orders of the Final Fantasy files."""

import pytest

from nabi.music.note_names import is_classes
from tests.recipes import chain

MUSIC = chain.MIDI / "final_fantasy"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not MUSIC.exists(), reason="no shared music")]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return chain.preprocessed("classical-piano", tmp_path_factory.mktemp("classical") / "dataset", MUSIC)


def test_every_file_yields_tokens(dataset):
    ledger = chain.rows(dataset)
    assert [row["outcome"] for row in ledger] == ["read"] * 92
    assert sum(row["tokens"] - 2 for row in ledger) == 50_779
    assert min(row["tokens"] for row in ledger) == 67


def test_splits_are_of_songs(dataset):
    ledger = chain.rows(dataset)
    assert [sum(row["split"] == split for row in ledger) for split in ("train", "validation", "test")] == [79, 7, 6]


def test_tokens_are_notes_and_normal_orders(dataset):
    known = chain.tokens(dataset)
    assert (len(known), sum(map(is_classes, known))) == (448, 375)
    source = next(row for row in chain.rows(dataset) if row["source"].endswith("0fithos.mid"))
    first = next(window for window in chain.windows(dataset) if (window.song, window.start) == (source["sha256"], 0))
    assert len(first.tokens) == 101
    assert chain.spelled(dataset, first).startswith("<start> 4.9 4.9 4.9 4.9 4.9 4.9 4.9 9.11.4 4.9 11.4 4.9")


def test_training_lowers_the_loss_and_songs_step_by_halves(dataset, tmp_path):
    flags = ("--steps=60", "--units=64", "--log_every=5", "--evaluate_every=60")
    model = chain.trained("classical-piano", dataset, tmp_path / "model", *flags)
    losses = chain.history(model, "train_loss_nats")
    assert losses[-1] < 0.95 * losses[0]
    (row,) = chain.generated("classical-piano", model, tmp_path / "songs", "--num_songs=1", "--max_tokens=40")
    assert row["seconds"] == pytest.approx(len(row["tokens"]) * 0.5 * 60 / 120)
