import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.config import TrainConfig
from trainer.training.optimizer import make_optimizer

pytestmark = pytest.mark.slow


def rates(**options) -> list[float]:
    """The learning rate of the first 5 steps."""
    config = TrainConfig(**{"steps": 5, "learning_rate": 0.1, **options})
    optimizer = make_optimizer(config)
    weight = tf.Variable([1.0], name="kernel")
    found = []
    for _ in range(5):
        found.append(float(optimizer.learning_rate))
        optimizer.apply([tf.constant([1.0])], [weight])
    return found


def test_schedules():
    assert rates() == pytest.approx([0.1] * 5)
    assert rates(schedule="inverse-time", decay=0.5) == pytest.approx([0.1, 0.1 / 1.5, 0.05, 0.04, 0.1 / 3])
    cosine = [0.05 * (1 + np.cos(np.pi * step / 5)) for step in range(5)]
    assert rates(schedule="cosine") == pytest.approx(cosine)


def test_a_schedule_of_no_step_is_made():
    assert float(make_optimizer(TrainConfig(steps=0, schedule="cosine")).learning_rate) == pytest.approx(0.002)


def test_warm_up_rises_from_the_first_step_on():
    assert rates(warmup_steps=4) == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.1])
    cosine = [0.05 * (1 + np.cos(np.pi * step / 5)) * min(1, (step + 1) / 2) for step in range(5)]
    assert rates(warmup_steps=2, schedule="cosine") == pytest.approx(cosine)


def test_gradients_are_clipped_once_by_their_common_norm():
    optimizer = make_optimizer(TrainConfig(clip_norm=1.0, learning_rate=1.0))
    weights = [tf.Variable([0.0]), tf.Variable([0.0])]
    optimizer.build(weights)
    optimizer.apply([tf.constant([30.0]), tf.constant([40.0])], weights)
    # Adam's first moment is a tenth of the clipped gradient: 3/5 and 4/5 of a norm of 1.
    moments = [float(value.numpy()[0]) for value in optimizer._momentums]
    assert moments == pytest.approx([0.06, 0.08])


def test_weight_decay_leaves_biases_alone():
    optimizer = make_optimizer(TrainConfig(weight_decay=0.5, learning_rate=0.1))
    kernel, bias = tf.Variable([2.0], name="kernel"), tf.Variable([2.0], name="bias")
    optimizer.build([kernel, bias])
    optimizer.apply([tf.constant([0.0]), tf.constant([0.0])], [kernel, bias])
    assert kernel.numpy()[0] == pytest.approx(2 - 0.1 * 0.5 * 2)
    assert bias.numpy()[0] == 2.0


def test_large_variables_are_updated_as_keras_does_but_for_rounding():
    config = TrainConfig(
        learning_rate=0.003, schedule="cosine", warmup_steps=3, weight_decay=0.01, clip_norm=1.0, steps=20
    )
    ours, kerass = make_optimizer(config), make_optimizer(config)
    generator = np.random.default_rng(1)
    shapes = [(200, 300), (300,), (130, 128)]
    first = [generator.normal(size=shape).astype(np.float32) for shape in shapes]
    pairs = [[keras.Variable(values, name=f"kernel_{n}") for n, values in enumerate(first)] for _ in range(2)]
    for optimizer, variables in zip((ours, kerass), pairs, strict=True):
        optimizer.build(variables)
    kerass.update_step = functools.partial(keras.optimizers.Adam.update_step, kerass)
    for _ in range(20):
        gradients = [tf.constant(generator.normal(size=shape) * 0.01, tf.float32) for shape in shapes]
        for optimizer, variables in zip((ours, kerass), pairs, strict=True):
            optimizer.apply(gradients, variables)
    for one, other, before in zip(*pairs, first, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-5, atol=1e-6)
        assert (one.numpy() != before).any()
