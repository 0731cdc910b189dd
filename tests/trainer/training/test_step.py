import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from trainer.config import TrainConfig
from trainer.data.batch_order import BatchPosition
from trainer.data.feed import StepBatches
from trainer.training.step import Learner, scored
from trainer.training.strategy import make_strategy
from trainer.training.training_network import first_network

pytestmark = pytest.mark.slow

SMALL = TrainConfig(units=8, embedding=4, layers=1, batch_size=4, dropout=0.0)
BATCH = np.array([[2, 4, 5, 6], [5, 6, 1, 3], [7, 8, 3, 0], [2, 9, 0, 0]], np.int32)

# A process for each number of replicas above one: the CPU is split before TensorFlow starts, its collectives know one
# number.
REPLICAS = """
import json, sys
from tests.trainer.training.test_step import trained_by
from trainer.training import strategy
if "copies" in sys.argv:
    strategy.reduction_of = lambda *_, **__: strategy.Reduction.HIERARCHICAL_COPY
print(json.dumps(trained_by(int(sys.argv[1]))))
"""
EVERYTHING = {
    "units": 8, "embedding": 8, "layers": 2, "batch_size": 8, "steps": 50, "learning_rate": 0.01, "clip_norm": 0.1,
    "carry_state": True, "dropout": 0.3, "recurrent_dropout": 0.3, "layer_norm": True, "residual": True,
    "log_accuracy": True,
    "tied_embeddings": True, "label_smoothing": 0.1, "weight_decay": 0.01, "schedule": "cosine", "warmup_steps": 5,
}  # fmt: skip


def learner_of(config: TrainConfig = SMALL, replicas: int = 1, *, fused: bool = True) -> Learner:
    strategy = make_strategy(replicas, config.batch_size)
    return Learner(strategy, config, first_network(config, 10, [0, 1, 2]), fused=fused)


def steps_of(batches, begins=None) -> StepBatches:
    begins = np.ones(batches.shape[:2], np.bool_) if begins is None else begins
    return StepBatches(batches, begins, BatchPosition(), np.zeros(len(batches), np.int64))


def trained_by(replicas: int) -> tuple[list[list[float]], list[float]]:
    """Losses of 50 steps, and the sum of each variable's absolute values behind them."""
    generator = np.random.default_rng(1)
    batches = generator.integers(4, 10, (50, 8, 9)).astype(np.int32)
    # Replicas with different numbers of targets, and one without any: an uneven last batch.
    batches[:, 0, 4:] = 0
    batches[:, 6:] = 0
    batches[:, 2, 3] = 1
    begins = generator.random((50, 8)) < 0.3
    learner = learner_of(TrainConfig(**EVERYTHING), replicas)
    losses = learner.run(steps_of(batches, begins)).tolist()
    return losses, [float(tf.reduce_sum(tf.abs(tf.cast(value, tf.float64)))) for value in learner.variables()]


def gradients(learner: Learner, batch: np.ndarray) -> list[np.ndarray]:
    rows = len(batch)
    state = [tf.zeros_like(part) if len(part) == rows else tf.zeros((rows, part.shape[1])) for part in learner.state]
    run = tf.function(lambda: tf.distribute.get_strategy().run(
        learner.global_gradients, args=(tf.constant(batch), tf.ones(rows, tf.bool), state)
    ))  # fmt: skip
    return [value.numpy() for value in run()[0]]


def test_padding_and_unknown_are_not_scored():
    valid, unknown = scored(tf.constant([[4, 1, 0], [3, 5, 6]]), last_only=False)
    assert valid.numpy().tolist() == [[1, 0, 0], [1, 1, 1]]
    assert unknown.numpy().tolist() == [[0, 1, 0], [0, 0, 0]]
    valid, unknown = scored(tf.constant([[4, 5, 1], [3, 5, 6]]), last_only=True)
    assert valid.numpy().tolist() == [[0, 0, 0], [0, 0, 1]]
    assert unknown.numpy().tolist() == [[0, 0, 1], [0, 0, 0]]


def log_probabilities(batch):
    logits = first_network(SMALL, 10, [0, 1, 2])(batch[:, :-1]).numpy().astype(np.float64)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def test_loss_is_summed_over_valid_targets_alone():
    known = log_probabilities(BATCH)
    by_hand = -sum(
        known[row, column, target] for row, targets in enumerate(BATCH[:, 1:]) for column, target in enumerate(targets)
        if target > 1
    )  # fmt: skip
    ((loss, valid, unknown),) = learner_of().run(steps_of(BATCH[None]))
    assert loss == pytest.approx(by_hand, rel=1e-5)
    assert (valid, unknown) == (8, 1)


@pytest.mark.parametrize("target", ["every", "last"])
def test_targets_that_are_ranked_first_are_counted(target):
    first, targets = log_probabilities(BATCH).argmax(axis=-1), BATCH[:, 1:]
    by_hand = ((first == targets) & (targets > 1))[:, -1 if target == "last" else 0 :].sum()
    learner = learner_of(dataclasses.replace(SMALL, log_accuracy=True, target=target, learning_rate=1e-8))
    without = learner_of(dataclasses.replace(SMALL, target=target)).run(steps_of(BATCH[None]))
    (found,) = learner.run(steps_of(BATCH[None]))
    assert found.tolist() == [*without[0].tolist(), by_hand]


def test_padded_rows_change_no_gradient():
    learner = learner_of()
    padded = np.concatenate([BATCH, np.zeros((4, 4), np.int32)])
    for alone, with_padding in zip(gradients(learner, BATCH), gradients(learner, padded), strict=True):
        np.testing.assert_allclose(alone, with_padding, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("kind", ["dropout", "recurrent_dropout"])
def test_dropout_is_a_function_of_seed_and_step(kind):
    learner = learner_of(dataclasses.replace(SMALL, **{kind: 0.5}))
    first, again = gradients(learner, BATCH)[0], gradients(learner, BATCH)[0]
    np.testing.assert_array_equal(first, again)
    learner.step.assign(7)
    assert not np.array_equal(first, gradients(learner, BATCH)[0])
    other = learner_of(dataclasses.replace(SMALL, seed=2, **{kind: 0.5}))
    other.restore([variable.numpy() for variable in learner_of().variables()], [])
    assert not np.array_equal(first, gradients(other, BATCH)[0])


def test_label_smoothing_by_hand():
    """0.3 of each target's probability, spread over the 7 ids that may be predicted; the logged loss has none."""
    config = dataclasses.replace(SMALL, label_smoothing=0.3, learning_rate=1e-8)
    learner = learner_of(config)
    known = tf.constant(log_probabilities(BATCH))
    losses = -tf.gather(known, BATCH[:, 1:], batch_dims=2)
    smoothed = learner._smoothed(tf.cast(losses, tf.float32), tf.cast(known, tf.float32)).numpy()
    np.testing.assert_allclose(smoothed, 0.7 * losses - 0.3 * known.numpy()[..., 3:].mean(-1), rtol=1e-5)
    assert learner.run(steps_of(BATCH[None]))[0, 0] == pytest.approx(learner_of().run(steps_of(BATCH[None]))[0, 0])


def test_carried_state_is_taken_on_and_set_back():
    learner = learner_of()
    batches = np.stack([BATCH, BATCH])
    begins = np.array([[True] * 4, [True, False, False, True]])
    learner.run(steps_of(batches[:1], begins[:1]))
    after_one = learner.carried()
    one_call = learner_of()
    one_call.run(steps_of(batches, begins))
    learner.run(steps_of(batches[1:], begins[1:]))
    for ours, theirs in zip(learner.carried(), one_call.carried(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    weights_of_two = learner_of()
    weights_of_two.run(steps_of(batches[:1]))
    weights_of_two.run(steps_of(batches[1:]))
    fresh, carried = weights_of_two.carried()[0], learner.carried()[0]
    assert (np.abs(fresh - carried).max(axis=1) < 1e-6).tolist() == [True, False, False, True]
    restored = learner_of()
    restored.restore([variable.numpy() for variable in restored.variables()], after_one)
    np.testing.assert_array_equal(restored.carried()[1], after_one[1])


def test_calls_of_any_number_of_steps_are_compiled_once(monkeypatch):
    traced, gradients = [], Learner.global_gradients
    monkeypatch.setattr(Learner, "global_gradients", lambda *arguments: traced.append(1) or gradients(*arguments))
    learner = learner_of()
    for count in (2, 1, 3):
        learner.run(steps_of(np.tile(BATCH, (count, 1, 1))))
    assert len(traced) == 1


def test_one_two_and_four_replicas_train_the_same():
    # Those of logical GPUs add up their gradients by copies.
    processes = {
        replicas: subprocess.Popen(
            [sys.executable, "-c", REPLICAS, *replicas.split()], stdout=subprocess.PIPE, text=True
        )
        for replicas in ("2", "4", "4 copies")
    }
    losses, variables = map(np.array, trained_by(1))
    found = {replicas: json.loads(process.communicate(timeout=400)[0]) for replicas, process in processes.items()}
    assert losses[0, 0] > losses[-1, 0]
    assert losses[:, 3].sum() > 0
    for replicas in found:
        sums, right = np.split(np.array(found[replicas][0]), [3], axis=1)
        np.testing.assert_allclose(sums, losses[:, :3], rtol=1e-4, err_msg=f"{replicas} replicas")
        # Two ids that are as good as equally likely may change places.
        np.testing.assert_allclose(right, losses[:, 3:], atol=1, err_msg=f"{replicas} replicas")
        # Adam forgives a wrong scale of the gradients; its moments, which are among these, do not.
        np.testing.assert_allclose(found[replicas][1], variables, rtol=1e-3, err_msg=f"{replicas} replicas")


def test_xla_gives_the_same_gradients():
    # Wide enough for XLA's fast products, which were wrong where a constant row multiplied them.
    config = dataclasses.replace(SMALL, units=64, embedding=32, layers=2, layer_norm=True, dropout=0.2)
    batch = np.random.default_rng(0).integers(4, 10, (4, 33)).astype(np.int32)
    plain, compiled = (gradients(learner_of(dataclasses.replace(config, xla=xla)), batch) for xla in (False, True))
    for one, other in zip(plain, compiled, strict=True):
        assert np.linalg.norm(one - other) < 1e-5 * np.linalg.norm(one)


@pytest.mark.parametrize("options", [{"precision": "mixed_bfloat16"}, {"precision": "mixed_float16"}])
def test_other_arithmetic_learns_the_same(options):
    batches = np.tile(BATCH, (30, 1, 1))
    fast = dataclasses.replace(SMALL, learning_rate=0.02)
    reference = learner_of(fast).run(steps_of(batches))
    found = learner_of(dataclasses.replace(fast, **options)).run(steps_of(batches))
    assert found[-1, 0] < 0.7 * found[0, 0]
    np.testing.assert_allclose(found[:, 0], reference[:, 0], rtol=0.05)


def test_float16_skips_a_step_that_overflows():
    learner = learner_of(dataclasses.replace(SMALL, precision="mixed_float16"))
    before = learner.weights()
    learner._optimizer.dynamic_scale.assign(1e38)
    learner.run(steps_of(BATCH[None]))
    for ours, theirs in zip(learner.weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert float(learner._optimizer.dynamic_scale.numpy()) < 1e38


def test_keras_lstm_trains_the_same():
    batches = np.tile(BATCH, (10, 1, 1))
    ours, own = (learner_of(fused=fused).run(steps_of(batches)) for fused in (True, False))
    np.testing.assert_allclose(ours, own, rtol=1e-4)


def test_keys_of_layers_do_not_meet_those_of_the_next_seed():
    def keys(seed):
        config = dataclasses.replace(SMALL, dropout=0.5, layers=2, seed=seed)
        return [layer.key for layer in learner_of(config).model.layers if hasattr(layer, "key")]

    assert len(set(keys(1))) == len(keys(1)) == 3
    assert max(keys(1)) < min(keys(2))


def test_uneven_batch():
    with pytest.raises(ValueError, match="--batch_size 5 must be a multiple of the 2 replicas"):
        make_strategy(2, 5)
