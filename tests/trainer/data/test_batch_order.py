import collections
import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainer.data import batch_order


def test_permutations_are_frozen():
    assert batch_order.permutation(6, 1, 0, 0).tolist() == [3, 5, 1, 2, 4, 0]
    assert batch_order.permutation(6, 1, 0, 1).tolist() != batch_order.permutation(6, 1, 0, 0).tolist()


def test_draws_are_frozen():
    assert batch_order.drawn(3, 6, 1).tolist() == sorted(batch_order.permutation(6, 1)[:3].tolist()) == [0, 1, 4]
    assert batch_order.drawn(6, 6, 2).tolist() == [0, 1, 2, 3, 4, 5]


def test_one_group_of_all_shards_is_the_same_in_every_epoch():
    assert batch_order.groups_of(3, 4, seed=1, epoch=0) == batch_order.groups_of(3, 3, seed=1, epoch=5) == [[0, 1, 2]]


def test_groups_hold_every_shard_once_in_an_order_of_their_epoch():
    first, second = (batch_order.groups_of(7, 3, seed=1, epoch=epoch) for epoch in (0, 1))
    assert [len(group) for group in first] == [3, 3, 1]
    assert sorted(itertools.chain(*first)) == list(range(7))
    assert first != second


def test_a_last_batch_that_is_not_full_is_left_out():
    batches = batch_order.shuffled_batches(7, 3, 1, 0, 0)
    assert batches.shape == (2, 3)
    assert len(set(batches.ravel().tolist())) == 6


def test_fewer_windows_than_a_batch_are_one_padded_batch():
    assert sorted(batch_order.shuffled_batches(2, 4, 1, 0, 0).ravel().tolist()) == [-1, -1, 0, 1]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=12), st.integers(1, 5), st.integers(0, 9))
def test_streams_read_each_song_from_end_to_end_in_one_row(windows_of_songs, rows, seed):
    table = batch_order.streams(np.array(windows_of_songs), rows, seed, 0, 0)
    assert collections.Counter(table[table >= 0].tolist()) == collections.Counter(range(sum(windows_of_songs)))
    first = set(np.concatenate([[0], np.cumsum(windows_of_songs)]).tolist())
    for row in table.T:
        kept = row[row >= 0].tolist()
        assert row.tolist() == kept + [-1] * (len(row) - len(kept))
        assert all(after == before + 1 or after in first for before, after in itertools.pairwise(kept))
    # A row is never longer than the others by more than a song.
    lengths = (table >= 0).sum(axis=0)
    assert lengths.max() - lengths.min() <= max(windows_of_songs)


def test_one_long_song_does_not_go_on_when_all_others_have_ended():
    table = batch_order.streams(np.array([*[1] * 40, 40]), 2, 1, 0, 0)
    assert table.shape == (40, 2)
    assert (table >= 0).all()


def test_streams_are_of_their_epoch():
    one, other = (batch_order.streams(np.full(20, 2), 4, 1, epoch, 0) for epoch in (0, 1))
    assert one.tolist() != other.tolist()
