"""A network, one token at a time, for many rows at once."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import contextlib
import dataclasses
from collections.abc import Callable

import keras
import tensorflow as tf

from nabi.music.vocabulary import START
from nabi.networks import network

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


def share_gpus() -> None:
    """Lets several workers use a machine's GPUs: TensorFlow takes all memory of each otherwise, when it starts."""
    for gpu in tf.config.list_physical_devices("GPU"):
        with contextlib.suppress(RuntimeError):
            tf.config.experimental.set_memory_growth(gpu, True)


def carried(model: keras.Model) -> Stepper:
    """A network whose LSTM state is carried from token to token, however long the song."""
    sizes = network.state_sizes(model)
    return Stepper(network.stepwise(model), lambda rows: [tf.zeros([rows, size]) for size in sizes])


def windowed(model: keras.Model, window: int, *, blank_first: bool = False) -> Stepper:
    """A network that is fed its last `window` tokens again at each step, as a model trained by `--target last` was.

    By `--blank_first` it was trained with `<start>` in place of each window's first.
    """

    def advance(last_B: tf.Tensor, state: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        window_BxW, known_B = _fed(last_B, *state)
        read_BxW = tf.where(tf.range(window) == 0, START, window_BxW) if blank_first else window_BxW
        return _at_last(model(read_BxW), known_B), [window_BxW, known_B]

    return Stepper(advance, lambda rows: _nothing_fed(rows, window))


def windowed_and_carried(model: keras.Model, window: int) -> Stepper:
    """A network that is fed its last `window` tokens again, from the state that the window one token before it left.

    So a model learns by `--target last --carry_state`, which is Keras' `stateful=True` with windows that overlap: the
    first full window begins at zeros, and what came before it has left no state.
    """
    with_state, sizes = network.variant(model, state=True), network.state_sizes(model)

    def advance(last_B: tf.Tensor, state: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        window_BxW, known_B = _fed(last_B, *state[:2])
        logits_BxWxV, *after = with_state([window_BxW, *state[2:]])
        full_Bx1 = known_B[:, None] == window
        left = [tf.where(full_Bx1, new, old) for new, old in zip(after, state[2:], strict=True)]
        return _at_last(logits_BxWxV, known_B), [window_BxW, known_B, *left]

    return Stepper(advance, lambda rows: [*_nothing_fed(rows, window), *(tf.zeros([rows, size]) for size in sizes)])


def _nothing_fed(rows: int, window: int) -> list[tf.Tensor]:
    """Windows int32 [rows, window] before the first token, and how many tokens of each are known."""
    return [tf.zeros([rows, window], tf.int32), tf.zeros([rows], tf.int32)]


def _fed(last_B: tf.Tensor, window_BxW: tf.Tensor, known_B: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The windows with one token more, and how many are known: a window fills from the left, then it moves."""
    window = window_BxW.shape[1]
    moved_BxW = tf.where(known_B[:, None] < window, window_BxW, tf.roll(window_BxW, -1, axis=1))
    at_B = tf.minimum(known_B, window - 1)
    return tf.where(tf.range(window) == at_B[:, None], last_B[:, None], moved_BxW), at_B + 1


def _at_last(logits_BxWxV: tf.Tensor, known_B: tf.Tensor) -> tf.Tensor:
    """The logits after the last known token; what is right of it cannot reach it through an LSTM."""
    return tf.gather(logits_BxWxV, known_B - 1, axis=1, batch_dims=1)
