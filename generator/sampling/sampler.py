"""Many songs at once: rows of a batch that is advanced block by block, until all songs have ended."""

import collections
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from generator.config import GenerateConfig
from generator.sampling import next_token
from generator.sampling.bias import biases
from generator.sampling.decode_loop import BLOCK, DecodeLoop
from generator.sampling.grammar import Grammar
from generator.sampling.plan import SLOTS
from generator.sampling.song_state import SongIds, SongState
from generator.sampling.stepper import Stepper
from generator.sampling.token_content import TokenContents
from nabi.music.vocabulary import PAD


class Sampler:
    """Samples songs; a song depends on the network, the grammar, the settings, its primer and its number alone.

    Each number has a row, its remainder by the slots, and a batch has always all its rows, filled or not: a product of
    another shape, or of another row, might round differently. A row's songs come one after the other.
    """

    def __init__(
        self,
        stepper: Stepper,
        grammar: Grammar,
        config: GenerateConfig,
        meanings: TokenContents,
        *,
        refuses: Callable[[SongIds], str] | None = None,
        slots: int = SLOTS,
    ) -> None:
        """Prepares the loop, which is compiled at the first batch.

        Args:
          stepper: the network.
          grammar: what may follow what.
          config: how to choose, and when to end.
          meanings: of the ids.
          refuses: why a song has to be made again, in a word, or ""; None: none has to be.
          slots: rows of every batch.
        """
        self._config, self._meanings, self._slots = config, meanings, slots
        self._refuses = refuses
        self._block = DecodeLoop(stepper, grammar, config, biases(config, meanings), meanings.notes_V > 0)

    def sample(self, songs: Sequence[int], primers: Sequence[Sequence[int]]) -> list[SongIds]:
        """Songs, in the order in which they are asked for.

        Args:
          songs: their numbers, each once.
          primers: each song's first ids, at least one of them.

        Raises:
          ValueError: if the network gives no number.
        """
        waiting: list[collections.deque[SongState]] = [collections.deque() for _ in range(self._slots)]
        for song, primer in sorted(zip(songs, primers, strict=True)):
            waiting[song % self._slots].append(SongState(song, primer, self._config, self._meanings))
        made = {song.song: song for song in self._run(waiting)}
        return [made[song] for song in songs]

    def _run(self, waiting: list[collections.deque[SongState]]) -> Iterator[SongIds]:
        rows: list[SongState | None] = [None] * self._slots
        carry = self._block.nothing(self._slots)
        while True:
            rows = [row or (queue.popleft() if queue else None) for row, queue in zip(rows, waiting, strict=True)]
            if not any(rows):
                return
            ids, scores, carry = self._advance(rows, carry)
            for slot, row in enumerate(rows):
                if row:
                    row.take(ids[slot], scores[slot])
                    if row.done and not self._again(row):
                        yield row.finished()
                        rows[slot] = None

    def _again(self, row: SongState) -> bool:
        """Whether a song begins again."""
        reason = self._refuses(row.finished()) if self._refuses else ""
        return bool(reason) and row.begin_again(reason)

    def _advance(self, rows: list[SongState | None], carry: Any) -> Any:
        """A block of positions of every row: ids and scores [slots, BLOCK], and what is carried to the next."""
        first = np.array([row.first if row else PAD for row in rows], np.int32)
        begins = np.array([bool(row and row.begins) for row in rows])
        given = np.full((self._slots, BLOCK), PAD, np.int32)
        each = next_token.uniforms(self._config)
        numbers = np.zeros((self._slots, BLOCK, each), np.float32)
        for slot, row in enumerate(rows):
            if row:
                given[slot], numbers[slot] = row.given(BLOCK), row.uniforms(BLOCK, each)
        ids, scores, carry = self._block(first, begins, given, numbers, carry)
        if not np.isfinite(scores[[row is not None for row in rows]]).all():
            raise ValueError("the model gives values that are not numbers (NaN): train it again")
        return ids, scores, carry
