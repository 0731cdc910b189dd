"""Stepwise networks: one token at a time, for many rows at once."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import contextlib
import dataclasses
from collections.abc import Callable

import keras
import tensorflow as tf

from nabi.music.vocabulary import START
from nabi.networks import variants

# (the last token int32 [B], state) -> (logits of the next float32 [B, V], state). That of a network with a memory takes
# besides, bool [B], which rows are told of the song's past.
Advance = Callable[..., tuple[tf.Tensor, list[tf.Tensor]]]


@dataclasses.dataclass(frozen=True)
class Stepper:
    """A network as a step function and its initial state.

    Attributes:
      advance: (last token, state) -> (logits of the next token, next state).
      initial: number of rows -> state before the first token; each part is [rows, ...].
    """

    advance: Advance
    initial: Callable[[int], list[tf.Tensor]]

    def reading(self, memory: float) -> Advance:
        """Returns the step function of last token, state and the rows that are told of the song's past.

        Args:
          memory: share of the tokens at which the network is told; at 1 all rows are.
        """
        return self.advance if memory < 1 else lambda last_B, state, told_B: self.advance(last_B, state)


def use_one_thread() -> None:
    """Limits each TensorFlow operation to one thread, if TensorFlow has not started yet.

    A matrix product split over threads may round differently on another number of cores. Cores are used by processes
    instead, each with its own songs.
    """
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)


def share_gpus() -> None:
    """Lets several workers share a machine's GPUs: by default TensorFlow reserves all memory of each at its start."""
    for gpu in tf.config.list_physical_devices("GPU"):
        with contextlib.suppress(RuntimeError):
            tf.config.experimental.set_memory_growth(gpu, True)


def carried(model: keras.Model) -> Stepper:
    """Builds a stepper whose LSTM state is carried from token to token through the whole song."""
    sizes = variants.state_sizes(model)
    return Stepper(variants.stepwise(model), lambda rows: [tf.zeros([rows, size]) for size in sizes])


def windowed(model: keras.Model, window: int, *, blank_first: bool = False) -> Stepper:
    """Builds a stepper that feeds the last `window` tokens at each step, for a model trained with `--target last`.

    With `blank_first`, `<start>` replaces the first token of each window, as in training with `--blank_first`.
    """

    def advance(last_B: tf.Tensor, state: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Appends the last token to each window and runs the network over it."""
        window_BxW, known_B = _shifted(last_B, *state)
        read_BxW = tf.where(tf.range(window) == 0, START, window_BxW) if blank_first else window_BxW
        return _at_last(model(read_BxW), known_B), [window_BxW, known_B]

    return Stepper(advance, lambda rows: _empty_windows(rows, window))


def windowed_and_carried(model: keras.Model, window: int) -> Stepper:
    """Builds a stepper that feeds the last `window` tokens, starting from the final state of the previous window.

    A model is trained this way with `--target last --carry_state`, which is Keras' `stateful=True` with overlapping
    windows: the first full window starts from zeros, and shorter windows before it leave no state.
    """
    with_state, sizes = variants.variant(model, state=True), variants.state_sizes(model)

    def advance(last_B: tf.Tensor, state: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Appends the last token to each window and runs the network over it; only full windows leave their state."""
        window_BxW, known_B = _shifted(last_B, *state[:2])
        logits_BxWxV, *after = with_state([window_BxW, *state[2:]])
        full_Bx1 = known_B[:, None] == window
        final = [tf.where(full_Bx1, new, old) for new, old in zip(after, state[2:], strict=True)]
        return _at_last(logits_BxWxV, known_B), [window_BxW, known_B, *final]

    return Stepper(advance, lambda rows: [*_empty_windows(rows, window), *(tf.zeros([rows, size]) for size in sizes)])


def _empty_windows(rows: int, window: int) -> list[tf.Tensor]:
    """Returns windows before the first token, int32 [rows, window], and their numbers of known tokens, int32 [rows]."""
    return [tf.zeros([rows, window], tf.int32), tf.zeros([rows], tf.int32)]


def _shifted(last_B: tf.Tensor, window_BxW: tf.Tensor, known_B: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Appends a token to each window and counts the known tokens: a window fills from the left, then it moves."""
    window = window_BxW.shape[1]
    moved_BxW = tf.where(known_B[:, None] < window, window_BxW, tf.roll(window_BxW, -1, axis=1))
    at_B = tf.minimum(known_B, window - 1)
    return tf.where(tf.range(window) == at_B[:, None], last_B[:, None], moved_BxW), at_B + 1


def _at_last(logits_BxWxV: tf.Tensor, known_B: tf.Tensor) -> tf.Tensor:
    """Selects the logits after the last known token; an LSTM lets nothing to the right of it affect them."""
    return tf.gather(logits_BxWxV, known_B - 1, axis=1, batch_dims=1)
