"""The loop that an LSTM layer runs in: a function of the devices and the flags alone, so that no GPU need be there."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class LoopChoice:
    """How the steps of an LSTM layer are run.

    Attributes:
      own: by `nabi.networks.lstm_loops`; False: by Keras, which on a GPU calls cuDNN.
      lanes: parallel parts of the batch; None: one for each core of the CPU.
      compiled: by XLA; None: where `lstm_loops.loop_variant` finds it faster.
    """

    own: bool
    lanes: int | None = None
    compiled: bool | None = None


def choose_loop(*, gpus: int, masked: bool, xla: bool) -> LoopChoice:
    """Chooses the loop of an LSTM layer.

    cuDNN knows no mask of the state, and XLA cannot compile it. A GPU computes all rows at once: lanes would only make
    more and smaller kernels.

    Args:
      gpus: number of GPUs that TensorFlow uses.
      masked: true if the layer's state is multiplied by a mask in each step (recurrent dropout).
      xla: true if XLA compiles what the layer stands in.
    """
    if not gpus:
        return LoopChoice(own=True)
    if masked or xla:
        return LoopChoice(own=True, lanes=1, compiled=True)
    return LoopChoice(own=False)
