import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from trainer.config import TrainConfig
from trainer.step import Learner, make_strategy, scored

SMALL = TrainConfig(units=8, embedding=4, layers=1, batch_size=4, dropout=0.0)
BATCH = np.array([[2, 4, 5, 6], [5, 6, 1, 3], [7, 8, 3, 0], [2, 9, 0, 0]], np.int32)

# Both replica counts in one new process: the CPU is split before TensorFlow starts.
REPLICAS = """
import dataclasses, json, sys
import numpy as np, tensorflow as tf
from trainer.config import TrainConfig
from trainer.step import Learner, make_strategy

config = TrainConfig(units=8, embedding=4, layers=1, batch_size=4, dropout=0.0, clip_norm=0.1, learning_rate=0.01)
generator = np.random.default_rng(1)
batches = generator.integers(4, 10, (50, 4, 9)).astype(np.int32)
batches[:, 0, 4:] = 0  # replicas with different numbers of targets
batches[:, 2, 3] = 1
losses, variables = {}, {}
for replicas in (2, 1):
    learner = Learner(make_strategy(replicas, 4), config, vocabulary_size=10, blocked=[0, 1, 2])
    data = tf.data.Dataset.from_tensor_slices(batches)
    losses[replicas] = learner.run(learner.distribute(data), 50).tolist()
    variables[replicas] = [float(tf.reduce_sum(tf.abs(tf.cast(value, tf.float64)))) for value in learner.variables()]
print(json.dumps([losses, variables]))
"""


def learner_of(config: TrainConfig = SMALL) -> Learner:
    return Learner(make_strategy(1, config.batch_size), config, vocabulary_size=10, blocked=[0, 1, 2])


def gradients(learner: Learner, batch: np.ndarray) -> list[np.ndarray]:
    values, _ = tf.distribute.get_strategy().run(learner.gradients, args=(tf.constant(batch),))
    return [value.numpy() for value in values]


def test_padding_and_unknown_are_not_scored():
    valid, unknown = scored(tf.constant([[4, 1, 0], [3, 5, 6]]), last_only=False)
    assert valid.numpy().tolist() == [[1, 0, 0], [1, 1, 1]]
    assert unknown.numpy().tolist() == [[0, 1, 0], [0, 0, 0]]
    valid, unknown = scored(tf.constant([[4, 5, 1], [3, 5, 6]]), last_only=True)
    assert valid.numpy().tolist() == [[0, 0, 0], [0, 0, 1]]
    assert unknown.numpy().tolist() == [[0, 0, 1], [0, 0, 0]]


def test_loss_is_summed_over_valid_targets_alone():
    learner = learner_of()
    logits = learner.model(BATCH[:, :-1]).numpy()
    logits -= np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    by_hand = -sum(
        logits[row, column, target] for row, targets in enumerate(BATCH[:, 1:]) for column, target in enumerate(targets)
        if target > 1
    )  # fmt: skip
    ((loss, valid, unknown),) = learner.run(learner.distribute(tf.data.Dataset.from_tensors(BATCH)), 1)
    assert loss == pytest.approx(by_hand, rel=1e-5)
    assert (valid, unknown) == (8, 1)


def test_padded_rows_change_no_gradient():
    learner = learner_of()
    padded = np.concatenate([BATCH, np.zeros((4, 4), np.int32)])
    for alone, with_padding in zip(gradients(learner, BATCH), gradients(learner, padded), strict=True):
        np.testing.assert_allclose(alone, with_padding, rtol=1e-5, atol=1e-8)


def test_dropout_is_a_function_of_seed_and_step():
    learner = learner_of(TrainConfig(**{**SMALL.as_dict(), "dropout": 0.5}))
    first, again = gradients(learner, BATCH)[0], gradients(learner, BATCH)[0]
    np.testing.assert_array_equal(first, again)
    learner.step.assign(7)
    assert not np.array_equal(first, gradients(learner, BATCH)[0])


def test_one_and_two_replicas_train_the_same():
    result = subprocess.run([sys.executable, "-c", REPLICAS], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr[-2000:]
    losses, variables = json.loads(result.stdout.splitlines()[-1])
    two, one = np.array(losses["2"]), np.array(losses["1"])
    assert one[0, 0] > one[-1, 0]
    np.testing.assert_allclose(two, one, rtol=1e-4)
    # Adam forgives a wrong scale of the gradients; its moments, which are among these, do not.
    np.testing.assert_allclose(variables["2"], variables["1"], rtol=1e-3)


def test_uneven_batch():
    with pytest.raises(ValueError, match="--batch_size 5 must be a multiple of the 2 replicas"):
        make_strategy(2, 5)
