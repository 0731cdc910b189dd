import pytest

from benchmarks import feed
from tests.trainer import datasets
from trainer.data.dataset import open_dataset
from trainer.data.window_mode import WindowMode

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("carried", [False, True])
def test_both_ways_of_reading_are_measured(tmp_path, carried):
    dataset = open_dataset(datasets.build(tmp_path, {"train": datasets.melodies(12)}, datasets.Recipe(window=4)))
    made, handed = feed.rates(dataset, WindowMode(carried=carried), batch_size=8, steps=20)
    assert made > 1000
    assert handed > 1000
