"""An LSTM for training on the CPU: the same weights, outputs and gradients as `keras.layers.LSTM`, in less time.

Keras leaves the gradient of its loop to TensorFlow, which forms each weight's gradient anew in every step. Here the
input is projected for all steps in one product before the loop, a step makes one product and a few elementwise
operations, and the gradients of the weights are one product each after the loop. The rows of a batch are cut into
lanes, one a core, that run side by side: a step of one lane then needs no other core.
"""

import dataclasses
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from nabi.networks import lstm_loops
from nabi.workspace import cpu

# Rows below which a lane is not cut further: a product of fewer rows reads the weights for too little work.
_LANE_ROWS = 8


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
    way = lstm_loops.way_of(cut[-1], recurrent_kernel.shape[0], recurrent_kernel.dtype)
    run = lstm_loops.lane(way if compiled is None else dataclasses.replace(way, compiled=compiled))
    if len(cut) == 1:
        return run(*per_row, kernel, recurrent_kernel, bias)
    of_lanes = [
        run(*rows, kernel, recurrent_kernel, bias) for rows in zip(*(tf.split(x, cut) for x in per_row), strict=True)
    ]
    outputs, h, c = (tf.concat(parts, 0) for parts in zip(*of_lanes, strict=True))
    return outputs, h, c


def lane_sizes(rows: int | None, lanes: int | None = None) -> list[int]:
    """Rows of each lane: equal but for 1, at least 8 in the default; one lane where the batch size is not static."""
    if rows is None:
        return [-1]
    count = lanes or max(1, min(cpu.cores(), rows // _LANE_ROWS))
    return [rows // count + (lane < rows % count) for lane in range(count)]


def cell(kernel: npt.NDArray, recurrent_kernel: npt.NDArray, bias: npt.NDArray) -> Any:
    """One step of an LSTM, for sampling: both products in one.

    Args:
      kernel: float32 [I, 4 U], gates in the order of Keras: input, forget, cell, output.
      recurrent_kernel: [U, 4 U].
      bias: [4 U].

    Returns:
      A function of inputs [B, I] and `initial_state`, h and c [B, U], to h, h and c, as Keras' layer gives them back.
    """
    lstm_loops.start_xla()
    weights = lstm_loops.halved(tf.constant(np.concatenate([kernel, recurrent_kernel])))
    halved_bias = lstm_loops.halved(tf.constant(bias))

    def step(inputs: Any, initial_state: Any) -> Any:
        h, c = initial_state
        h, c = _gates(tf.matmul(tf.concat([inputs, h], 1), weights), halved_bias, c)
        return h, h, c

    return step


@tf.function(jit_compile=True)
def _gates(z: Any, bias: Any, c: Any) -> tuple[Any, Any]:
    """h and c after a step; XLA makes one pass of it."""
    _, h, c = lstm_loops.gates(z + bias, c)
    return h, c
