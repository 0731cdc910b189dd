import numpy as np
import pytest

from generator.sampling import plan
from generator.sampling.plan import SongBatch

pytestmark = pytest.mark.slow


def test_batches_are_consecutive_songs_and_the_last_is_short():
    assert plan.batches(10, slots=4) == [
        SongBatch(0, range(0, 4)),
        SongBatch(1, range(4, 8)),
        SongBatch(2, range(8, 10)),
    ]


def test_fewer_songs_only_shorten_the_batches():
    assert plan.batches(3, slots=4) == [SongBatch(0, range(0, 3))]


@pytest.mark.parametrize(
    ("num_songs", "size", "count"),
    [(1, 1, 1), (1000, 64, 16), (2048, 128, 16), (10_000, 512, 20), (100_000, 512, 196)],
)
def test_of_many_songs_a_row_makes_several(num_songs, size, count):
    made = plan.batches(num_songs)
    assert (len(made[0].songs), len(made)) == (size, count)
    assert [song for batch in made for song in batch.songs] == list(range(num_songs))


@pytest.mark.parametrize(("candidates", "size"), [(1, 64), (8, 8), (3, 21), (64, 6), (100, 6)])
def test_candidates_share_the_rows_of_a_batch(candidates, size):
    made = plan.batches(100, candidates=candidates)
    assert [len(batch.songs) for batch in made[:-1]] == [size] * (len(made) - 1)
    assert [song for batch in made for song in batch.songs] == list(range(100))


def test_random_numbers_depend_on_seed_song_and_position_alone():
    whole = plan.uniforms(3, 7, 0, 8, 5)
    np.testing.assert_array_equal(plan.uniforms(3, 7, 2, 3, 5), whole[2:5])
    others = [plan.uniforms(4, 7, 0, 8, 5), plan.uniforms(3, 8, 0, 8, 5)]
    assert not np.isin(others, whole).any()
    assert len(np.unique(whole)) == whole.size


def test_random_numbers_are_the_ones_of_the_first_release():
    # Another NumPy must give the same songs: Philox4x64-10 for the key (0, 0), whose counter NumPy starts at 1.
    expected = np.array([0x02F4BA6408E4D89B, 0x3DD62B0B9CA8C5B2], np.uint64) >> np.uint64(40)
    np.testing.assert_array_equal(plan.uniforms(0, 0, 0, 1, 2)[0], expected.astype(np.float32) / 2**24)


def test_random_numbers_are_uniform_below_one():
    numbers = plan.uniforms(2**64 - 1, 0, 0, 10_000, 10).ravel()
    assert 0 <= numbers.min() < numbers.max() < 1
    np.testing.assert_allclose(np.histogram(numbers, 10, (0, 1))[0], 10_000, atol=500)


def test_where_a_network_is_told_depends_on_seed_song_and_position_alone():
    whole = plan.told(0.5, 3, 7, 0, 100)
    assert 30 < whole.sum() < 70
    np.testing.assert_array_equal(plan.told(0.5, 3, 7, 60, 40), whole[60:])
    assert (plan.told(0.5, 3, 8, 0, 100) != whole).any()
    # Its random numbers are not those of the tokens.
    assert (whole != (plan.uniforms(3, 7, 0, 100, 1)[:, 0] < 0.5)).any()


def test_the_shares_0_and_1_are_none_and_all_and_what_less_tells_more_tells_too():
    none, some, more, every = (plan.told(share, 0, 0, 0, 1000) for share in (0, 0.2, 0.7, 1))
    assert (none.any(), every.all()) == (False, True)
    assert not (some & ~more).any()
