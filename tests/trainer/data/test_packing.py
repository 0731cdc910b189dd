import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainer.data import packing

LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=12).map(np.array)


def test_the_longest_song_goes_first_to_the_row_that_is_shortest():
    assert packing.pack(np.array([3, 2, 1, 2]), 2) == [[0, 2], [1, 3]]


def test_of_songs_as_long_the_first_of_an_order_goes_first():
    assert packing.pack(np.array([1, 1, 2, 1]), 2, np.array([3, 1, 0, 2])) == [[2, 0], [3, 1]]


def test_a_row_is_filled_up_with_no_window():
    assert packing.table([[0, 2], [1]], np.array([2, 1, 1])).tolist() == [[0, 2], [1, -1], [3, -1]]


@given(LENGTHS, st.integers(1, 5))
def test_every_song_is_in_one_row_and_rows_end_together(lengths, rows):
    songs_of_rows = packing.pack(lengths, rows)
    assert sorted(song for songs in songs_of_rows for song in songs) == list(range(len(lengths)))
    ends = [sum(lengths[song] for song in songs) for songs in songs_of_rows]
    assert max(ends) - min(ends) <= max(lengths)
