import pathlib

import numpy as np
import pytest

from nabi.music import windows
from tests.trainer import datasets
from trainer.data import batches, window_arrays
from trainer.data.dataset import open_dataset

pytestmark = pytest.mark.slow

# 12 songs of 4 ids and marks around them: window 3, stride 3 cuts each in two windows, the last one full at 5 = 6 - 1.
SONGS = [[4 + number % 6, 4, 5, 4 + number // 6] for number in range(12)]


def opened(folder: pathlib.Path, shards: int = 3):
    recipe = datasets.Recipe(window=3, stride=3, shards=shards)
    return open_dataset(datasets.build(folder, {"train": SONGS}, recipe))


def test_full_only_leaves_padded_windows_out(tmp_path):
    recipe = datasets.Recipe(window=2, stride=2, song_marks=False)
    dataset = open_dataset(datasets.build(tmp_path, {"train": [[4, 5, 6, 7]]}, recipe))
    (found,) = batches.read_windows(dataset, "train")
    assert found.tokens.tolist() == [[4, 5, 6], [6, 7, 0]]
    assert found.full().tokens.tolist() == [[4, 5, 6]]


def test_article_has_50_windows_of_54_codes(tmp_path):
    recipe = datasets.Recipe(window=4, stride=1, song_marks=False)
    dataset = open_dataset(datasets.build(tmp_path, {"train": [[4] * 54]}, recipe))
    (found,) = batches.read_windows(dataset, "train")
    assert len(found.full()) == 50


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


def test_overlapping_windows_are_cut_anew_end_to_end(tmp_path):
    recipe = datasets.Recipe(window=4, stride=3, song_marks=False)
    songs = [[4, 5, 6, 7, 8, 9, 4, 5], [9, 8]]
    dataset = open_dataset(datasets.build(tmp_path, {"train": songs}, recipe))
    (found,) = batches.read_windows(dataset, "train")
    whole = window_arrays.cut_anew(found, 4)
    rows = sorted(zip(whole.starts.tolist(), whole.tokens.tolist(), strict=True))
    assert rows == [(0, [4, 5, 6, 7, 8]), (0, [9, 8, 0, 0, 0]), (4, [8, 9, 4, 5, 0])]
    assert window_arrays.cut_anew(whole, 4) is whole
    again = window_arrays.cut_anew(whole, 3)
    assert (again.tokens.tolist(), again.starts.tolist()) == (found.tokens.tolist(), found.starts.tolist())


MIXED = [[2, 4, 5, 6, 7, 8, 9, 4, 3], [2, 9, 1, 7, 3], [2, 5, 3], [2, 6, 7, 6, 7, 6, 3]]


def cut(songs, window: int = 3) -> window_arrays.Windows:
    tokens, starts = zip(*(windows.cut(np.array(song), window, window) for song in songs), strict=True)
    return window_arrays.Windows(np.concatenate(tokens).astype(np.int32), np.concatenate(starts))


def test_first_songs_are_whole():
    assert window_arrays.first_songs(cut(MIXED), 1).tokens.tolist() == cut(MIXED[:1]).tokens.tolist()
    # 8 and 3 known targets in 3 and 2 windows.
    assert len(window_arrays.first_songs(cut(MIXED), 8)) == 3
    assert len(window_arrays.first_songs(cut(MIXED), 9)) == 5
    assert len(window_arrays.first_songs(cut(MIXED), 10**6)) == len(cut(MIXED))


def test_first_songs_have_so_many_tokens_though_windows_are_not_full():
    songs = [[4, 5], [4, 1, 5], [4, 5, 6, 7, 8, 9]]
    assert len(window_arrays.first_songs(cut(songs, window=5), 2)) == 2
    # Only the last one fills a window.
    assert len(window_arrays.first_songs(cut(songs, window=5), 1, last_only=True)) == 3
