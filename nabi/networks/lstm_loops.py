"""The forward and backward loops of an LSTM for training on the CPU, over the rows of one lane.

z is a gate's input, a its activation; i, f, g and o are the input gate, forget gate, cell candidate and output gate;
d_x is the gradient of the loss by x.
"""

import dataclasses
import functools
import os
import pathlib
import sys
from typing import Any

import tensorflow as tf

# sigmoid(z) = (1 + tanh(z / 2)) / 2, so one tanh serves all four gates if z of i, f and o is computed halved.
_GATES = 4


@dataclasses.dataclass(frozen=True)
class LoopVariant:
    """Implementation of a lane's loops; the results are the same but for rounding.

    Attributes:
      compiled: compiled by XLA, which fuses all elementwise operations of a step into one pass over memory.
      transposed: the recurrent kernel is transposed once before the backward loop, not in each product.
    """

    compiled: bool
    transposed: bool


def loop_variant(rows: int, units: int, dtype: tf.DType) -> LoopVariant:
    """Chooses the fastest variant for a lane, by benchmarks/training.py on two cores of a Zen 5.

    XLA's products of 16-bit numbers are slow except for few units, or for many units and many rows. For a network of
    some ten units compiling takes longer than it saves.

    Args:
      rows: rows of the lane.
      units: units of the LSTM.
      dtype: type of the products.
    """
    half = dtype.size < tf.float32.size
    large = units >= 512 and rows >= 32
    return LoopVariant(compiled=units >= 64 and (not half or units <= 128 or large), transposed=not (half and large))


@functools.cache
def lane(variant: LoopVariant) -> Any:
    """Makes a differentiable LSTM over the rows of one lane.

    Returns:
      A function of x [B, T, I], h, c and mask [B, U], kernel, recurrent kernel and bias to the outputs [B, T, U] and
      the last h and c, as those of `nabi.networks.fused_lstm.lstm`.
    """
    if variant.compiled:
        start_xla()
    compiled = functools.partial(tf.function, jit_compile=True, autograph=False)
    wrap = compiled if variant.compiled else lambda function: function
    forward, backward = wrap(_forward), wrap(functools.partial(_backward, transposed=variant.transposed))

    @tf.custom_gradient
    def run(x: Any, h: Any, c: Any, mask: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
        """Runs the forward loop."""
        outputs, activations, cells = forward(_projected(x, kernel, bias), h, c, mask, halved(recurrent))

        def gradient(d_outputs: Any, d_h: Any, d_c: Any) -> Any:
            """Runs the backward loop; the mask has no gradient."""
            *d_z, d_h0, d_c0 = backward(c, mask, recurrent, activations, cells, d_outputs, d_h, d_c)
            h_before = tf.concat([h[None], outputs[:-1]], 0) * mask
            d_x, *d_weights = _product_gradients(x, h_before, d_z, kernel)
            return d_x, d_h0, d_c0, None, *d_weights

        return (tf.transpose(outputs, [1, 0, 2]), outputs[-1], cells[-1]), gradient

    return run


@functools.cache
def start_xla() -> None:
    """Starts XLA with standard error closed: it prints its version and devices there at every log level."""
    with pathlib.Path(os.devnull).open("wb") as null:
        sys.stderr.flush()
        stderr = os.dup(2)
        os.dup2(null.fileno(), 2)
        try:
            with tf.init_scope():
                tf.function(lambda: tf.zeros(()), jit_compile=True, autograph=False)()
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _projected(x: Any, kernel: Any, bias: Any) -> Any:
    """Returns the inputs' part of z for i, f, g and o, halved for i, f and o, [T, B, 4 U]."""
    shape = (*(x.shape[axis] or tf.shape(x)[axis] for axis in (1, 0)), kernel.shape[1])
    flat = tf.reshape(tf.transpose(x, [1, 0, 2]), [-1, kernel.shape[0]])
    return tf.reshape(tf.nn.bias_add(tf.matmul(flat, halved(kernel)), halved(bias)), shape)


def _forward(projected: Any, h: Any, c: Any, mask: Any, recurrent: Any) -> Any:
    """Returns h [T, B, U], the activations [T, B, 4 U] (tanh(z / 2) for i, f and o), and c [T, B, U] of all steps."""
    steps, dtype, (h, c, mask) = tf.shape(projected)[0], projected.dtype, _wide(h, c, mask)
    reader = _array(steps, projected)

    def step(t: Any, h: Any, c: Any, *written: Any) -> Any:
        """Runs step t."""
        product, added = _wide(tf.matmul(tf.cast(h * mask, dtype), recurrent), reader.read(t))
        a, h, c = gates(product + added, c)
        return t + 1, h, c, *_write(written, t, (h, a, c))

    empty = [tf.TensorArray(dtype, steps) for _ in range(3)]
    *_, h_all, a_all, c_all = tf.while_loop(
        lambda t, *_: t < steps, step, (0, h, c, *empty), parallel_iterations=1, maximum_iterations=steps
    )
    return h_all.stack(), a_all.stack(), c_all.stack()


def gates(z: Any, c: Any) -> tuple[Any, Any, Any]:
    """Returns the activations [B, 4 U] (tanh(z / 2) for i, f and o), and h and c [B, U] of a step.

    Args:
      z: [B, 4 U], halved for i, f and o.
      c: [B, U] of the step before.
    """
    a = tf.tanh(z)
    i, f, g, o = tf.split(a, _GATES, axis=1)
    c = (c * f + c + i * g + g) / 2
    return a, (o + 1) * tf.tanh(c) / 2, c


def _backward(
    c: Any,
    mask: Any,
    recurrent: Any,
    activations: Any,
    cells: Any,
    d_outputs: Any,
    d_h: Any,
    d_c: Any,
    transposed: bool,
) -> Any:
    """Returns the gradients of z for i, f, g and o, [T, B, U] each, and of the first h and c.

    The four are kept in separate arrays, since XLA concatenates value by value.
    """
    steps, dtype = tf.shape(cells)[0], cells.dtype
    c_before_all = tf.concat([c[None], cells[:-1]], 0)
    readers = [_array(steps, part) for part in (tf.transpose(d_outputs, [1, 0, 2]), activations, cells, c_before_all)]
    kernels = tf.split(recurrent, _GATES, axis=1)
    if transposed:
        kernels = [tf.transpose(kernel) for kernel in kernels]
    d_h, d_c, mask = _wide(d_h, d_c, mask)

    def step(t: Any, d_h: Any, d_c: Any, *written: Any) -> Any:
        """Runs step t, from the last to the first."""
        d_out, a, c, c_before = _wide(*(reader.read(t) for reader in readers))
        keep, h_by_c, by_z = _factors(a, c, c_before)
        d_h += d_out
        d_c += d_h * h_by_c
        d_z = [tf.cast(part * factor, dtype) for part, factor in zip((d_c, d_c, d_c, d_h), by_z, strict=True)]
        products = (tf.matmul(*pair, transpose_b=not transposed) for pair in zip(d_z, kernels, strict=True))
        d_h = sum(_wide(*products))
        return t - 1, d_h * mask, d_c * keep, *_write(written, t, d_z)

    empty = [tf.TensorArray(dtype, steps) for _ in range(_GATES)]
    _, d_h0, d_c0, *d_z_all = tf.while_loop(
        lambda t, *_: t >= 0, step, (steps - 1, d_h, d_c, *empty), parallel_iterations=1, maximum_iterations=steps
    )
    return *(part.stack() for part in d_z_all), tf.cast(d_h0, dtype), tf.cast(d_c0, dtype)


def _factors(a: Any, c: Any, c_before: Any) -> tuple[Any, Any, tuple[Any, ...]]:
    """Returns d c(t) / d c(t-1), which is f; d h / d c; and d c / d z for i, f and g with d h / d z for o."""
    i, f, g, o = tf.split(a, _GATES, axis=1)
    tanh_c = tf.tanh(c)
    # d sigmoid(z) / d z = (1 - tanh(z / 2)^2) / 4.
    i_by_z, f_by_z, o_by_z = ((1 - gate * gate) / 4 for gate in (i, f, o))
    by_z = (g * i_by_z, c_before * f_by_z, (1 + i) * (1 - g * g) / 2, tanh_c * o_by_z)
    return (1 + f) / 2, (1 + o) * (1 - tanh_c * tanh_c) / 2, by_z


def _product_gradients(x: Any, h_before: Any, d_z: list[Any], kernel: Any) -> list[Any]:
    """Returns the gradients of x, kernel, recurrent kernel and bias, each by one product for each gate."""
    shape = tf.shape(x)
    flat_x = tf.reshape(tf.transpose(x, [1, 0, 2]), [-1, x.shape[2]])
    flat_h, *flat_z = (tf.reshape(part, [-1, part.shape[2]]) for part in (h_before, *d_z))
    kernels = tf.split(kernel, _GATES, axis=1)
    d_x = tf.add_n([tf.matmul(part, tf.transpose(weights)) for part, weights in zip(flat_z, kernels, strict=True)])
    # The bias by a product too: it adds in float32 whatever its type, five times as fast as TensorFlow's sum over rows.
    ones = tf.ones((tf.shape(flat_x)[0], 1), x.dtype)
    d_weights = [
        tf.concat([tf.matmul(flat, part, transpose_a=True) for part in flat_z], 1) for flat in (flat_x, flat_h, ones)
    ]
    d_x = tf.transpose(tf.reshape(d_x, [shape[1], shape[0], shape[2]]), [1, 0, 2])
    return [d_x, *d_weights[:2], d_weights[2][0]]


def _wide(*parts: Any) -> list[Any]:
    """Casts 16-bit numbers to float32: only matrix products are computed in 16 bits."""
    return [tf.cast(part, tf.float32) if part.dtype.size < tf.float32.size else part for part in parts]


def _write(arrays: Any, t: Any, parts: Any) -> list[tf.TensorArray]:
    return [array.write(t, tf.cast(part, array.dtype)) for array, part in zip(arrays, parts, strict=True)]


def halved(weights: tf.Tensor) -> tf.Tensor:
    """Halves the columns of i, f and o, not those of g, of weights [..., 4 U].

    Weights are halved instead of their products: on the CPU, XLA of TensorFlow 2.17 gives zeros or NaN for a product
    that is multiplied by a constant row of different numbers.
    """
    halves, ones = ([value] * (weights.shape[-1] // _GATES) for value in (0.5, 1.0))
    return weights * tf.constant(halves + halves + ones + halves, weights.dtype)


def _array(steps: tf.Tensor, values: tf.Tensor) -> tf.TensorArray:
    return tf.TensorArray(values.dtype, steps).unstack(values)
