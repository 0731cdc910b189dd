"""What the network thought of each token of songs that are made: its probability, its rank, and what was likelier."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from generator.sampling.decode_loop import BLOCK
from generator.sampling.grammar import Grammar
from generator.sampling.grammar_rules import Rules
from generator.sampling.song_state import SongIds, TokenExplanation
from generator.sampling.stepper import Stepper
from nabi.music.vocabulary import END, PAD

# Likeliest others that are told of each token.
OTHERS = 3


class Explainer:
    """Reads songs again, so many side by side, and tells of each sampled token (and of `<end>`) how likely it was."""

    def __init__(self, stepper: Stepper, grammar: Grammar, slots: int) -> None:
        """Prepares the loop, which is compiled at the first song.

        Args:
          stepper: the network.
          grammar: what may follow what.
          slots: songs side by side; song N in row N mod slots, as it was sampled.
        """
        self._stepper, self._slots = stepper, slots
        self._rules = Rules(grammar)
        self._block = tf.function(self._traced)

    def explain(self, songs: Sequence[SongIds]) -> list[tuple[TokenExplanation, ...]]:
        """What is told of each song's sampled tokens."""
        waiting = dict(enumerate(songs))
        told: dict[int, tuple[TokenExplanation, ...]] = {}
        while waiting:
            rows: dict[int, int] = {}
            for at, song in waiting.items():
                rows.setdefault(song.song % self._slots, at)
            chosen = {slot: waiting.pop(at) for slot, at in rows.items()}
            for slot, found in self._read(chosen):
                told[rows[slot]] = found
        return [told[at] for at in range(len(songs))]

    def _read(self, songs: dict[int, SongIds]) -> Iterator[tuple[int, tuple[TokenExplanation, ...]]]:
        """The songs of one round, each in its row."""
        made = {slot: [*song.tokens, *([END] if song.ended else [])] for slot, song in songs.items()}
        said_BxL = self._padded({slot: [*song.primer[1:], *made[slot]] for slot, song in songs.items()})
        fed_BxL = self._padded({slot: [*song.primer, *(song.fed or made[slot])][:-1] for slot, song in songs.items()})
        carry: Any = [np.zeros([self._slots], np.int32), self._stepper.initial(self._slots)]
        parts = []
        for first in range(0, said_BxL.shape[1], BLOCK):
            of_block = slice(first, first + BLOCK)
            *found, carry = self._block(fed_BxL[:, of_block], said_BxL[:, of_block], carry)
            parts.append([part.numpy() for part in found])
        columns = [np.concatenate(column, 1) for column in zip(*parts, strict=True)]
        for slot, song in songs.items():
            first = len(song.primer) - 1
            yield (
                slot,
                tuple(
                    _told(token, *(column[slot, at] for column in columns))
                    for at, token in enumerate(made[slot], first)
                ),
            )

    def _padded(self, ids: dict[int, list[int]]) -> npt.NDArray[np.int32]:
        """Ids of some rows as those of all, in whole blocks."""
        longest = max(map(len, ids.values()))
        padded = np.full((self._slots, -(-longest // BLOCK) * BLOCK), PAD, np.int32)
        for slot, own in ids.items():
            padded[slot, : len(own)] = own
        return padded

    def _traced(self, fed_BxS: tf.Tensor, said_BxS: tf.Tensor, carry: Any) -> Any:
        """Of each id said after one fed, what is told of it (see `_step`), [B, BLOCK, ...], and what is carried."""
        empty = [tf.TensorArray(kind, BLOCK) for kind in (tf.float32, tf.int32, tf.int32, tf.float32)]
        _, row_B, state, *written = tf.while_loop(
            lambda at, *_: at < BLOCK,
            lambda at, *values: self._step(at, fed_BxS[:, at], said_BxS[:, at], *values),
            (0, *carry, *empty),
            parallel_iterations=1,
        )
        by_row = [tf.experimental.numpy.moveaxis(array.stack(), 0, 1) for array in written]
        return *by_row, [row_B, state]

    def _step(self, at: Any, last_B: Any, next_B: Any, row_B: Any, state: Any, *written: Any) -> Any:
        """The next id's probability [B] and rank [B], and the likeliest ids and their probabilities [B, 4]."""
        logits_BxV, state = self._stepper.advance(last_B, state)
        row_B = self._rules.after(row_B, last_B)
        chances_BxV = tf.nn.softmax(self._rules.masked(logits_BxV, row_B))
        own_B = tf.gather(chances_BxV, next_B, axis=1, batch_dims=1)
        rank_B = 1 + tf.reduce_sum(tf.cast(chances_BxV > own_B[:, None], tf.int32), -1)
        # Of a small vocabulary there are not so many others.
        chances_BxK, likeliest_BxK = tf.math.top_k(chances_BxV, min(OTHERS + 1, chances_BxV.shape[1]))
        values = (own_B, rank_B, likeliest_BxK, chances_BxK)
        return at + 1, row_B, state, *(array.write(at, part) for array, part in zip(written, values, strict=True))


def _told(token: int, probability: Any, rank: Any, others: Any, chances: Any) -> TokenExplanation:
    kept = [
        (int(other), float(chance))
        for other, chance in zip(others, chances, strict=True)
        if other != token and chance > 0
    ]
    return TokenExplanation(token, float(probability), int(rank), tuple(kept[:OTHERS]))
