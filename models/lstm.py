"""An LSTM for training on the CPU: the same weights, outputs and gradients as `keras.layers.LSTM`, in less time.

Keras leaves the gradient of its loop to TensorFlow, which forms each weight's gradient anew in every step. Here the
input is projected for all steps in one product before the loop, a step makes one product and a few elementwise
operations, and the gradients of the weights are one product each after the loop. The rows of a batch are cut into
lanes, one a core, that run side by side: a step of one lane then needs no other core.
"""

import functools
import os
import pathlib
import sys
from typing import Any

import keras
import tensorflow as tf

# Rows below which a lane is not cut further: a product of fewer rows reads the weights for too little work.
_LANE_ROWS = 16

# From so many units on XLA's kernels win, which make one pass over memory for all elementwise work of a step;
# below, what TensorFlow's call of a compiled loop costs is more than that.
_COMPILED_UNITS = 256

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
      compiled: whether XLA compiles the loops; None: where it is faster.

    Returns:
      outputs [B, T, U], and h and c [B, U] after the last step, of the inputs' type. Differentiable in all but
      the mask.
    """
    units = recurrent_kernel.shape[0]
    run = _lane(units >= _COMPILED_UNITS if compiled is None else compiled)
    mask = tf.ones_like(h_BxU) if recurrent_mask is None else tf.cast(recurrent_mask, h_BxU.dtype)
    per_row = (inputs_BxTxI, h_BxU, c_BxU, mask)
    cut = lane_sizes(inputs_BxTxI.shape[0], lanes)
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


@functools.cache
def _lane(compiled: bool) -> Any:
    """A differentiable LSTM over the rows of one lane, its two loops compiled by XLA or run by TensorFlow."""
    if compiled:
        _start_xla()
    wrap = functools.partial(tf.function, jit_compile=True) if compiled else lambda function: function
    forward, backward = wrap(_forward), wrap(_backward)

    @tf.custom_gradient
    def run(x: Any, h: Any, c: Any, mask: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
        outputs, activations, cells = forward(x, h, c, mask, kernel, recurrent, bias)

        def gradient(d_outputs: Any, d_h: Any, d_c: Any) -> Any:
            d_z, d_h0, d_c0 = backward(c, mask, recurrent, activations, cells, d_outputs, d_h, d_c)
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


def _forward(x: Any, h: Any, c: Any, mask: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
    """h and c of each step, [T, B, U], and its four activations, tanh(z / 2) for i, f and o, [T, B, 4 U]."""
    kernel, recurrent, bias = (_halved(part) for part in (kernel, recurrent, bias))
    steps, rows = tf.shape(x)[1], tf.shape(x)[0]
    flat = tf.reshape(tf.transpose(x, [1, 0, 2]), [-1, kernel.shape[0]])
    projected = tf.reshape(tf.nn.bias_add(tf.matmul(flat, kernel), bias), [steps, rows, kernel.shape[1]])
    half = tf.constant(0.5, x.dtype)
    reader = _array(steps, projected)

    def step(t: Any, h: Any, c: Any, h_all: Any, a_all: Any, c_all: Any) -> Any:
        a = tf.tanh(reader.read(t) + tf.matmul(h * mask, recurrent))
        i, f, g, o = tf.split(a, _GATES, axis=1)
        c = half * (c * f + c + i * g + g)
        h = half * (o + 1) * tf.tanh(c)
        return t + 1, h, c, h_all.write(t, h), a_all.write(t, a), c_all.write(t, c)

    empty = [tf.TensorArray(x.dtype, steps) for _ in range(3)]
    *_, h_all, a_all, c_all = tf.while_loop(
        lambda t, *_: t < steps, step, (0, h, c, *empty), parallel_iterations=1, maximum_iterations=steps
    )
    return h_all.stack(), a_all.stack(), c_all.stack()


def _backward(
    c: Any, mask: Any, recurrent: Any, activations: Any, cells: Any, d_outputs: Any, d_h: Any, d_c: Any
) -> Any:
    """Gradients of z, [T, B, 4 U], and of the first h and c."""
    steps = tf.shape(cells)[0]
    keep, of_gates, of_cell = _factors(activations, cells, c)
    readers = [_array(steps, part) for part in (tf.transpose(d_outputs, [1, 0, 2]), of_cell, of_gates, keep)]

    def step(t: Any, d_h: Any, d_c: Any, d_z_all: Any) -> Any:
        d_out, cell, gates, f = (reader.read(t) for reader in readers)
        d_h += d_out
        d_c += d_h * cell
        d_z = tf.concat([d_c, d_c, d_c, d_h], 1) * gates
        return t - 1, tf.matmul(d_z, recurrent, transpose_b=True) * mask, d_c * f, d_z_all.write(t, d_z)

    _, d_h0, d_c0, d_z_all = tf.while_loop(
        lambda t, *_: t >= 0, step, (steps - 1, d_h, d_c, tf.TensorArray(c.dtype, steps)),
        parallel_iterations=1, maximum_iterations=steps,
    )  # fmt: skip
    return d_z_all.stack(), d_h0, d_c0


def _of_products(x: Any, before: Any, d_z: Any, kernel: Any) -> list[Any]:
    """Gradients of x, kernel, recurrent kernel and bias, each one product over all steps."""
    shape = tf.shape(x)
    flat_x = tf.reshape(tf.transpose(x, [1, 0, 2]), [-1, x.shape[2]])
    flat_h, flat_z = (tf.reshape(part, [-1, part.shape[2]]) for part in (before, d_z))
    d_x = tf.reshape(tf.matmul(flat_z, kernel, transpose_b=True), [shape[1], shape[0], shape[2]])
    # The sum of a bias is long: in bfloat16 it would stop growing.
    d_bias = tf.cast(tf.reduce_sum(tf.cast(flat_z, tf.float32 if x.dtype.size < 4 else x.dtype), 0), x.dtype)
    d_weights = (tf.matmul(flat, flat_z, transpose_a=True) for flat in (flat_x, flat_h))
    return [tf.transpose(d_x, [1, 0, 2]), *d_weights, d_bias]


def _factors(activations: Any, cells: Any, c: Any) -> tuple[Any, Any, Any]:
    """What the gradients of a step are multiplied by; none of it waits for another step's gradient.

    Returns:
      d c(t-1) / d c(t), which is f; d (c, c, c, h) / d z of i, f, g and o, [T, B, 4 U]; d h / d c.
    """
    i, f, g, o = tf.split(activations, _GATES, axis=2)
    before = tf.concat([c[None], cells[:-1]], 0)
    tanh_c = tf.tanh(cells)
    # d sigmoid(z) / d z = (1 - tanh(z / 2)^2) / 4.
    half, quarter = tf.constant(0.5, cells.dtype), tf.constant(0.25, cells.dtype)
    of_i, of_f, of_o = (quarter * (1 - gate * gate) for gate in (i, f, o))
    gates = [g * of_i, before * of_f, half * (1 + i) * (1 - g * g), tanh_c * of_o]
    return half + half * f, tf.concat(gates, 2), half * (1 + o) * (1 - tanh_c * tanh_c)


def _halved(weights: tf.Tensor) -> tf.Tensor:
    """The columns of i, f and o by half; those of g as they are.

    Not for products: the XLA of TensorFlow 2.17 gives zeros or no numbers on the CPU where a product is multiplied by
    a constant row of different numbers.
    """
    half, one = ([value] * (weights.shape[-1] // _GATES) for value in (0.5, 1.0))
    return weights * tf.constant(half + half + one + half, weights.dtype)


def _array(steps: tf.Tensor, values: tf.Tensor) -> tf.TensorArray:
    return tf.TensorArray(values.dtype, steps).unstack(values)
