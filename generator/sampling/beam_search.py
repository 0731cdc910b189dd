"""Beam search for the likeliest song: the likeliest beginnings of all are continued side by side."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from generator.config import BEAMS, GenerateConfig
from generator.sampling.decode_loop import BLOCK
from generator.sampling.grammar import Grammar
from generator.sampling.grammar_rules import Rules
from generator.sampling.song_state import SongIds
from generator.sampling.stepper import Stepper
from generator.sampling.token_content import TokenContents
from nabi.music.vocabulary import END, PAD

_NEVER = float("-inf")


class BeamSearch:
    """Finds songs by beam search, with the interface of `sampler.Sampler`; equal primers give equal songs."""

    def __init__(self, stepper: Stepper, grammar: Grammar, config: GenerateConfig, contents: TokenContents) -> None:
        """Prepares the search, which is compiled at the first song.

        Args:
          stepper: the network.
          grammar: legal successions of ids.
          config: number of beams, and limits of a song.
          contents: notes and ticks of each id.
        """
        self._stepper, self._config, self._ticks_V = stepper, config, contents.ticks_V.astype(np.int32)
        self._beams = config.beams or BEAMS
        self._max_ticks = config.max_ticks(contents.ticks_per_quarter)
        self._rules = Rules(grammar)
        compiled = functools.partial(tf.function, autograph=False)
        self._read, self._search = compiled(self._traced_read), compiled(self._traced_search)

    def sample(self, songs: Sequence[int], primers: Sequence[Sequence[int]]) -> list[SongIds]:
        """Searches a song for each number, and returns them in that order.

        Args:
          songs: song numbers.
          primers: each song's first ids, at least one.

        Raises:
          ValueError: if the network's logits are not finite.
        """
        by_primer = {primer: self._search_song(primer) for primer in dict.fromkeys(map(tuple, primers))}
        return [
            dataclasses.replace(by_primer[tuple(primer)], song=song)
            for song, primer in zip(songs, primers, strict=True)
        ]

    def _search_song(self, primer: tuple[int, ...]) -> SongIds:
        """Returns the beam, ended or cut off, with the highest mean log-likelihood a token."""
        carry = self._begin(primer)
        history: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]] = []
        remaining = self._config.max_tokens
        while remaining and not carry[4].numpy().all():
            count = min(remaining, BLOCK)
            parents, tokens, carry = self._search(tf.constant(count), carry)
            history += zip(parents.numpy(), tokens.numpy(), strict=True)
            remaining -= count
        scores = carry[3].numpy()
        if not np.isfinite(scores[0]):
            raise ValueError("the model gives values that are not numbers (NaN): train it again")
        songs = [_followed(history, beam) for beam in range(self._beams) if np.isfinite(scores[beam])]
        by_token = [score / max(len(ids), 1) for score, ids in zip(scores, songs, strict=False)]
        best = int(np.argmax(by_token))
        ended = songs[best][-1:] == [END]
        tokens = tuple(songs[best][:-1] if ended else songs[best])
        return SongIds(0, primer, tokens, ended, float(scores[best]))

    def _begin(self, primer: tuple[int, ...]) -> Any:
        """Returns the beams after the primer: all are the same, so only the first has a finite score."""
        beams = self._beams
        last_R, row_R, state = self._read(tf.constant(primer, tf.int32))
        score_R = np.where(np.arange(beams) == 0, 0, _NEVER).astype(np.float32)
        ticks_R = np.full([beams], self._ticks_V[list(primer)].sum(), np.int32)
        return last_R, row_R, state, score_R, tf.zeros([beams], tf.bool), ticks_R

    def _traced_read(self, primer_P: tf.Tensor) -> Any:
        """Computes the last id, grammar row and state of each beam after a primer."""
        length, beams = tf.shape(primer_P)[0], self._beams

        def step(at: Any, row_R: Any, state: Any) -> Any:
            """Feeds one id of the primer to all beams."""
            last_R = tf.fill([beams], primer_P[at])
            return at + 1, self._rules.after(row_R, last_R), self._stepper.advance(last_R, state)[1]

        _, row_R, state = tf.while_loop(
            lambda at, *_: at < length - 1,
            step,
            (0, tf.zeros([beams], tf.int32), self._stepper.initial(beams)),
            parallel_iterations=1,
        )
        last_R = tf.fill([beams], primer_P[-1])
        return last_R, self._rules.after(row_R, last_R), state

    def _traced_search(self, count: tf.Tensor, carry: Any) -> Any:
        """Computes the parent and the token of each beam, [count, R] each, and the beams after `count` tokens."""
        written = [tf.TensorArray(tf.int32, count, element_shape=[self._beams]) for _ in range(2)]
        _, *carry, parents, tokens = tf.while_loop(
            lambda at, *_: at < count, self._step, (0, *carry, *written), parallel_iterations=1
        )
        return parents.stack(), tokens.stack(), carry

    def _step(
        self,
        at: Any,
        last_R: Any,
        row_R: Any,
        state: Any,
        score_R: Any,
        done_R: Any,
        ticks_R: Any,
        parents: Any,
        tokens: Any,
    ) -> Any:
        """Extends all beams by one token and keeps the likeliest."""
        logits_RxV, state = self._stepper.advance(last_R, state)
        size = logits_RxV.shape[1]
        chances_RxV = tf.nn.log_softmax(self._rules.masked(logits_RxV, row_R))
        # A finished beam keeps its score: `<pad>` follows with probability 1.
        only_pad_V = tf.where(tf.range(size) == PAD, 0.0, _NEVER)
        total_RxV = score_R[:, None] + tf.where(done_R[:, None], only_pad_V, chances_RxV)
        score_R, index_R = tf.math.top_k(tf.reshape(total_RxV, [-1]), self._beams)
        parent_R, last_R = index_R // size, index_R % size
        row_R, done_R, ticks_R, *state = (tf.gather(part, parent_R) for part in (row_R, done_R, ticks_R, *state))
        ticks_R += tf.gather(self._ticks_V, last_R)
        done_R |= last_R == END
        if self._max_ticks:
            done_R |= ticks_R >= self._max_ticks
        beams = (last_R, self._rules.after(row_R, last_R), state, score_R, done_R, ticks_R)
        return at + 1, *beams, parents.write(at, parent_R), tokens.write(at, last_R)


def _followed(history: Sequence[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]], beam: int) -> list[int]:
    """Traces the ids that led to a beam, without the padding after its end."""
    ids: list[int] = []
    for parents, tokens in reversed(history):
        ids.append(int(tokens[beam]))
        beam = int(parents[beam])
    return [token for token in reversed(ids) if token != PAD]
