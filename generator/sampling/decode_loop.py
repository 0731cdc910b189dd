"""Compiled decoding loop: for each of BLOCK positions, one network step and one choice of a token in all rows."""

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
from generator.sampling.temperatures import Group
from nabi.music.vocabulary import PAD
from nabi.networks import lstm_loops

# Positions between two checks for ended songs: few enough that little is computed in vain, and many enough that the
# checks cost nothing.
BLOCK = 32


class DecodeLoop:
    """Advances all rows by BLOCK positions; compiled when it is first called."""

    def __init__(
        self,
        stepper: Stepper,
        grammar: Grammar,
        config: GenerateConfig,
        biases: Sequence[Bias],
        groups: Sequence[Group],
    ) -> None:
        """Prepares the loop.

        Args:
          stepper: the network.
          grammar: legal successions of ids.
          config: choice of tokens.
          biases: changes of the logits, in the order in which they are applied.
          groups: ids with a temperature of their own.
        """
        self._stepper, self._config, self._biases, self._groups = stepper, config, biases, groups
        self._advance = stepper.reading(config.memory)
        self._rules = Rules(grammar)
        # The first parts of the state are the network's, the others the memories of the biases.
        self._parts = len(stepper.initial(1))
        lstm_loops.start_xla()
        self._run = tf.function(self._traced, autograph=False)
        # XLA fuses some fifty small operations into a few passes.
        self._choose = tf.function(self._traced_choice, jit_compile=True, autograph=False)

    def initial(self, rows: int) -> list[Any]:
        """Returns the carry of the first block: last ids, rows of the grammar, and states of network and biases."""
        return [np.zeros([rows], np.int32), np.zeros([rows], np.int32), self._fresh(rows)]

    def __call__(
        self,
        first_B: npt.NDArray[np.int32],
        begins_B: npt.NDArray[np.bool_],
        given_BxS: npt.NDArray[np.int32],
        told_BxS: npt.NDArray[np.bool_],
        uniforms_BxSxR: npt.NDArray[np.float32],
        carry: list[Any],
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], list[Any]]:
        """Decodes the next BLOCK positions of all rows.

        Args:
          first_B: each row's first id.
          begins_B: True for the rows that start from the initial state, with `first_B`.
          given_BxS: ids to feed whatever is sampled, `<pad>` where the sampled id is fed, [B, BLOCK].
          told_BxS: False where the network is not told of the song's past, [B, BLOCK].
          uniforms_BxSxR: random numbers in [0, 1), [B, BLOCK, `next_token.uniforms`].
          carry: carry of the block before; `initial` at first.

        Returns:
          Ids and their log probabilities under the network and its grammar, 0 where ids are given, [B, BLOCK] each, and
          the carry. With `--decoding teacher_forced` both are of the sampled ids, also where ids are given.
        """
        ids_BxS, scores_BxS, carry = self._run(first_B, begins_B, given_BxS, told_BxS, uniforms_BxSxR, carry)
        return ids_BxS.numpy(), scores_BxS.numpy(), carry

    def _traced(
        self, first_B: Any, begins_B: Any, given_BxS: Any, told_BxS: Any, uniforms_BxSxR: Any, carry: Any
    ) -> Any:
        last_B, row_B, state = carry
        last_B = tf.where(begins_B, first_B, last_B)
        row_B = tf.where(begins_B, self._rules.after(tf.zeros_like(first_B), first_B), row_B)
        fresh = self._fresh(given_BxS.shape[0])
        state = [_where_rows(begins_B, new, old) for new, old in zip(fresh, state, strict=True)]
        ids, scores = (tf.TensorArray(kind, BLOCK, element_shape=first_B.shape) for kind in (tf.int32, tf.float32))
        _, last_B, row_B, state, ids, scores = tf.while_loop(
            lambda at, *_: at < BLOCK,
            lambda at, *values: self._step(at, given_BxS[:, at], told_BxS[:, at], uniforms_BxSxR[:, at], *values),
            (tf.constant(0), last_B, row_B, state, ids, scores),
            # See trainer/training/step.py: TensorFlow can mix up loops within two steps that overlap.
            parallel_iterations=1,
        )
        return tf.transpose(ids.stack()), tf.transpose(scores.stack()), [last_B, row_B, state]

    def _step(
        self,
        at: Any,
        given_B: Any,
        told_B: Any,
        uniforms_BxR: Any,
        last_B: Any,
        row_B: Any,
        state: Any,
        ids: Any,
        scores: Any,
    ) -> Any:
        """Runs one network step and one choice for all rows."""
        logits_BxV, network = self._advance(last_B, state[: self._parts], told_B)
        memory = state[self._parts :]
        next_B, id_B, score_B, row_B, memory = self._choose(logits_BxV, given_B, uniforms_BxR, last_B, row_B, memory)
        return at + 1, next_B, row_B, [*network, *memory], ids.write(at, id_B), scores.write(at, score_B)

    def _traced_choice(
        self, logits_BxV: Any, given_B: Any, uniforms_BxR: Any, last_B: Any, row_B: Any, memory: Any
    ) -> Any:
        """Returns the id to feed, the id to report and its log probability, the grammar's row and the bias memory."""
        logits_BxV = self._rules.masked(logits_BxV, row_B)
        biased_BxV, memory = self._biased(logits_BxV, memory, last_B)
        chosen_B = next_token.choose(biased_BxV, uniforms_BxR, self._config, self._groups)
        next_B = tf.where(given_B == PAD, chosen_B, given_B)
        forced = self._config.teacher_forced
        id_B = chosen_B if forced else next_B
        is_sampled_B = (given_B == PAD) | forced
        score_B = tf.where(is_sampled_B, next_token.log_likelihood(logits_BxV, id_B), 0.0)
        return next_B, id_B, score_B, self._rules.after(row_B, next_B), memory

    def _biased(self, logits_BxV: tf.Tensor, memory: Any, last_B: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Applies the biases, and returns the logits and the updated memories."""
        parts, updated = iter(memory), []
        for bias in self._biases:
            own = bias.update(list(itertools.islice(parts, len(bias.initial(1)))), last_B)
            logits_BxV = bias.apply(logits_BxV, own)
            updated += own
        return logits_BxV, updated

    def _fresh(self, rows: int) -> list[tf.Tensor]:
        return [*self._stepper.initial(rows), *(part for bias in self._biases for part in bias.initial(rows))]


def _where_rows(rows_B: tf.Tensor, new: tf.Tensor, old: tf.Tensor) -> tf.Tensor:
    return tf.where(tf.reshape(rows_B, [-1] + [1] * (len(new.shape) - 1)), new, old)
