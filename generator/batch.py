"""Many songs at once: the network's state is carried from token to token, in one compiled loop."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from generator import sampling as choices
from generator.grammar import Grammar
from generator.plan import SLOTS, Sampling, uniforms
from models import network
from songs.vocabulary import END, PAD

# (the last token int32 [B], state) -> (logits of the next float32 [B, V], state).
Advance = Callable[[tf.Tensor, list[tf.Tensor]], tuple[tf.Tensor, list[tf.Tensor]]]


@dataclasses.dataclass(frozen=True)
class Stepper:
    """A network, one token at a time.

    Attributes:
      advance: takes the last token and the state to the next token's logits and the next state.
      initial: the state before the first token, for a number of rows.
    """

    advance: Advance
    initial: Callable[[int], list[tf.Tensor]]


@dataclasses.dataclass(frozen=True)
class Sampled:
    """A song in ids.

    Attributes:
      song: its number.
      primer: the ids that it was started with; the first is `<start>` or music.
      tokens: the ids that were sampled, without `<end>`.
      ended: whether `<end>` came; otherwise the song was cut.
      log_likelihood: of the sampled ids, `<end>` among them, under the model and its grammar at temperature 1, in nats.
    """

    song: int
    primer: tuple[int, ...]
    tokens: tuple[int, ...]
    ended: bool
    log_likelihood: float


def use_one_thread() -> None:
    """Keeps TensorFlow's operations on one thread each, if TensorFlow has not started yet.

    A product split over threads may round differently with another number of cores; at these sizes one thread is as
    fast as two, and processes share the songs without loss.
    """
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)


def carried(model: keras.Model) -> Stepper:
    """A network whose LSTM state is carried from token to token, however long the song."""
    stateful = network.with_state(model)
    sizes = network.state_sizes(model)

    def advance(last_B: tf.Tensor, state: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        logits_Bx1xV, *state = stateful([last_B[:, None], *state])
        return logits_Bx1xV[:, 0], state

    return Stepper(advance, lambda rows: [tf.zeros([rows, size]) for size in sizes])


def windowed(model: keras.Model, window: int) -> Stepper:
    """A network that is fed its last `window` tokens again at each step, as a model trained by `--target last` was.

    The window fills from the left; what is right of the last token cannot reach it through an LSTM.
    """

    def advance(last_B: tf.Tensor, state: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        window_BxW, known = state
        at = tf.minimum(known, window - 1)
        moved_BxW = tf.cond(known < window, lambda: window_BxW, lambda: tf.roll(window_BxW, -1, axis=1))
        window_BxW = tf.where(tf.range(window) == at, last_B[:, None], moved_BxW)
        return tf.gather(model(window_BxW), at, axis=1), [window_BxW, tf.minimum(known + 1, window)]

    return Stepper(advance, lambda rows: [tf.zeros([rows, window], tf.int32), tf.constant(0)])


class Sampler:
    """Samples songs; a song depends on the network, the grammar, the settings, its primer and its number alone."""

    def __init__(
        self, stepper: Stepper, grammar: Grammar, sampling: Sampling, *, max_primer: int = 1, slots: int = SLOTS
    ) -> None:
        """Prepares the loop, which is compiled at the first batch.

        Args:
          stepper: the network.
          grammar: what may follow what.
          sampling: how to choose.
          max_primer: ids of the longest primer.
          slots: rows of every batch.
        """
        self._sampling = sampling
        self._slots = slots
        self._length = max_primer + sampling.max_tokens
        self._max_primer = max_primer
        self._loop = tf.function(_compiled(stepper, grammar, sampling))

    def sample(self, songs: Sequence[int], primers: Sequence[Sequence[int]]) -> list[Sampled]:
        """The songs of a batch.

        Args:
          songs: up to `slots` numbers, different modulo `slots`.
          primers: each song's first ids, 1..max_primer of them.

        Raises:
          ValueError: if two songs need the same row, or the network gives no number.
        """
        rows = [song % self._slots for song in songs]
        if len(set(rows)) < len(rows):
            raise ValueError(f"songs {list(songs)} do not fit into {self._slots} slots: two have the same row")
        # A row without a song has no primer either and is done before the first step.
        forced = np.full((self._slots, self._max_primer), PAD, np.int32)
        primed = np.zeros(self._slots, np.int32)
        numbers = np.zeros((self._slots, self._length), np.float32)
        numbers[rows] = uniforms(self._sampling.seed, songs, self._length)
        for row, primer in zip(rows, primers, strict=True):
            forced[row, : len(primer)] = primer
            primed[row] = len(primer)
        ids, scores = (tensor.numpy() for tensor in self._loop(forced, primed, numbers))
        if not np.isfinite(scores[rows]).all():
            raise ValueError("the model gives values that are not numbers (NaN): train it again")
        return [
            _song(song, primer, ids[row, len(primer) :], scores[row])
            for song, row, primer in zip(songs, rows, primers, strict=True)
        ]


def _song(song: int, primer: Sequence[int], ids: np.ndarray, score: float) -> Sampled:
    tokens = ids[ids != PAD].tolist()
    ended = tokens[-1:] == [END]
    return Sampled(song, tuple(primer), tuple(tokens[:-1] if ended else tokens), ended, float(score))


def _compiled(stepper: Stepper, grammar: Grammar, sampling: Sampling) -> Callable[..., Any]:
    """The loop over positions, to be traced: one network step and one choice for all rows, until all are done."""
    next_KxV, legal_KxV = tf.constant(grammar.next_KxV, tf.int32), tf.constant(grammar.legal_KxV)

    def step(at, last_B, row_B, done_B, score_B, state, written, forced_BxP, primed_B, uniforms_BxL):
        logits_BxV, state = stepper.advance(last_B, state)
        logits_BxV = choices.masked(logits_BxV, tf.gather(legal_KxV, row_B))
        next_B = choices.choose(logits_BxV, uniforms_BxL[:, at], sampling)
        sampled_B = (at >= primed_B) & ~done_B
        score_B += tf.where(sampled_B, choices.log_likelihood(logits_BxV, next_B), 0)
        given_B = forced_BxP[:, tf.minimum(at, tf.shape(forced_BxP)[1] - 1)]
        next_B = tf.where(sampled_B, next_B, tf.where(done_B, PAD, given_B))
        done_B |= sampled_B & ((next_B == END) | (at + 1 >= primed_B + sampling.max_tokens))
        row_B = tf.gather_nd(next_KxV, tf.stack([row_B, next_B], axis=1))
        return at + 1, next_B, row_B, done_B, score_B, state, written.write(at, next_B)

    def loop(forced_BxP, primed_B, uniforms_BxL):
        slots, length = uniforms_BxL.shape
        first_B = forced_BxP[:, 0]
        written = tf.TensorArray(tf.int32, length, element_shape=[slots]).write(0, first_B)
        row_B = tf.gather(next_KxV[0], first_B)
        carry = (tf.constant(1), first_B, row_B, primed_B == 0, tf.zeros([slots]), stepper.initial(slots), written)
        _, _, _, _, score_B, _, written = tf.while_loop(
            lambda at, last_B, row_B, done_B, *_: (at < length) & ~tf.reduce_all(done_B),
            lambda *carry: step(*carry, forced_BxP, primed_B, uniforms_BxL),
            carry,
            # TensorFlow tells the LSTM's loop of one step from that of the next by a hash of the step's number and the
            # loop's name. With the name that ours has, steps 1023 and 1024 have the same: where the one began before
            # the other was cleared away, the process crashed. So a step begins when the one before it is gone.
            parallel_iterations=1,
        )
        return tf.transpose(written.stack()), score_B

    return loop
