import numpy as np
import pytest
import tensorflow as tf

from trainer.training.dropout import DropoutMask, uniform_bits

pytestmark = pytest.mark.slow


def mask(rows=8, first_row=0, step=3, key=7, **options):
    layer = DropoutMask(0.25, key, **options)
    return layer(tf.zeros((rows, 5, 3)), tf.constant([step, first_row], tf.int64)).numpy()


def test_a_row_depends_on_its_place_in_the_global_batch_alone():
    whole = mask()
    np.testing.assert_array_equal(np.concatenate([mask(3), mask(2, first_row=3), mask(3, first_row=5)]), whole)


def test_steps_layers_and_rows_draw_differently():
    whole = mask()
    assert (mask(step=4) != whole).any()
    assert (mask(key=8) != whole).any()
    assert len({row.tobytes() for row in whole}) == 8


def test_a_quarter_is_dropped_and_the_rest_is_scaled():
    values = mask(rows=4000)
    assert set(np.unique(values)) == {0.0, np.float32(4 / 3)}
    assert abs((values == 0).mean() - 0.25) < 0.01


def test_shared_steps():
    values = mask(shared_steps=True)
    assert values.shape == (8, 1, 3)
    np.testing.assert_array_equal(values[3:], mask(5, first_row=3, shared_steps=True))


def test_bits_are_the_same_on_every_machine():
    # Philox is specified (Salmon et al. 2011); a resumed run may be on another machine.
    assert uniform_bits(tf.constant([1, 3]), 7, tf.constant([3, 0], tf.int64)).numpy().tolist() == [
        [2545112793, 531643458, 698849000]
    ]
