"""The same bits from every run on a GPU (`--deterministic`); a CPU gives them without it."""

import os

import tensorflow as tf

# cuDNN's LSTM computes its products with cuBLAS, which gives the same bits only with work spaces of one size (release
# notes of cuDNN 8.0, of cuBLAS since CUDA 10.2).
_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
_ONE_SIZE = (":4096:2", ":16:8", ":4096:8")


def require() -> None:
    """Makes each operation of this process give the same bits each time; call it before the first one.

    TensorFlow then adds up gradients of embeddings sorted by their rows instead of in the order in which a GPU's
    threads come to it, XLA leaves out what depends on that order too, and an operation that knows no other way raises
    UnimplementedError.

    Raises:
      ValueError: if the environment gives cuBLAS work spaces that make no two runs equal.
    """
    workspace = os.environ.setdefault(_WORKSPACE, _ONE_SIZE[0])
    if workspace not in _ONE_SIZE:
        raise ValueError(
            f"--deterministic needs {_WORKSPACE} to be one of {', '.join(_ONE_SIZE)}, got {workspace!r}: unset it"
        )
    tf.config.experimental.enable_op_determinism()
