import dataclasses

import numpy as np
import pytest

from generator import plan
from generator.plan import Batch, Sampling, Sound


def test_batches_are_consecutive_songs_and_the_last_is_short():
    assert plan.batches(10, slots=4) == [Batch(0, range(0, 4)), Batch(1, range(4, 8)), Batch(2, range(8, 10))]


def test_fewer_songs_only_shorten_the_batches():
    assert plan.batches(3, slots=4) == [Batch(0, range(0, 3))]


@pytest.mark.parametrize("num_songs", [0, -1, 1_000_001])
def test_a_number_of_songs_out_of_range_is_refused(num_songs):
    with pytest.raises(ValueError, match=rf"--num_songs {num_songs} must be in 1\.\.1000000"):
        plan.batches(num_songs)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"temperature": 0.0}, "--temperature 0.0 must be above 0"),
        ({"temperature": float("nan")}, "--temperature nan must be above 0"),
        ({"top_k": -1}, "--top_k -1 must be in 0"),
        ({"top_p": 0.0}, "--top_p 0.0 must be above 0 and at most 1"),
        ({"top_p": 1.1}, "--top_p 1.1 must be above 0 and at most 1"),
        ({"max_tokens": 0}, "--max_tokens 0 must be in 1..100000"),
        ({"seed": -1}, "--seed -1 must be in 0"),
    ],
)
def test_sampling_values_out_of_range_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(Sampling(), **changed)


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"tempo": 0.0}, "--tempo 0.0 must be in 10..1000"), ({"program": 128}, "--program 128 must be in 0..127")],
)
def test_sound_values_out_of_range_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(Sound(), **changed)


def test_random_numbers_depend_on_seed_song_and_position_alone():
    many = plan.uniforms(3, range(10), 8)
    np.testing.assert_array_equal(plan.uniforms(3, [7], 5), many[7:8, :5])
    assert not np.isin(plan.uniforms(4, [7], 8), many).any()
    assert len(np.unique(many)) == many.size


def test_random_numbers_are_the_ones_of_the_first_release():
    # Another NumPy must give the same songs: Philox4x64-10 for the key (0, 0), whose counter NumPy starts at 1.
    expected = np.array([0x02F4BA6408E4D89B, 0x3DD62B0B9CA8C5B2], np.uint64) >> np.uint64(40)
    np.testing.assert_array_equal(plan.uniforms(0, [0], 2)[0], expected.astype(np.float32) / 2**24)


def test_random_numbers_are_uniform_below_one():
    numbers = plan.uniforms(2**64 - 1, [0], 100_000)[0]
    assert 0 <= numbers.min() < numbers.max() < 1
    np.testing.assert_allclose(np.histogram(numbers, 10, (0, 1))[0], 10_000, atol=500)
