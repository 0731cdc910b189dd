"""An LSTM for training on the CPU: the same weights, outputs and gradients as `keras.layers.LSTM`, in less time.

Keras leaves the gradient of its loop to TensorFlow, which forms each weight's gradient anew in every step. Here the
input is projected for all steps in one product before the loop, a step makes one product and a few elementwise
operations, and the gradients of the weights are one product each after the loop. The rows of a batch are cut into
lanes, one a core, that run side by side: a step of one lane then needs no other core.
"""

import dataclasses
import functools
import os
import pathlib
import sys
from typing import Any

import keras
import tensorflow as tf

# Rows below which a lane is not cut further: a product of fewer rows reads the weights for too little work.
_LANE_ROWS = 16

# sigmoid(z) = (1 + tanh(z / 2)) / 2, so one tanh serves all four gates where i, f and o are projected at half size.
_GATES = 4


@keras.saving.register_keras_serializable("nabi")
class FusedLSTM(keras.layers.LSTM):
    """`keras.layers.LSTM` with another loop; weights, configuration and results are the same.

    Where TensorFlow sees a GPU, or a mask or an activation is given that the fused loop does not know, Keras' own
    loop runs (cuDNN's kernel where it can).
    """

    _recurrent_mask: tf.Tensor | None = None

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
        recurrent_mask: tf.Tensor | None = None,
    ) -> Any:
        """Like Keras' layer; `recurrent_mask`, float [B, units], is recurrent dropout that the caller has drawn."""
        # Keras calls inner_loop with arguments of its own.
        self._recurrent_mask = recurrent_mask
        try:
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        finally:
            self._recurrent_mask = None

    def inner_loop(self, sequences: tf.Tensor, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """What `keras.layers.RNN.call` asks for: last output, all outputs, states."""
        if not self._fits(mask, training):
            return super().inner_loop(sequences, initial_state, mask, training)
        dtype = sequences.dtype
        cell = self.cell
        kernel, recurrent, bias = (tf.cast(part, dtype) for part in (cell.kernel, cell.recurrent_kernel, cell.bias))
        h, c = (tf.cast(state, dtype) for state in initial_state)
        if self.go_backwards:
            sequences = tf.reverse(sequences, [1])
        outputs, h, c = lstm(sequences, h, c, kernel, recurrent, bias, recurrent_mask=self._recurrent_mask)
        return h, outputs if self.return_sequences else h[:, None], [h, c]

    def _fits(self, mask: Any, training: bool) -> bool:
        stock = (keras.activations.tanh, keras.activations.sigmoid)
        drops = training and (self.dropout or self.recurrent_dropout)
        on_gpu = bool(tf.config.list_logical_devices("GPU")) and self._recurrent_mask is None
        usual = (self.activation, self.recurrent_activation) == stock and self.use_bias
        return usual and not drops and not on_gpu and all(part is None for part in tf.nest.flatten(mask))


def lstm(
    inputs_BxTxI: tf.Tensor,  # noqa: N803
    h_BxU: tf.Tensor,  # noqa: N803
    c_BxU: tf.Tensor,  # noqa: N803
    kernel: tf.Tensor,
    recurrent_kernel: tf.Tensor,
    bias: tf.Tensor,
    *,
    recurrent_mask: tf.Tensor | None = None,
    lanes: int | None = None,
    compiled: bool | None = None,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Runs an LSTM over a batch of sequences.

    Args:
      inputs_BxTxI: float, at least one step.
      h_BxU: output of the step before the first.
      c_BxU: cell state of the step before the first.
      kernel: [I, 4 U], gates in the order of Keras: input, forget, cell, output.
      recurrent_kernel: [U, 4 U].
      bias: [4 U].
      recurrent_mask: [B, U], a factor of h before each product with the recurrent kernel; None: 1.
      lanes: parts of the batch that run side by side; None: one a core. Needs a static batch size above 1 lane.
      compiled: whether XLA compiles the loops; None: where that is faster.

    Returns:
      outputs [B, T, U], and h and c [B, U] after the last step, of the inputs' type. Differentiable in all but
      the mask.
    """
    mask = tf.ones_like(h_BxU) if recurrent_mask is None else tf.cast(recurrent_mask, h_BxU.dtype)
    per_row = (inputs_BxTxI, h_BxU, c_BxU, mask)
    cut = lane_sizes(inputs_BxTxI.shape[0], lanes)
    way = way_of(cut[-1], recurrent_kernel.shape[0], recurrent_kernel.dtype)
    run = _lane(way if compiled is None else dataclasses.replace(way, compiled=compiled))
    if len(cut) == 1:
        return run(*per_row, kernel, recurrent_kernel, bias)
    of_lanes = [
        run(*rows, kernel, recurrent_kernel, bias) for rows in zip(*(tf.split(x, cut) for x in per_row), strict=True)
    ]
    outputs, h, c = (tf.concat(parts, 0) for parts in zip(*of_lanes, strict=True))
    return outputs, h, c


def lane_sizes(rows: int | None, lanes: int | None = None) -> list[int]:
    """Rows of each lane: equal but for 1, at least 16 in the default; one lane where the batch size is not static."""
    if rows is None:
        return [-1]
    count = lanes or max(1, min(len(os.sched_getaffinity(0)), rows // _LANE_ROWS))
    return [rows // count + (lane < rows % count) for lane in range(count)]


@dataclasses.dataclass(frozen=True)
class Way:
    """How the loops of a lane are run: the numbers are the same but for rounding.

    Attributes:
      compiled: by XLA, which makes one pass over memory for all elementwise work of a step.
      turned: with the recurrent kernel transposed before the backward loop, not by each product.
    """

    compiled: bool
    turned: bool


def way_of(rows: int, units: int, dtype: tf.DType) -> Way:
    """The fastest way for a lane, as benchmarks/training.py found on two cores of a Zen 5 and the trainer's own steps.

    XLA's products of half-width numbers are slow but for few units, or for many units and many rows. Of a network of
    some ten units compiling takes longer than what it saves.
    """
    half = dtype.size < tf.float32.size
    large = units >= 512 and rows >= 32
    return Way(compiled=units >= 64 and (not half or units <= 128 or large), turned=not (half and large))


@functools.cache
def _lane(way: Way) -> Any:
    """A differentiable LSTM over the rows of one lane."""
    if way.compiled:
        _start_xla()
    wrap = functools.partial(tf.function, jit_compile=True) if way.compiled else lambda function: function
    forward, backward = wrap(_forward), wrap(functools.partial(_backward, turned=way.turned))

    @tf.custom_gradient
    def run(x: Any, h: Any, c: Any, mask: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
        outputs, activations, cells = forward(_projected(x, kernel, bias), h, c, mask, _halved(recurrent))

        def gradient(d_outputs: Any, d_h: Any, d_c: Any) -> Any:
            *d_z, d_h0, d_c0 = backward(c, mask, recurrent, activations, cells, d_outputs, d_h, d_c)
            before = tf.concat([h[None], outputs[:-1]], 0) * mask
            d_x, *d_weights = _of_products(x, before, d_z, kernel)
            return d_x, d_h0, d_c0, None, *d_weights

        return (tf.transpose(outputs, [1, 0, 2]), outputs[-1], cells[-1]), gradient

    return run


@functools.cache
def _start_xla() -> None:
    """Starts XLA without the lines on its version and devices that it writes to standard error, whatever the level."""
    with pathlib.Path(os.devnull).open("wb") as nothing:
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(nothing.fileno(), 2)
        try:
            with tf.init_scope():
                tf.function(lambda: tf.zeros(()), jit_compile=True)()
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _projected(x: Any, kernel: Any, bias: Any) -> Any:
    """What the inputs give to z of i, f, g and o, of i, f and o by half, [T, B, 4 U]."""
    shape = (*(x.shape[axis] or tf.shape(x)[axis] for axis in (1, 0)), kernel.shape[1])
    flat = tf.reshape(tf.transpose(x, [1, 0, 2]), [-1, kernel.shape[0]])
    return tf.reshape(tf.nn.bias_add(tf.matmul(flat, _halved(kernel)), _halved(bias)), shape)


def _forward(projected: Any, h: Any, c: Any, mask: Any, recurrent: Any) -> Any:
    """h of each step, [T, B, U], its four activations, tanh(z / 2) for i, f and o, [T, B, 4 U], and c, [T, B, U]."""
    steps, dtype, (h, c, mask) = tf.shape(projected)[0], projected.dtype, _wide(h, c, mask)
    reader = _array(steps, projected)

    def step(t: Any, h: Any, c: Any, *written: Any) -> Any:
        product, added = _wide(tf.matmul(tf.cast(h * mask, dtype), recurrent), reader.read(t))
        a = tf.tanh(product + added)
        i, f, g, o = tf.split(a, _GATES, axis=1)
        c = (c * f + c + i * g + g) / 2
        h = (o + 1) * tf.tanh(c) / 2
        return t + 1, h, c, *_write(written, t, (h, a, c))

    empty = [tf.TensorArray(dtype, steps) for _ in range(3)]
    *_, h_all, a_all, c_all = tf.while_loop(
        lambda t, *_: t < steps, step, (0, h, c, *empty), parallel_iterations=1, maximum_iterations=steps
    )
    return h_all.stack(), a_all.stack(), c_all.stack()


def _backward(
    c: Any, mask: Any, recurrent: Any, activations: Any, cells: Any, d_outputs: Any, d_h: Any, d_c: Any, turned: bool
) -> Any:
    """Gradients of z of i, f, g and o, [T, B, U] each, and of the first h and c.

    The four are kept apart: XLA puts arrays together value by value.
    """
    steps, dtype = tf.shape(cells)[0], cells.dtype
    before = tf.concat([c[None], cells[:-1]], 0)
    readers = [_array(steps, part) for part in (tf.transpose(d_outputs, [1, 0, 2]), activations, cells, before)]
    of_gates = tf.split(recurrent, _GATES, axis=1)
    if turned:
        of_gates = [tf.transpose(part) for part in of_gates]
    d_h, d_c, mask = _wide(d_h, d_c, mask)

    def step(t: Any, d_h: Any, d_c: Any, *written: Any) -> Any:
        d_out, a, c, c_before = _wide(*(reader.read(t) for reader in readers))
        keep, of_cell, of_z = _factors(a, c, c_before)
        d_h += d_out
        d_c += d_h * of_cell
        d_z = [tf.cast(part * factor, dtype) for part, factor in zip((d_c, d_c, d_c, d_h), of_z, strict=True)]
        products = (tf.matmul(*pair, transpose_b=not turned) for pair in zip(d_z, of_gates, strict=True))
        d_h = sum(_wide(*products))
        return t - 1, d_h * mask, d_c * keep, *_write(written, t, d_z)

    empty = [tf.TensorArray(dtype, steps) for _ in range(_GATES)]
    _, d_h0, d_c0, *d_z_all = tf.while_loop(
        lambda t, *_: t >= 0, step, (steps - 1, d_h, d_c, *empty), parallel_iterations=1, maximum_iterations=steps
    )
    return *(part.stack() for part in d_z_all), tf.cast(d_h0, dtype), tf.cast(d_c0, dtype)


def _factors(a: Any, c: Any, c_before: Any) -> tuple[Any, Any, tuple[Any, ...]]:
    """d c(t-1) / d c(t), which is f; d h / d c; and d (c, c, c, h) / d z of i, f, g and o."""
    i, f, g, o = tf.split(a, _GATES, axis=1)
    tanh_c = tf.tanh(c)
    # d sigmoid(z) / d z = (1 - tanh(z / 2)^2) / 4.
    of_i, of_f, of_o = ((1 - gate * gate) / 4 for gate in (i, f, o))
    of_z = (g * of_i, c_before * of_f, (1 + i) * (1 - g * g) / 2, tanh_c * of_o)
    return (1 + f) / 2, (1 + o) * (1 - tanh_c * tanh_c) / 2, of_z


def _of_products(x: Any, before: Any, d_z: list[Any], kernel: Any) -> list[Any]:
    """Gradients of x, kernel, recurrent kernel and bias, each one product a gate over all steps."""
    shape = tf.shape(x)
    flat_x = tf.reshape(tf.transpose(x, [1, 0, 2]), [-1, x.shape[2]])
    flat_h, *flat_z = (tf.reshape(part, [-1, part.shape[2]]) for part in (before, *d_z))
    of_gates = tf.split(kernel, _GATES, axis=1)
    d_x = tf.add_n([tf.matmul(part, tf.transpose(weights)) for part, weights in zip(flat_z, of_gates, strict=True)])
    # A product adds in float32 whatever its type, and five times as fast as TensorFlow's sum over rows.
    ones = tf.ones((tf.shape(flat_x)[0], 1), x.dtype)
    d_weights = [
        tf.concat([tf.matmul(flat, part, transpose_a=True) for part in flat_z], 1) for flat in (flat_x, flat_h, ones)
    ]
    d_x = tf.transpose(tf.reshape(d_x, [shape[1], shape[0], shape[2]]), [1, 0, 2])
    return [d_x, *d_weights[:2], d_weights[2][0]]


def _wide(*parts: Any) -> list[Any]:
    """In float32 at least: half-width numbers are multiplied in products alone, where that is faster."""
    return [tf.cast(part, tf.float32) if part.dtype.size < tf.float32.size else part for part in parts]


def _write(arrays: Any, t: Any, parts: Any) -> list[tf.TensorArray]:
    return [array.write(t, tf.cast(part, array.dtype)) for array, part in zip(arrays, parts, strict=True)]


def _halved(weights: tf.Tensor) -> tf.Tensor:
    """The columns of i, f and o by half; those of g as they are.

    Not for products: the XLA of TensorFlow 2.17 gives zeros or no numbers on the CPU where a product is multiplied by
    a constant row of different numbers.
    """
    half, one = ([value] * (weights.shape[-1] // _GATES) for value in (0.5, 1.0))
    return weights * tf.constant(half + half + one + half, weights.dtype)


def _array(steps: tf.Tensor, values: tf.Tensor) -> tf.TensorArray:
    return tf.TensorArray(values.dtype, steps).unstack(values)
