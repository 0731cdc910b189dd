"""The windows that a model is scored on."""

import itertools

import numpy as np
import pytest

from tests.trainer import datasets
from trainer.data import batches
from trainer.data.dataset import open_dataset
from trainer.data.window_arrays import concatenate, token_stream
from trainer.data.window_mode import WindowMode
from trainer.evaluation import dataset_survey

pytestmark = pytest.mark.slow


def training_sample(folder, mode):
    return dataset_survey.survey_dataset(open_dataset(folder), mode).windows["train"]


@pytest.mark.parametrize("stride", [2, 4])
def test_whole_songs_of_the_training_split_are_scored_where_the_state_is_carried(tmp_path, monkeypatch, stride):
    songs = {split: datasets.melodies(count) for split, count in (("train", 10), ("validation", 2), ("test", 2))}
    folder = datasets.build(tmp_path, songs, datasets.Recipe(stride=stride, shards=3))
    dataset = open_dataset(folder)
    # A third of the songs, in the order of the shards: 0.618 n has a fraction below 1/3.
    monkeypatch.setattr(dataset_survey, "TRAINING_SAMPLE", -(-dataset.windows("train") // 3))
    stream = token_stream(concatenate(list(batches.read_windows(dataset, "train")), dataset.window))
    borders = [*(stream.positions == 0).nonzero()[0], len(stream)]
    expected = [stream.ids[borders[number] : borders[number + 1]].tolist() for number in (0, 2, 5, 7)]
    sample = training_sample(folder, WindowMode(carried=True))
    firsts = [*(sample.starts == 0).nonzero()[0], len(sample)]
    found = [token_stream(sample[first:last]).ids.tolist() for first, last in itertools.pairwise(firsts)]
    assert found == expected
    # Each token is scored once: windows of the song's own length apart.
    assert set(sample.starts % dataset.window) == {0}


def test_single_windows_are_scored_without_a_carried_state(tmp_path, monkeypatch):
    folder = datasets.build(tmp_path, {split: datasets.melodies(4) for split in ("train", "validation", "test")})
    windows = concatenate(list(batches.read_windows(open_dataset(folder), "train")), 4)
    monkeypatch.setattr(dataset_survey, "TRAINING_SAMPLE", -(-len(windows) // 2))
    assert training_sample(folder, WindowMode()).tokens.tolist() == windows.tokens[::2].tolist()


def test_songs_in_twelve_keys_are_sampled_in_all_of_them():
    sampled = dataset_survey._is_sampled(np.arange(12 * 5000), every=72).nonzero()[0]
    assert len(sampled) == pytest.approx(12 * 5000 / 72, rel=0.02)
    counts = np.bincount(sampled % 12)
    assert (len(counts), counts.min() > 60) == (12, True)
