"""Ways to run LSTM layers for benchmarks/gpu.py, forward and backward: Keras', cuDNN's operations, and our loop."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from benchmarks.gpu_jobs import Size
from nabi.networks import fused_lstm

# (size, precision, window) -> a function that runs a step and waits for it.
Make = Callable[[Size, str, int], Callable[[], object]]


def ways(*, raw_only: bool) -> dict[str, tuple[bool, Make]]:
    """Returns name -> (needs a GPU, maker); only those that call cuDNN's operations where asked for."""
    raw: dict[str, tuple[bool, Make]] = {
        "cuDNN V3, one call for all layers": (True, _cudnn("CudnnRNNV3", one_call=True)),
        "cuDNN V2, one call for all layers": (True, _cudnn("CudnnRNNV2", one_call=True)),
        "cuDNN V2, a call a layer": (True, _cudnn("CudnnRNNV2", one_call=False)),
    }
    if raw_only:
        return raw
    return {"Keras": (False, _keras), **raw, "our loop under XLA": (False, _own)}


def _inputs(size: Size, precision: str, window: int, *, time_major: bool) -> tf.Tensor:
    shape = (window, size.rows, size.units) if time_major else (size.rows, window, size.units)
    return tf.cast(tf.random.stateless_normal(shape, (1, 2)), precision)


def _step(forward: Callable[[], tf.Tensor], sources: list[Any], *, compiled: bool = False) -> Callable[[], object]:
    @tf.function(jit_compile=compiled, autograph=False)
    def step() -> list[tf.Tensor]:
        """Runs forward and backward; returns what depends on all gradients, so that none can be left out."""
        with tf.GradientTape() as tape:
            tape.watch(sources)
            loss = tf.reduce_sum(tf.cast(forward(), tf.float32) ** 2)
        return [tf.reduce_max(gradient) for gradient in tape.gradient(loss, sources)]

    return lambda: [value.numpy() for value in step()]


def _keras(size: Size, precision: str, window: int) -> Callable[[], object]:
    import keras

    policy = precision if precision == "float32" else f"mixed_{precision}"
    layers = [keras.layers.LSTM(size.units, return_sequences=True, dtype=policy) for _ in range(size.layers)]
    inputs = _inputs(size, precision, window, time_major=False)

    def forward() -> tf.Tensor:
        """Runs the layers one after the other."""
        values = inputs
        for layer in layers:
            values = layer(values)
        return values

    forward()
    return _step(forward, [inputs, *(weight.value for layer in layers for weight in layer.trainable_variables)])


def _cudnn(operation: str, *, one_call: bool) -> Make:
    def make(size: Size, precision: str, window: int) -> Callable[[], object]:
        """Runs all layers by cuDNN, time-major, with weights of any values."""
        inputs = _inputs(size, precision, window, time_major=True)
        depth = size.layers if one_call else 1
        zeros = tf.zeros((depth, size.rows, size.units), inputs.dtype)
        # Per layer two matrices and two biases of four gates.
        count = depth * (8 * size.units * size.units + 8 * size.units)
        weights = [
            tf.cast(tf.random.stateless_normal([count], (1, call)) * size.units**-0.5, precision)
            for call in range(size.layers // depth)
        ]
        lengths = {"sequence_lengths": tf.fill([size.rows], window)} if operation == "CudnnRNNV3" else {}

        def forward() -> tf.Tensor:
            """Runs the layers."""
            values = inputs
            for params in weights:
                values = getattr(tf.raw_ops, operation)(
                    input=values,
                    input_h=zeros,
                    input_c=zeros,
                    params=params,
                    is_training=True,
                    rnn_mode="lstm",
                    **lengths,
                )[0]
            return values

        return _step(forward, [inputs, *weights])

    return make


def _own(size: Size, precision: str, window: int) -> Callable[[], object]:
    inputs = _inputs(size, precision, window, time_major=False)
    zeros = tf.zeros((size.rows, size.units), inputs.dtype)
    spread = size.units**-0.5
    shapes = ((size.units, 4 * size.units), (size.units, 4 * size.units), (4 * size.units,))
    layers = [
        [tf.cast(tf.random.stateless_normal(shape, (1, layer)) * spread, precision) for shape in shapes]
        for layer in range(size.layers)
    ]

    def forward() -> tf.Tensor:
        """Runs the layers, each in one lane."""
        values = inputs
        for weights in layers:
            values = fused_lstm.lstm(values, zeros, zeros, *weights, lanes=1, compiled=True)[0]
        return values

    return _step(forward, [inputs, *(part for weights in layers for part in weights)], compiled=True)
