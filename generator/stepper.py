"""A network, one token at a time, for many rows at once."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import contextlib
import dataclasses
from collections.abc import Callable

import keras
import tensorflow as tf

from models import network

# (the last token int32 [B], state) -> (logits of the next float32 [B, V], state).
Advance = Callable[[tf.Tensor, list[tf.Tensor]], tuple[tf.Tensor, list[tf.Tensor]]]


@dataclasses.dataclass(frozen=True)
class Stepper:
    """A network, one token at a time.

    Attributes:
      advance: takes the last token and the state to the next token's logits and the next state.
      initial: the state before the first token, for a number of rows; each part is [rows, ...].
    """

    advance: Advance
    initial: Callable[[int], list[tf.Tensor]]


def use_one_thread() -> None:
    """Keeps TensorFlow's operations on one thread each, if TensorFlow has not started yet.

    A product split over threads may round differently with another number of cores; processes share the songs.
    """
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)


def carried(model: keras.Model) -> Stepper:
    """A network whose LSTM state is carried from token to token, however long the song."""
    sizes = network.state_sizes(model)
    return Stepper(network.stepwise(model), lambda rows: [tf.zeros([rows, size]) for size in sizes])


def windowed(model: keras.Model, window: int) -> Stepper:
    """A network that is fed its last `window` tokens again at each step, as a model trained by `--target last` was.

    The window fills from the left; what is right of the last token cannot reach it through an LSTM.
    """

    def advance(last_B: tf.Tensor, state: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        window_BxW, known_B = state
        at_B = tf.minimum(known_B, window - 1)
        moved_BxW = tf.where(known_B[:, None] < window, window_BxW, tf.roll(window_BxW, -1, axis=1))
        window_BxW = tf.where(tf.range(window) == at_B[:, None], last_B[:, None], moved_BxW)
        logits_BxV = tf.gather(model(window_BxW), at_B, axis=1, batch_dims=1)
        return logits_BxV, [window_BxW, tf.minimum(known_B + 1, window)]

    return Stepper(advance, lambda rows: [tf.zeros([rows, window], tf.int32), tf.zeros([rows], tf.int32)])
