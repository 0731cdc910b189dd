import numpy as np
import pytest
import tensorflow as tf

from generator.sampling.density import DensityBias
from generator.sampling.token_content import TokenContents
from nabi.music.vocabulary import END

pytestmark = pytest.mark.slow

# Id 4 strikes a note and takes no time, 5 strikes two, 6 waits a quarter note and 7 eight of them.
MEANINGS = TokenContents(np.array([0, 0, 0, 0, 1, 2, 0, 0]), np.array([0, 0, 0, 0, 0, 0, 12, 96]))
LEAD = DensityBias(MEANINGS, density=2.0)


def shares(ids: list[int], logits: list[float] | None = None) -> np.ndarray:
    """The probabilities after these ids of one row."""
    memory = LEAD.initial(1)
    for token in ids:
        memory = LEAD.update(memory, tf.constant([token]))
    return tf.nn.softmax(LEAD.apply(tf.constant([logits or [0.0] * 8]), memory)).numpy()[0]


def test_a_song_that_is_in_time_is_not_led():
    np.testing.assert_allclose(shares([]), np.full(8, 1 / 8))
    np.testing.assert_allclose(shares([4, 4, 6, 5, 6]), np.full(8, 1 / 8), atol=0.02)


def test_a_song_that_lacks_notes_gets_them_and_one_of_too_many_gets_time():
    lacking = shares([6] * 4)
    assert lacking[5] > lacking[4] > 1 / 8 > lacking[6] > lacking[7] > 0
    too_many = shares([*[5] * 5, 6])
    assert too_many[5] < too_many[4] < 1 / 8 < too_many[6] < too_many[7]


def test_a_finer_grid_changes_nothing():
    fine = DensityBias(TokenContents(MEANINGS.notes_V, 10 * MEANINGS.ticks_V, ticks_per_quarter=120), density=2.0)
    memory = [LEAD.initial(1), fine.initial(1)]
    for token in (6, 4, 7):
        memory = [one.update(kept, tf.constant([token])) for one, kept in zip((LEAD, fine), memory, strict=True)]
    logits = [one.apply(tf.zeros([1, 8]), kept) for one, kept in zip((LEAD, fine), memory, strict=True)]
    np.testing.assert_array_equal(*logits)


def test_notes_count_when_time_goes_on():
    np.testing.assert_allclose(shares([5] * 5), np.full(8, 1 / 8))


@pytest.mark.parametrize("ids", [[], [6] * 9, [*[5] * 9, 6]])
def test_the_end_stays_as_likely_as_it_was(ids):
    assert shares(ids)[END] == pytest.approx(1 / 8)


def test_what_may_not_come_stays_out_even_if_only_the_end_may():
    only_end = [-np.inf] * 8
    only_end[END] = 1.0
    np.testing.assert_array_equal(shares([6] * 9, only_end), np.eye(8)[END])
