import collections

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.music import windows
from nabi.music.vocabulary import PAD


def test_windows_start_at_every_stride_until_one_holds_the_last_token():
    cut, starts = windows.cut(np.array([4, 5, 6, 7, 8, 9]), 3, 2)
    assert starts.tolist() == [0, 2]
    assert cut.tolist() == [[4, 5, 6, 7], [6, 7, 8, 9]]


def test_last_window_is_padded():
    cut, _ = windows.cut(np.array([4, 5, 6]), 3, 3)
    assert cut.tolist() == [[4, 5, 6, PAD]]


def test_butterflys_54_codes_give_50_windows_without_padding():
    cut, _ = windows.cut(np.arange(4, 58), 4, 1)
    assert cut.shape == (50, 5)
    assert not (cut == PAD).any()


def test_a_song_of_one_token_has_no_window():
    assert windows.cut(np.array([4]), 3, 3)[0].shape == (0, 4)


def test_a_songs_windows_know_their_place():
    found = windows.of_song(np.array([4, 5, 6, 7, 8, 9]), "song", window=3, stride=2, transpose=-2)
    assert [(window.tokens.tolist(), window.song, window.start, window.transpose) for window in found] == [
        ([4, 5, 6, 7], "song", 0, -2),
        ([6, 7, 8, 9], "song", 2, -2),
    ]


def test_marks_stand_around_the_song():
    assert windows.mark(np.array([7, 8])).tolist() == [2, 7, 8, 3]


@pytest.mark.parametrize(("window", "stride"), [(0, 1), (4, 0), (4, 5)])
def test_stride_must_not_skip_tokens(window, stride):
    with pytest.raises(ValueError, match="stride"):
        windows.cut(np.arange(9), window, stride)


@given(st.integers(2, 60), st.integers(1, 12))
def test_with_stride_equal_to_window_each_target_is_scored_once(length, window):
    ids = np.arange(4, 4 + length)
    cut, starts = windows.cut(ids, window, window)
    targets = cut[:, 1:]
    assert targets[targets != PAD].tolist() == ids[1:].tolist()
    assert starts.tolist() == list(range(0, len(starts) * window, window))


@given(st.integers(2, 60), st.integers(1, 12), st.data())
def test_every_window_is_a_piece_of_the_song(length, window, data):
    ids = np.arange(4, 4 + length)
    cut, starts = windows.cut(ids, window, data.draw(st.integers(1, window)))
    for row, start in zip(cut, starts, strict=True):
        piece = row[row != PAD]
        assert piece.tolist() == ids[start : start + window + 1].tolist()
    assert cut[-1][cut[-1] != PAD][-1] == ids[-1]


@given(st.lists(st.integers(2, 40), min_size=1, max_size=4), st.integers(1, 12), st.data())
def test_join_gives_what_was_cut(lengths, window, data):
    stride = data.draw(st.integers(1, window))
    songs = [np.arange(4, 4 + length) for length in lengths]
    cut = [windows.cut(song, window, stride) for song in songs]
    tokens, starts = (np.concatenate(parts) for parts in zip(*cut, strict=True))
    assert windows.join(tokens, starts).tolist() == np.concatenate(songs).tolist()


@given(st.lists(st.integers(2, 40), min_size=1, max_size=4), st.integers(1, 12), st.integers(1, 12), st.data())
def test_songs_are_joined_of_their_records(lengths, window, most, data):
    stride = data.draw(st.integers(1, window))
    songs = [(f"{number}", number % 2, np.arange(4, 4 + length)) for number, length in enumerate(lengths)]
    shard = [
        record
        for name, transpose, ids in songs
        for record in windows.of_song(ids, name, window=window, stride=stride, transpose=transpose)
    ]
    for wanted in (None, most):
        joined = [(song.song, song.transpose, song.tokens.tolist()) for song in windows.join_records(shard, wanted)]
        assert joined == [(name, transpose, ids[:wanted].tolist()) for name, transpose, ids in songs]


def test_a_song_ends_where_a_window_is_missing():
    first, second, third = windows.of_song(np.arange(4, 14), "song", window=3, stride=3)
    (song,) = windows.join_records([first, third])
    assert song.tokens.tolist() == first.tokens.tolist()
    assert list(windows.join_records([second, third])) == []


def test_split_of_a_hash_never_changes():
    assert windows.fraction_of("split abc") == pytest.approx(0.27938154)
    assert windows.split_of("abc", (0.25, 0.25, 0.5)) == "validation"


def test_shares_are_kept_roughly_and_a_share_of_nothing_gets_nothing():
    counts = collections.Counter(windows.split_of(str(song), (0.8, 0.2, 0)) for song in range(5000))
    assert counts["test"] == 0
    assert 0.17 < counts["validation"] / 5000 < 0.23


def test_training_songs_with_the_smallest_hashes_fill_empty_splits_validation_first():
    moves = windows.rebalance({"train": 4}, {"train": ["a", "b", "c"]}, (0.8, 0.1, 0.1))
    assert moves == {"a": "validation", "b": "test"}
    assert windows.rebalance({"train": 4}, {"train": ["a", "b", "c"]}, (0.9, 0, 0.1)) == {"a": "test"}
    assert windows.rebalance({"train": 4}, {"train": ["a", "b", "c"]}, (1, 0, 0)) == {}


def test_fewer_than_three_songs_all_go_to_training():
    assert windows.rebalance({"test": 1, "train": 1}, {"test": ["x"], "train": ["y"]}, (0.8, 0.1, 0.1)) == {
        "x": "train"
    }


def test_training_never_stays_empty():
    moves = windows.rebalance({"validation": 3}, {"validation": ["a", "b", "c"]}, (0.8, 0.1, 0.1))
    assert sorted(moves.values()) == ["test", "train"]


def test_shards_are_in_range():
    assert {windows.shard_of(str(song), 3) for song in range(100)} == {0, 1, 2}
