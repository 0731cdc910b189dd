import collections
import itertools
import pathlib

import numpy as np
import pytest

from tests.trainer import datasets
from trainer import batches
from trainer.dataset import open_dataset

# 12 songs of 4 ids and marks around them: window 3, stride 3 cuts each in two windows, the last one full at 5 = 6 - 1.
SONGS = [[4 + number % 6, 4, 5, 4 + number // 6] for number in range(12)]


def opened(folder: pathlib.Path, shards: int = 3):
    recipe = datasets.Recipe(window=3, stride=3, shards=shards)
    return open_dataset(datasets.build(folder, {"train": SONGS}, recipe))


def take(dataset, count: int, **options) -> list[np.ndarray]:
    settings = {"windows": 24, "batch_size": 6, "seed": 1, "full_only": False, **options}
    return list(itertools.islice(batches.training_batches(dataset, **settings).as_numpy_iterator(), count))


def rows(arrays) -> collections.Counter:
    return collections.Counter(tuple(row) for array in arrays for row in array.tolist())


@pytest.fixture(params=["in memory", "read again"])
def dataset(tmp_path, request, monkeypatch):
    if request.param == "read again":
        monkeypatch.setattr(batches, "CACHE_BYTES", 0)
    return opened(tmp_path)


def test_every_window_once_an_epoch(dataset):
    everything = rows(part.tokens for part in batches.read_windows(dataset, "train"))
    assert everything.total() == 24
    two_epochs = take(dataset, 8)
    assert rows(two_epochs[:4]) == everything
    assert rows(two_epochs[4:]) == everything


def test_order_is_a_function_of_seed_and_epoch(dataset):
    first, again = take(dataset, 8), take(dataset, 8)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[:4], first[4:])
    assert not np.array_equal(first, take(dataset, 8, seed=2))


@pytest.mark.parametrize("step", [1, 4, 6])
def test_going_on_at_a_step_gives_what_would_have_come(dataset, step):
    np.testing.assert_array_equal(take(dataset, 8 - step, first_step=step), take(dataset, 8)[step:])


def test_remainder_of_an_epoch_is_left_out(tmp_path):
    epoch = take(opened(tmp_path), 2, batch_size=10)
    assert rows(epoch).total() == 20
    assert batches.steps_in_epoch(24, 10) == 2


def test_fewer_windows_than_a_batch_are_padded(tmp_path):
    dataset = opened(tmp_path)
    everything = rows(part.tokens for part in batches.read_windows(dataset, "train"))
    for batch in take(dataset, 3, batch_size=30):
        assert batch.shape == (30, 4)
        assert rows([batch]) == everything + collections.Counter({(0, 0, 0, 0): 6})


def test_full_only_leaves_padded_windows_out(tmp_path):
    recipe = datasets.Recipe(window=2, stride=2, song_marks=False)
    dataset = open_dataset(datasets.build(tmp_path, {"train": [[4, 5, 6, 7]]}, recipe))
    (windows,) = batches.read_windows(dataset, "train")
    assert windows.tokens.tolist() == [[4, 5, 6], [6, 7, 0]]
    assert windows.full().tokens.tolist() == [[4, 5, 6]]
    assert take(dataset, 1, windows=1, batch_size=1, full_only=True)[0].tolist() == [[4, 5, 6]]


def test_article_has_50_windows_of_54_codes(tmp_path):
    recipe = datasets.Recipe(window=4, stride=1, song_marks=False)
    dataset = open_dataset(datasets.build(tmp_path, {"train": [[4] * 54]}, recipe))
    (windows,) = batches.read_windows(dataset, "train")
    assert len(windows.full()) == 50


@pytest.mark.parametrize("damage", ["cut", "flipped", "not-records"])
def test_damaged_shard_is_named(tmp_path, damage):
    dataset = opened(tmp_path, shards=1)
    path = tmp_path / "train-00000-of-00001.tfrecord"
    content = path.read_bytes()
    flipped = content[:20] + bytes([content[20] ^ 1]) + content[21:]
    path.write_bytes({"cut": content[:-5], "flipped": flipped, "not-records": b"nothing that TFRecord knows"}[damage])
    with pytest.raises(ValueError, match=r"the shard .*train-00000-of-00001\.tfrecord is damaged"):
        list(batches.read_windows(dataset, "train"))


def test_shard_cut_between_records(tmp_path):
    dataset = opened(tmp_path, shards=1)
    (tmp_path / "train-00000-of-00001.tfrecord").write_bytes(b"")
    with pytest.raises(ValueError, match="hold 0 windows instead of 24"):
        list(batches.read_windows(dataset, "train"))


def test_ids_beyond_the_vocabulary(tmp_path):
    dataset = open_dataset(datasets.build(tmp_path, {"train": [[4, 99]]}))
    with pytest.raises(ValueError, match=r"ids outside this vocabulary's 0\.\.9"):
        list(batches.read_windows(dataset, "train"))


def test_order_does_not_depend_on_tensorflows_global_seed(dataset):
    import keras

    keras.utils.set_random_seed(0)
    first = take(dataset, 4, seed=0)
    keras.utils.set_random_seed(5)
    assert all((one == other).all() for one, other in zip(first, take(dataset, 4, seed=0), strict=True))
