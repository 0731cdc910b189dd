"""The loops of an LSTM for training on the CPU, forward and backward, over the rows of one lane."""

import dataclasses
import functools
import os
import pathlib
import sys
from typing import Any

import tensorflow as tf

# sigmoid(z) = (1 + tanh(z / 2)) / 2, so one tanh serves all four gates where i, f and o are projected at half size.
_GATES = 4


@dataclasses.dataclass(frozen=True)
class LoopVariant:
    """How the loops of a lane are run: the numbers are the same but for rounding.

    Attributes:
      compiled: by XLA, which makes one pass over memory for all elementwise work of a step.
      turned: with the recurrent kernel transposed before the backward loop, not by each product.
    """

    compiled: bool
    turned: bool


def way_of(rows: int, units: int, dtype: tf.DType) -> LoopVariant:
    """The fastest way for a lane, as benchmarks/training.py found on two cores of a Zen 5 and the trainer's own steps.

    XLA's products of half-width numbers are slow but for few units, or for many units and many rows. Of a network of
    some ten units compiling takes longer than what it saves.
    """
    half = dtype.size < tf.float32.size
    large = units >= 512 and rows >= 32
    return LoopVariant(compiled=units >= 64 and (not half or units <= 128 or large), turned=not (half and large))


@functools.cache
def lane(way: LoopVariant) -> Any:
    """A differentiable LSTM over the rows of one lane.

    Returns:
      A function of x [B, T, I], h, c and mask [B, U], kernel, recurrent kernel and bias to the outputs [B, T, U] and
      the last h and c, as `nabi.networks.fused_lstm.lstm` has them.
    """
    if way.compiled:
        start_xla()
    wrap = functools.partial(tf.function, jit_compile=True) if way.compiled else lambda function: function
    forward, backward = wrap(_forward), wrap(functools.partial(_backward, turned=way.turned))

    @tf.custom_gradient
    def run(x: Any, h: Any, c: Any, mask: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
        outputs, activations, cells = forward(_projected(x, kernel, bias), h, c, mask, halved(recurrent))

        def gradient(d_outputs: Any, d_h: Any, d_c: Any) -> Any:
            *d_z, d_h0, d_c0 = backward(c, mask, recurrent, activations, cells, d_outputs, d_h, d_c)
            before = tf.concat([h[None], outputs[:-1]], 0) * mask
            d_x, *d_weights = _of_products(x, before, d_z, kernel)
            return d_x, d_h0, d_c0, None, *d_weights

        return (tf.transpose(outputs, [1, 0, 2]), outputs[-1], cells[-1]), gradient

    return run


@functools.cache
def start_xla() -> None:
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
    return tf.reshape(tf.nn.bias_add(tf.matmul(flat, halved(kernel)), halved(bias)), shape)


def _forward(projected: Any, h: Any, c: Any, mask: Any, recurrent: Any) -> Any:
    """h of each step, [T, B, U], its four activations, tanh(z / 2) for i, f and o, [T, B, 4 U], and c, [T, B, U]."""
    steps, dtype, (h, c, mask) = tf.shape(projected)[0], projected.dtype, _wide(h, c, mask)
    reader = _array(steps, projected)

    def step(t: Any, h: Any, c: Any, *written: Any) -> Any:
        product, added = _wide(tf.matmul(tf.cast(h * mask, dtype), recurrent), reader.read(t))
        a, h, c = gates(product + added, c)
        return t + 1, h, c, *_write(written, t, (h, a, c))

    empty = [tf.TensorArray(dtype, steps) for _ in range(3)]
    *_, h_all, a_all, c_all = tf.while_loop(
        lambda t, *_: t < steps, step, (0, h, c, *empty), parallel_iterations=1, maximum_iterations=steps
    )
    return h_all.stack(), a_all.stack(), c_all.stack()


def gates(z: Any, c: Any) -> tuple[Any, Any, Any]:
    """The four activations, tanh(z / 2) for i, f and o, [B, 4 U], and the step's h and c [B, U].

    Args:
      z: [B, 4 U], of i, f and o by half.
      c: [B, U], of the step before.
    """
    a = tf.tanh(z)
    i, f, g, o = tf.split(a, _GATES, axis=1)
    c = (c * f + c + i * g + g) / 2
    return a, (o + 1) * tf.tanh(c) / 2, c


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


def halved(weights: tf.Tensor) -> tf.Tensor:
    """The columns of i, f and o by half; those of g as they are.

    Not for products: the XLA of TensorFlow 2.17 gives zeros or no numbers on the CPU where a product is multiplied by
    a constant row of different numbers.
    """
    half, one = ([value] * (weights.shape[-1] // _GATES) for value in (0.5, 1.0))
    return weights * tf.constant(half + half + one + half, weights.dtype)


def _array(steps: tf.Tensor, values: tf.Tensor) -> tf.TensorArray:
    return tf.TensorArray(values.dtype, steps).unstack(values)
