"""The jazz solo: 30 values a window, one-hot, begun from nothing."""

import numpy as np
import pytest

from nabi.music.encodings import PitchDuration
from tests.recipes import chain
from trainer.data.input_features import table

MUSIC = chain.MIDI / "metheny" / "original_metheny.mid"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not MUSIC.exists(), reason="no shared music")]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return chain.preprocessed("jazz-solo", tmp_path_factory.mktemp("jazz") / "dataset", MUSIC)


@pytest.fixture(scope="module")
def model(dataset, tmp_path_factory):
    return chain.trained("jazz-solo", dataset, tmp_path_factory.mktemp("jazz") / "model", "--steps=60")


def test_the_solo_is_the_guitar_between_two_quarters(dataset):
    (row,) = chain.rows(dataset)
    assert (row["instrument"], row["events"], row["tokens"]) == ("Electric Guitar", 159, 230)
    values = chain.tokens(dataset)
    assert (len(values), sum(value.startswith("R:") for value in values)) == (95, 9)


def test_windows_have_30_values(dataset):
    windows = chain.windows(dataset)
    assert [window.start for window in windows] == list(range(201))
    assert {len(window.tokens) for window in windows} == {30}
    assert chain.spelled(dataset, windows[0]).startswith("Eb5:2/3 C5:1/3 R:1/3 G4.G#4:1/3 C5.Eb5:1/3 D5:3/4")


def test_a_beginning_is_a_row_of_zeros(dataset):
    one_hot = table("one-hot", chain.vocabulary(dataset), PitchDuration())
    assert not one_hot[2].any()
    np.testing.assert_array_equal(one_hot[4:], np.eye(99, dtype=np.float32)[4:])


def test_60_windows_are_trained_of_29_targets_each(model):
    # Two batches of 30 windows an epoch.
    assert set(chain.history(model, "train_tokens")) == {60 * 29}
    assert chain.lowers_the_loss(model)


def test_50_values_come_of_nothing(model, tmp_path):
    (row,) = chain.generated("jazz-solo", model, tmp_path / "songs")
    assert (row["primer"], len(row["tokens"])) == ([], 50)
