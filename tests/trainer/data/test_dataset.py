import pathlib

import pytest

from nabi.workspace import paths
from tests.trainer import datasets
from trainer.data.dataset import open_dataset


def make(folder: pathlib.Path, **options) -> str:
    return datasets.build(folder, {"train": [[4, 5, 6]], "validation": [[4, 5]]}, datasets.Recipe(**options))


def test_opens(tmp_path):
    dataset = open_dataset(make(tmp_path, shards=2))
    assert (dataset.content, dataset.window, dataset.windows("train"), dataset.windows("test")) == ("c", 4, 1, 0)
    assert [pathlib.Path(path).name for path in dataset.shards("train")] == [
        "train-00000-of-00002.tfrecord",
        "train-00001-of-00002.tfrecord",
    ]
    assert dataset.blocked == [0, 1, 2]


def test_without_marks_the_end_is_blocked_too(tmp_path):
    assert open_dataset(make(tmp_path, song_marks=False)).blocked == [0, 1, 2, 3]


def test_missing_folder(tmp_path):
    with pytest.raises(ValueError, match="does not exist, or is empty: run `python"):
        open_dataset(str(tmp_path / "nowhere"))


def test_a_folder_of_music_is_no_dataset_yet(tmp_path):
    (tmp_path / "song.mid").write_bytes(b"MThd")
    with pytest.raises(ValueError, match=r"no dataset but music \(song.mid\): .*--input \S+ --output DATASET`"):
        open_dataset(str(tmp_path))


def test_not_completed(tmp_path):
    folder = make(tmp_path)
    (tmp_path / paths.COMPLETED).unlink()
    with pytest.raises(ValueError, match="is not finished: run"):
        open_dataset(folder)


def test_empty(tmp_path):
    with pytest.raises(ValueError, match="has no window to train on: preprocess more files"):
        open_dataset(datasets.build(tmp_path, {"validation": [[4, 5]]}))


def test_missing_shard_is_named(tmp_path):
    folder = make(tmp_path, shards=2)
    (tmp_path / "validation-00001-of-00002.tfrecord").unlink()
    with pytest.raises(ValueError, match=r"lacks its shard validation-00001-of-00002\.tfrecord"):
        open_dataset(folder)


def test_other_version(tmp_path):
    folder = make(tmp_path)
    about = paths.read_json(f"{folder}/{paths.DATASET}")
    paths.write_json(f"{folder}/{paths.DATASET}", {**about, "version": 2})
    with pytest.raises(ValueError, match="is of version 2, this trainer reads 1"):
        open_dataset(folder)
