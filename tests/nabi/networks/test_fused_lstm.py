"""Our loop beside Keras' own: the same numbers, wherever it runs."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from nabi.networks import fused_lstm, lstm_loops
from nabi.networks.fused_lstm import FusedLSTM

pytestmark = pytest.mark.slow

# What every comparison is about, in this order.
TENSORS = ["outputs", "h", "c", "d inputs", "d h", "d c", "d kernel", "d recurrent kernel", "d bias"]


def distance(found, wanted) -> float:
    """Norm of the difference over the norm."""
    found, wanted = np.asarray(found, np.float64), np.asarray(wanted, np.float64)
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def problem(rows=3, steps=7, width=4, units=5, seed=0):
    """Inputs, h, c, the three weights; and how much each output's value counts in the loss."""
    generator = np.random.default_rng(seed)
    shapes = [(rows, steps, width), (rows, units), (rows, units), (width, 4 * units), (units, 4 * units), (4 * units,)]
    values = [generator.normal(size=shape) for shape in shapes]
    values[3:5] = [value / np.sqrt(units) for value in values[3:5]]
    return values, [generator.normal(size=shape) for shape in ((rows, steps, units), (rows, units), (rows, units))]


def layer_of(kind, values, dtype="float32", **options):
    layer = kind(values[4].shape[0], return_sequences=True, return_state=True, dtype=dtype, **options)
    layer.build(values[0].shape)
    layer.set_weights(values[3:])
    return layer


def results(layer, values, loss_weights, **call):
    """Outputs, states and all gradients of a layer, float64."""
    given = [tf.cast(tf.constant(value), layer.compute_dtype) for value in values[:3]]

    @tf.function
    def run(*given):
        with tf.GradientTape() as tape:
            tape.watch(given)
            outputs = layer(given[0], initial_state=list(given[1:]), **call)
            loss = sum(
                tf.reduce_sum(tf.cast(output, tf.float64) * weights)
                for output, weights in zip(outputs, loss_weights, strict=True)
            )
        return [*outputs, *tape.gradient(loss, [*given, *(weight.value for weight in layer.trainable_variables)])]

    return [tf.cast(value, tf.float64).numpy() for value in run(*given)]


def assert_equal_to_keras(values, loss_weights, limit=1e-5, call=None, **options):
    call = call or {}
    ours = results(layer_of(FusedLSTM, values, **options), values, loss_weights, **call)
    keras_own = results(layer_of(keras.layers.LSTM, values, **options), values, loss_weights, **call)
    distances = {name: distance(*pair) for name, *pair in zip(TENSORS, ours, keras_own, strict=True)}
    assert max(distances.values()) < limit, distances


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_equal_to_keras_at_any_length(steps):
    assert_equal_to_keras(*problem(steps=steps))


@pytest.mark.parametrize(("rows", "units"), [(1, 3), (33, 5), (40, 256)])
def test_equal_to_keras_in_lanes_and_compiled(rows, units):
    assert_equal_to_keras(*problem(rows=rows, units=units))


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("units", [3, 64])
def test_lanes_and_compilation_change_nothing(units, lanes, compiled):
    values, loss_weights = problem(rows=5, units=units)
    given = [tf.constant(value, tf.float32) for value in values]

    def run(**options):
        with tf.GradientTape() as tape:
            tape.watch(given)
            outputs = fused_lstm.lstm(*given, **options)
            loss = sum(tf.reduce_sum(a * b) for a, b in zip(outputs, loss_weights, strict=True))
        return [*outputs, *tape.gradient(loss, given)]

    found = tf.function(run)(lanes=lanes, compiled=compiled)
    distances = [distance(*pair) for pair in zip(found, run(lanes=1, compiled=False), strict=True)]
    assert max(distances) < 1e-5, distances


def test_backwards_and_last_output_only():
    values, loss_weights = problem()
    assert_equal_to_keras(values, loss_weights, go_backwards=True)
    ours, own = (
        kind(5, dtype="float32", name=name) for kind, name in ((FusedLSTM, "ours"), (keras.layers.LSTM, "own"))
    )
    inputs = tf.constant(values[0], tf.float32)
    own(inputs)
    ours(inputs)
    ours.set_weights(own.get_weights())
    np.testing.assert_allclose(ours(inputs), own(inputs), rtol=1e-5, atol=1e-6)


def test_masks_are_kept_to():
    mask = np.array([[True] * 7, [True] * 4 + [False] * 3, [True, False] * 3 + [True]])
    assert_equal_to_keras(*problem(), call={"mask": tf.constant(mask)})


def test_recurrent_mask_is_recurrent_dropout():
    """Keras' loop by hand, which has no argument for a mask that someone else drew."""
    values, loss_weights = problem()
    mask = np.random.default_rng(1).choice([0.0, 2.0], (3, 5))
    layer = layer_of(FusedLSTM, values, dtype="float64")
    found = results(layer, values, loss_weights, recurrent_mask=tf.constant(mask))
    given = [tf.constant(value) for value in values]
    with tf.GradientTape() as tape:
        tape.watch(given)
        inputs, h, c, kernel, recurrent, bias = given
        outputs = []
        for step in range(7):
            i, f, g, o = tf.split(inputs[:, step] @ kernel + (h * mask) @ recurrent + bias, 4, axis=1)
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            h = tf.sigmoid(o) * tf.tanh(c)
            outputs.append(h)
        wanted = [tf.stack(outputs, 1), h, c]
        loss = sum(tf.reduce_sum(a * b) for a, b in zip(wanted, loss_weights, strict=True))
    for name, *pair in zip(TENSORS, found, [*wanted, *tape.gradient(loss, given)], strict=True):
        assert distance(*pair) < 1e-12, name


@pytest.mark.parametrize("units", [16, 256])
def test_bfloat16_is_as_near_to_the_truth_as_keras(units):
    values, loss_weights = problem(rows=32, steps=48, width=32, units=units)
    # The same rounded numbers for all three: only the arithmetic differs.
    values = [tf.cast(tf.cast(value, tf.bfloat16), tf.float64).numpy() for value in values]
    truth = results(layer_of(keras.layers.LSTM, values, dtype="float64"), values, loss_weights)
    ours = results(layer_of(FusedLSTM, values, dtype="mixed_bfloat16"), values, loss_weights)
    own = results(layer_of(keras.layers.LSTM, values, dtype="mixed_bfloat16"), values, loss_weights)
    for name, true, our, their in zip(TENSORS, truth, ours, own, strict=True):
        assert distance(our, true) <= 1.5 * distance(their, true), name


def test_a_saved_model_loads_into_either(tmp_path):
    inputs = keras.Input((None, 4))
    model = keras.Model(inputs, FusedLSTM(5, return_sequences=True)(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    own = keras.layers.LSTM(5, return_sequences=True)
    own.build((1, 2, 4))
    own.set_weights(loaded.get_weights())
    values = tf.constant(problem()[0][0], tf.float32)
    np.testing.assert_allclose(model(values), own(values), rtol=1e-5, atol=1e-6)
    assert set(loaded.layers[1].get_config()) == set(own.get_config())


IN_A_REPLICA = """
import json, sys
sys.path.insert(0, ".")
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import numpy as np
from nabi.networks.fused_lstm import FusedLSTM
from tests.nabi.networks.test_fused_lstm import layer_of, problem
import keras
values, _ = problem(rows=4, units=256)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
found = {}
for kind in (FusedLSTM, keras.layers.LSTM):
    with strategy.scope():
        layer = layer_of(kind, values)
    def replica():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(tf.constant(values[0], tf.float32))[0] ** 2)
        gradients = tape.gradient(loss, [weight.value for weight in layer.trainable_variables])
        return tf.distribute.get_replica_context().all_reduce("SUM", gradients)
    of_replicas = tf.function(lambda: strategy.run(replica))()
    found[kind.__name__] = [part.values[1].numpy().ravel()[:999].tolist() for part in of_replicas]
print(json.dumps(found))
"""


def test_equal_to_keras_in_a_mirrored_replica():
    result = subprocess.run([sys.executable, "-c", IN_A_REPLICA], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr[-2000:]
    found = json.loads(result.stdout.splitlines()[-1])
    for ours, own in zip(found["FusedLSTM"], found["LSTM"], strict=True):
        assert distance(ours, own) < 1e-5


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("transposed", [False, True])
def test_every_way_gives_the_same(compiled, transposed, monkeypatch):
    monkeypatch.setattr(lstm_loops, "loop_variant", lambda *_: lstm_loops.LoopVariant(compiled, transposed))
    assert_equal_to_keras(*problem(units=6))


def test_half_width_products_are_compiled_where_they_are_many():
    way = lstm_loops.loop_variant(32, 512, tf.bfloat16)
    assert (way.compiled, way.transposed) == (True, False)
    assert not lstm_loops.loop_variant(16, 512, tf.bfloat16).compiled
    assert lstm_loops.loop_variant(16, 512, tf.float32).compiled
    assert not lstm_loops.loop_variant(16, 8, tf.float32).compiled


def test_lanes_are_as_even_as_can_be():
    assert fused_lstm.lane_sizes(7, 3) == [3, 2, 2]
    assert fused_lstm.lane_sizes(8) == [8]
    assert fused_lstm.lane_sizes(None) == [-1]


@pytest.mark.parametrize(("xla", "masked", "own"), [(False, False, 0), (True, False, 1), (False, True, 1)])
def test_one_compiled_lane_where_a_gpu_has_no_cudnn_for_it(monkeypatch, xla, masked, own):
    """The choice made with a GPU in sight, carried out on the CPU: the numbers stay Keras'."""
    ran, real = [], fused_lstm.lstm
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind=None: ["GPU"] if kind == "GPU" else [])
    monkeypatch.setattr(fused_lstm, "lstm", lambda *given, **options: ran.append(options) or real(*given, **options))
    values, loss_weights = problem(rows=33)
    call = {"recurrent_mask": tf.ones((33, 5))} if masked else {}
    ours = results(layer_of(FusedLSTM, values, xla=xla, use_cudnn=False), values, loss_weights, **call)
    wanted = results(layer_of(keras.layers.LSTM, values, use_cudnn=False), values, loss_weights)
    assert max(distance(*pair) for pair in zip(ours, wanted, strict=True)) < 1e-5
    assert [(options["lanes"], options["compiled"]) for options in ran] == [(1, True)] * own


@pytest.mark.gpu
@pytest.mark.skipif(not tf.config.list_physical_devices("GPU"), reason="TensorFlow finds no GPU")
def test_equal_to_keras_on_a_gpu():
    with tf.device("/GPU:0"):
        assert_equal_to_keras(*problem(rows=33, units=64), limit=1e-3)
