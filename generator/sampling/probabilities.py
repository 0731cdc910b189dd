"""Probability and rank of each token of finished songs, and the likeliest alternatives."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from generator.config import GenerateConfig
from generator.sampling import plan
from generator.sampling.decode_loop import BLOCK
from generator.sampling.grammar import Grammar
from generator.sampling.grammar_rules import Rules
from generator.sampling.song_state import SongIds, TokenExplanation
from generator.sampling.stepper import Stepper
from nabi.music.vocabulary import END, PAD

# Alternatives reported for each token.
OTHERS = 3


class Explainer:
    """Scores the sampled tokens of songs, `<end>` included, by running the network over them again."""

    def __init__(self, stepper: Stepper, grammar: Grammar, slots: int, config: GenerateConfig) -> None:
        """Prepares the loop, which is compiled at the first song.

        Args:
          stepper: the network.
          grammar: legal successions of ids.
          slots: rows of the batch; song N has row N mod slots, as when it was sampled.
          config: the seed and `--memory` by which the songs were sampled.
        """
        self._stepper, self._slots, self._config = stepper, slots, config
        self._advance = stepper.reading(config.memory)
        self._rules = Rules(grammar)
        self._loop = tf.function(self._traced, autograph=False)

    def explain(self, songs: Sequence[SongIds]) -> list[tuple[TokenExplanation, ...]]:
        """Returns the explanations of each song's sampled tokens."""
        waiting = dict(enumerate(songs))
        by_index: dict[int, tuple[TokenExplanation, ...]] = {}
        while waiting:
            rows: dict[int, int] = {}
            for index, song in waiting.items():
                rows.setdefault(song.song % self._slots, index)
            batch = {slot: waiting.pop(index) for slot, index in rows.items()}
            for slot, explanations in self._explain_batch(batch):
                by_index[rows[slot]] = explanations
        return [by_index[index] for index in range(len(songs))]

    def _explain_batch(self, songs: dict[int, SongIds]) -> Iterator[tuple[int, tuple[TokenExplanation, ...]]]:
        """Explains a batch of songs, row -> song; yields (row, explanations)."""
        sampled = {slot: [*song.tokens, *([END] if song.ended else [])] for slot, song in songs.items()}
        next_BxL = self._padded({slot: [*song.primer[1:], *sampled[slot]] for slot, song in songs.items()})
        fed = {slot: [*song.primer, *(song.fed or sampled[slot])][:-1] for slot, song in songs.items()}
        columns = self._columns(self._padded(fed), next_BxL, self._told(songs, next_BxL.shape[1]))
        for slot, song in songs.items():
            first = len(song.primer) - 1
            yield (
                slot,
                tuple(
                    _explanation(token, *(column[slot, at] for column in columns))
                    for at, token in enumerate(sampled[slot], first)
                ),
            )

    def _told(self, songs: dict[int, SongIds], count: int) -> npt.NDArray[np.bool_]:
        """Returns where the network is told of a song's past, as when it was sampled, bool [slots, count]."""
        told = np.ones((self._slots, count), np.bool_)
        for slot, song in songs.items():
            told[slot] = plan.told(self._config.memory, self._config.seed, song.song, 0, count)
        return told

    def _columns(
        self, fed_BxL: npt.NDArray[np.int32], next_BxL: npt.NDArray[np.int32], told_BxL: npt.NDArray[np.bool_]
    ) -> list[npt.NDArray[Any]]:
        """Runs the loop block by block, and returns the parts of `_step`, [B, L, ...] each."""
        carry: Any = [np.zeros([self._slots], np.int32), self._stepper.initial(self._slots)]
        blocks = []
        for first in range(0, next_BxL.shape[1], BLOCK):
            positions = slice(first, first + BLOCK)
            block = (part[:, positions] for part in (fed_BxL, next_BxL, told_BxL))
            *parts, carry = self._loop(*block, carry)
            blocks.append([part.numpy() for part in parts])
        return [np.concatenate(column, 1) for column in zip(*blocks, strict=True)]

    def _padded(self, ids: dict[int, list[int]]) -> npt.NDArray[np.int32]:
        """Pads the ids of some rows to all rows and to whole blocks, int32 [slots, L]."""
        longest = max(map(len, ids.values()))
        padded = np.full((self._slots, -(-longest // BLOCK) * BLOCK), PAD, np.int32)
        for slot, own in ids.items():
            padded[slot, : len(own)] = own
        return padded

    def _traced(self, fed_BxS: tf.Tensor, next_BxS: tf.Tensor, told_BxS: tf.Tensor, carry: Any) -> Any:
        """Scores each next id after a fed one: the values of `_step`, [B, BLOCK, ...], and the carry."""
        empty = [tf.TensorArray(kind, BLOCK) for kind in (tf.float32, tf.int32, tf.int32, tf.float32)]
        _, row_B, state, *written = tf.while_loop(
            lambda at, *_: at < BLOCK,
            lambda at, *values: self._step(at, fed_BxS[:, at], next_BxS[:, at], told_BxS[:, at], *values),
            (0, *carry, *empty),
            parallel_iterations=1,
        )
        by_row = [tf.experimental.numpy.moveaxis(array.stack(), 0, 1) for array in written]
        return *by_row, [row_B, state]

    def _step(self, at: Any, last_B: Any, next_B: Any, told_B: Any, row_B: Any, state: Any, *written: Any) -> Any:
        """Computes the next id's probability and rank, [B] each, and the likeliest ids and probabilities, [B, 4]."""
        logits_BxV, state = self._advance(last_B, state, told_B)
        row_B = self._rules.after(row_B, last_B)
        chances_BxV = tf.nn.softmax(self._rules.masked(logits_BxV, row_B))
        own_B = tf.gather(chances_BxV, next_B, axis=1, batch_dims=1)
        rank_B = 1 + tf.reduce_sum(tf.cast(chances_BxV > own_B[:, None], tf.int32), -1)
        # A small vocabulary has fewer ids.
        chances_BxK, likeliest_BxK = tf.math.top_k(chances_BxV, min(OTHERS + 1, chances_BxV.shape[1]))
        values = (own_B, rank_B, likeliest_BxK, chances_BxK)
        return at + 1, row_B, state, *(array.write(at, part) for array, part in zip(written, values, strict=True))


def _explanation(token: int, probability: Any, rank: Any, others: Any, chances: Any) -> TokenExplanation:
    legal = [
        (int(other), float(chance))
        for other, chance in zip(others, chances, strict=True)
        if other != token and chance > 0
    ]
    return TokenExplanation(token, float(probability), int(rank), tuple(legal[:OTHERS]))
