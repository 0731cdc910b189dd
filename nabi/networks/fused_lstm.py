"""An LSTM for training: the same weights, outputs and gradients as `keras.layers.LSTM`, in less time.

Keras leaves the gradient of its loop to TensorFlow, which computes each weight's gradient in every step. Here the
input is projected for all steps in one matrix product before the loop, a step has one product and a few elementwise
operations, and the gradient of each weight is one product after the loop. On a CPU the rows of a batch are divided into
lanes, one for each core, which run in parallel and need no synchronisation within a step.
"""

import dataclasses
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from nabi.networks import lstm_loops
from nabi.networks.loop_choice import LoopChoice, choose_loop
from nabi.workspace import cpu

# Rows of a lane at least: with fewer, a product spends its time on reading the weights.
_LANE_ROWS = 8


@keras.saving.register_keras_serializable("nabi")
class FusedLSTM(keras.layers.LSTM):
    """`keras.layers.LSTM` with another loop; weights, configuration and results are the same.

    Keras' own loop runs for masks, dropout and activations that the fused loop does not support, and where
    `choose_loop` leaves the layer to cuDNN's kernel.

    Attributes:
      xla: true if XLA compiles what the layer stands in.
    """

    _recurrent_mask: tf.Tensor | None = None

    def __init__(self, units: int, *, xla: bool = False, **options: Any) -> None:
        super().__init__(units, **options)
        self.xla = xla

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
        recurrent_mask: tf.Tensor | None = None,
    ) -> Any:
        """Runs the layer as Keras does.

        Args:
          sequences: see `keras.layers.LSTM`.
          initial_state: see `keras.layers.LSTM`.
          mask: see `keras.layers.LSTM`.
          training: see `keras.layers.LSTM`.
          recurrent_mask: float [B, units], factors of h for recurrent dropout; None: 1.
        """
        # Passed through an attribute, since Keras calls inner_loop with fixed arguments.
        self._recurrent_mask = recurrent_mask
        try:
            return super().call(sequences, initial_state=initial_state, mask=mask, training=training)
        finally:
            self._recurrent_mask = None

    def inner_loop(self, sequences: tf.Tensor, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """Runs the loop for `keras.layers.RNN.call`; returns the last output, all outputs, and the states."""
        choice = self._choice()
        if not choice.own or not self._fits(mask, training):
            return super().inner_loop(sequences, initial_state, mask, training)
        dtype = sequences.dtype
        cell = self.cell
        kernel, recurrent, bias = (tf.cast(part, dtype) for part in (cell.kernel, cell.recurrent_kernel, cell.bias))
        h, c = (tf.cast(state, dtype) for state in initial_state)
        if self.go_backwards:
            sequences = tf.reverse(sequences, [1])
        options = {"recurrent_mask": self._recurrent_mask, "lanes": choice.lanes, "compiled": choice.compiled}
        outputs, h, c = lstm(sequences, h, c, kernel, recurrent, bias, **options)
        return h, outputs if self.return_sequences else h[:, None], [h, c]

    def _choice(self) -> LoopChoice:
        gpus = len(tf.config.list_logical_devices("GPU"))
        return choose_loop(gpus=gpus, masked=self._recurrent_mask is not None, xla=self.xla)

    def _fits(self, mask: Any, training: bool) -> bool:
        stock = (keras.activations.tanh, keras.activations.sigmoid)
        drops = training and (self.dropout or self.recurrent_dropout)
        usual = (self.activation, self.recurrent_activation) == stock and self.use_bias
        return usual and not drops and all(part is None for part in tf.nest.flatten(mask))


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
    """Runs an LSTM over a batch of sequences; differentiable in all arguments but the mask.

    Args:
      inputs_BxTxI: float, at least one step.
      h_BxU: output of the step before the first.
      c_BxU: cell state of the step before the first.
      kernel: [I, 4 U], gates in Keras' order: input, forget, cell, output.
      recurrent_kernel: [U, 4 U].
      bias: [4 U].
      recurrent_mask: [B, U], factors of h before each product with the recurrent kernel; None: 1.
      lanes: parallel parts of the batch; None: one for each core. More than 1 needs a static batch size.
      compiled: true compiles the loops with XLA; None: if that is faster.

    Returns:
      outputs [B, T, U], and h and c [B, U] after the last step, of the inputs' type.
    """
    mask = tf.ones_like(h_BxU) if recurrent_mask is None else tf.cast(recurrent_mask, h_BxU.dtype)
    sizes = lane_sizes(inputs_BxTxI.shape[0], lanes)
    loop = lstm_loops.loop_variant(sizes[-1], recurrent_kernel.shape[0], recurrent_kernel.dtype)
    run = lstm_loops.lane(loop if compiled is None else dataclasses.replace(loop, compiled=compiled))
    batch, weights = (inputs_BxTxI, h_BxU, c_BxU, mask), (kernel, recurrent_kernel, bias)
    if len(sizes) == 1:
        return run(*batch, *weights)
    lane_parts = zip(*(tf.split(values, sizes) for values in batch), strict=True)
    results = [run(*parts, *weights) for parts in lane_parts]
    outputs, h, c = (tf.concat(values, 0) for values in zip(*results, strict=True))
    return outputs, h, c


def lane_sizes(rows: int | None, lanes: int | None = None) -> list[int]:
    """Returns the rows of each lane, which differ by at most 1; [-1], a single lane, if the batch size is not static.

    Args:
      rows: rows of the batch; None: not static.
      lanes: number of lanes; None: one for each core, with at least 8 rows each.
    """
    if rows is None:
        return [-1]
    count = lanes or max(1, min(cpu.cores(), rows // _LANE_ROWS))
    return [rows // count + (lane < rows % count) for lane in range(count)]


def cell(kernel: npt.NDArray, recurrent_kernel: npt.NDArray, bias: npt.NDArray) -> Any:
    """Makes a single step of an LSTM for sampling, with both matrix products in one.

    Args:
      kernel: float32 [I, 4 U], gates in Keras' order: input, forget, cell, output.
      recurrent_kernel: [U, 4 U].
      bias: [4 U].

    Returns:
      A function of inputs [B, I] and `initial_state`, h and c [B, U], to (h, h, c), as Keras' layer returns them.
    """
    lstm_loops.start_xla()
    weights = lstm_loops.halved(tf.constant(np.concatenate([kernel, recurrent_kernel])))
    halved_bias = lstm_loops.halved(tf.constant(bias))

    def step(inputs: Any, initial_state: Any) -> Any:
        """Runs one step."""
        h, c = initial_state
        h, c = _gates(tf.matmul(tf.concat([inputs, h], 1), weights), halved_bias, c)
        return h, h, c

    return step


@tf.function(jit_compile=True, autograph=False)
def _gates(z: Any, bias: Any, c: Any) -> tuple[Any, Any]:
    """Returns h and c after a step; XLA fuses it into one pass over memory."""
    _, h, c = lstm_loops.gates(z + bias, c)
    return h, c
