"""MIT's lab 1: the highest note of each 16th of pop songs."""

import collections
import math

import pytest

from nabi.music.note_names import parse_pitch
from nabi.workspace import paths
from tests.recipes import chain

MUSIC = chain.MIDI / "pop_songs"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not MUSIC.exists(), reason="no shared music")]

SMALL = ("--units=32", "--steps=60", "--evaluate_every=60")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return chain.preprocessed("pop-roll", tmp_path_factory.mktemp("pop") / "dataset", MUSIC)


@pytest.fixture(scope="module")
def model(dataset, tmp_path_factory):
    return chain.trained("pop-roll:small", dataset, tmp_path_factory.mktemp("pop") / "model", *SMALL)


def test_of_88_songs_73_are_read_11_are_short_and_4_of_other_meters(dataset):
    outcomes = collections.Counter((row["outcome"], row["reason"]) for row in chain.rows(dataset))
    assert outcomes == {("read", ""): 73, ("filtered", "too-few-steps"): 11, ("filtered", "other-meter"): 4}


def test_rows_are_steps_of_one_pitch_of_78(dataset):
    assert min(row["tokens"] for row in chain.rows(dataset) if row["outcome"] == "read") == 128
    pitches = [parse_pitch(token) for token in chain.tokens(dataset) if token != "R"]
    assert 24 <= min(pitches) <= max(pitches) <= 101


def test_snippets_are_64_steps_and_the_next(dataset):
    windows, read = chain.windows(dataset), [row for row in chain.rows(dataset) if row["outcome"] == "read"]
    assert {len(window.tokens) for window in windows} == {65}
    # Each song of n steps has n - 64 snippets.
    assert len(windows) == sum(row["tokens"] - 64 for row in read) == 8242


def test_song_41_by_file_name_is_the_labs(dataset):
    read = [row for row in chain.rows(dataset) if row["outcome"] == "read"]
    row = sorted(read, key=lambda row: row["source"])[41]
    assert row["source"].endswith("How Deep Is Your Love - Chorus.midi")
    first = next(window for window in chain.windows(dataset) if (window.song, window.start) == (row["sha256"], 0))
    assert chain.spelled(dataset, first).startswith("C5 A4 A4 A4 E4 E4 E4 E4 E4 E4 E4 E4 A4 A4 C5 C5 D5")


def test_training_lowers_the_loss_and_tells_the_accuracy_every_ten_steps(model):
    assert chain.lowers_the_loss(model)
    assert len(chain.history(model, "train_accuracy")) == 6


def test_songs_go_on_from_song_41(model, tmp_path):
    flags = ("--num_songs=2", "--max_tokens=30")
    sampled = chain.generated("pop-roll:sampled", model, tmp_path / "sampled", *flags)
    assert {" ".join(row["primer"][:5]) for row in sampled} == {"C5 A4 A4 A4 E4"}
    assert [(len(row["primer"]), len(row["tokens"])) for row in sampled] == [(64, 30)] * 2
    (likeliest,) = chain.generated("pop-roll:likeliest", model, tmp_path / "likeliest", "--max_tokens=30")
    assert likeliest["primer"] == sampled[0]["primer"]


def test_an_untrained_network_is_a_model_too(dataset, tmp_path):
    model = chain.trained("pop-roll:untrained", dataset, tmp_path / "model")
    metrics = paths.read_json(str(model / paths.METRICS))
    # It knows nothing: every token is about as likely as any other.
    assert metrics["train"]["loss_nats"] == pytest.approx(math.log(len(chain.tokens(dataset))), abs=0.2)
