"""The compiled loop over some positions of all rows: one network step and one choice each."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from generator.config import GenerateConfig
from generator.sampling import next_token
from generator.sampling.bias import Bias
from generator.sampling.grammar import Grammar
from generator.sampling.grammar_rules import Rules
from generator.sampling.stepper import Stepper
from nabi.music.vocabulary import PAD
from nabi.networks import lstm_loops

# Tokens that a row is given or samples before anyone looks whether its song has ended: few enough that little is
# computed for nothing, and many enough that looking costs nothing.
BLOCK = 32


class DecodeLoop:
    """Advances all rows by BLOCK positions; compiled when it is first called."""

    def __init__(
        self,
        stepper: Stepper,
        grammar: Grammar,
        config: GenerateConfig,
        chosen: Sequence[Bias],
        notes_V: npt.NDArray[np.bool_],
    ) -> None:
        """Prepares the loop.

        Args:
          stepper: the network.
          grammar: what may follow what.
          config: how to choose.
          chosen: the biases.
          notes_V: which ids strike notes.
        """
        self._stepper, self._config, self._chosen, self._notes_V = stepper, config, chosen, notes_V
        self._rules = Rules(grammar)
        # Of the state's parts the first are the network's, the others what the biases remember.
        self._parts = len(stepper.initial(1))
        lstm_loops.start_xla()
        self._run = tf.function(self._traced)
        # XLA makes few passes of what are some fifty small operations.
        self._choose = tf.function(self._traced_choice, jit_compile=True)

    def nothing(self, rows: int) -> list[Any]:
        """What is carried into the first block: last ids, rows of the grammar, and the state of network and biases."""
        return [np.zeros([rows], np.int32), np.zeros([rows], np.int32), self._fresh(rows)]

    def __call__(
        self,
        first_B: npt.NDArray[np.int32],
        begins_B: npt.NDArray[np.bool_],
        given_BxS: npt.NDArray[np.int32],
        uniforms_BxSxR: npt.NDArray[np.float32],
        carry: list[Any],
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], list[Any]]:
        """The next positions of all rows.

        Args:
          first_B: each row's first id.
          begins_B: whether the row begins with it.
          given_BxS: the ids that are fed whatever is sampled, `<pad>` where that is fed, [B, BLOCK].
          uniforms_BxSxR: random numbers, [B, BLOCK, `sampling.uniforms`].
          carry: what the block before gave back; `nothing` at first.

        Returns:
          Ids and their log probabilities under the network and its grammar, 0 where given, [B, BLOCK] each, and what is
          carried. With `--decoding teacher_forced` they are of what was sampled, also where ids are given.
        """
        ids_BxS, scores_BxS, carry = self._run(first_B, begins_B, given_BxS, uniforms_BxSxR, carry)
        return ids_BxS.numpy(), scores_BxS.numpy(), carry

    def _traced(self, first_B: Any, begins_B: Any, given_BxS: Any, uniforms_BxSxR: Any, carry: Any) -> Any:
        last_B, row_B, state = carry
        last_B = tf.where(begins_B, first_B, last_B)
        row_B = tf.where(begins_B, self._rules.after(tf.zeros_like(first_B), first_B), row_B)
        fresh = self._fresh(given_BxS.shape[0])
        state = [_where_rows(begins_B, new, old) for new, old in zip(fresh, state, strict=True)]
        ids, scores = (tf.TensorArray(kind, BLOCK, element_shape=first_B.shape) for kind in (tf.int32, tf.float32))
        _, last_B, row_B, state, ids, scores = tf.while_loop(
            lambda at, *_: at < BLOCK,
            lambda at, *values: self._step(at, given_BxS[:, at], uniforms_BxSxR[:, at], *values),
            (tf.constant(0), last_B, row_B, state, ids, scores),
            # See trainer/training/step.py: TensorFlow can mix up loops inside of two steps that overlap.
            parallel_iterations=1,
        )
        return tf.transpose(ids.stack()), tf.transpose(scores.stack()), [last_B, row_B, state]

    def _step(
        self, at: Any, given_B: Any, uniforms_BxR: Any, last_B: Any, row_B: Any, state: Any, ids: Any, scores: Any
    ) -> Any:
        """One network step and one choice of all rows."""
        logits_BxV, of_network = self._stepper.advance(last_B, state[: self._parts])
        memory = state[self._parts :]
        next_B, said_B, score_B, row_B, memory = self._choose(logits_BxV, given_B, uniforms_BxR, last_B, row_B, memory)
        return at + 1, next_B, row_B, [*of_network, *memory], ids.write(at, said_B), scores.write(at, score_B)

    def _traced_choice(
        self, logits_BxV: Any, given_B: Any, uniforms_BxR: Any, last_B: Any, row_B: Any, memory: Any
    ) -> Any:
        """What is fed next, what is told of it and its log probability, the grammar's row, and the biases' memory."""
        logits_BxV = self._rules.masked(logits_BxV, row_B)
        moved_BxV, memory = self._moved(logits_BxV, memory, last_B)
        chosen_B = next_token.choose(moved_BxV, uniforms_BxR, self._config, ~self._notes_V)
        next_B = tf.where(given_B == PAD, chosen_B, given_B)
        forced = self._config.teacher_forced
        said_B = chosen_B if forced else next_B
        counts_B = (given_B == PAD) | forced
        score_B = tf.where(counts_B, next_token.log_likelihood(logits_BxV, said_B), 0.0)
        return next_B, said_B, score_B, self._rules.after(row_B, next_B), memory

    def _moved(self, logits_BxV: tf.Tensor, memory: Any, last_B: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """The logits as the biases leave them, and what they remember."""
        left, kept = iter(memory), []
        for bias in self._chosen:
            own = bias.after(list(itertools.islice(left, len(bias.nothing(1)))), last_B)
            logits_BxV = bias.on(logits_BxV, own)
            kept += own
        return logits_BxV, kept

    def _fresh(self, rows: int) -> list[tf.Tensor]:
        return [*self._stepper.initial(rows), *(part for bias in self._chosen for part in bias.nothing(rows))]


def _where_rows(rows_B: tf.Tensor, new: tf.Tensor, old: tf.Tensor) -> tf.Tensor:
    return tf.where(tf.reshape(rows_B, [-1] + [1] * (len(new.shape) - 1)), new, old)
