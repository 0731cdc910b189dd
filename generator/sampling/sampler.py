"""Sampling of many songs at once, in rows of a batch that advances block by block until all songs have ended."""

import collections
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from generator.config import GenerateConfig
from generator.sampling import next_token
from generator.sampling.bias import Bias, biases
from generator.sampling.decode_loop import BLOCK, DecodeLoop
from generator.sampling.grammar import Grammar
from generator.sampling.melody import Melody
from generator.sampling.plan import SLOTS
from generator.sampling.song_state import SongIds, SongState
from generator.sampling.stepper import Stepper
from generator.sampling.temperatures import groups
from generator.sampling.token_content import TokenContents
from nabi.music.vocabulary import END, PAD


class Sampler:
    """Samples songs; a song depends only on the network, the grammar, the settings, its primer and its number.

    Song N always has row N mod slots, and a batch always has all its rows, used or not: matrix products of another
    shape, or in another row, may round differently. Songs of the same row are sampled one after the other.
    """

    def __init__(
        self,
        stepper: Stepper,
        grammar: Grammar,
        config: GenerateConfig,
        contents: TokenContents,
        *,
        given: Melody | None = None,
        frame: Sequence[Bias] = (),
        refuses: Callable[[SongIds], str] | None = None,
        slots: int = SLOTS,
    ) -> None:
        """Prepares the loop, which is compiled at the first batch.

        Args:
          stepper: the network.
          grammar: legal successions of ids.
          config: choice of tokens, and limits of a song.
          contents: notes and ticks of each id.
          given: line that every song keeps; None: none.
          frame: masks of what the encoding would not write, such as of its bars and phrases, and of given parts.
          refuses: song -> one-word reason to sample it again, or ""; None: every song is kept.
          slots: rows of every batch.
        """
        self._config, self._contents, self._slots = config, contents, slots
        self._refuses = refuses
        chosen = biases(config, contents, given, frame)
        self._loop = DecodeLoop(stepper, grammar, config, chosen, groups(config, contents))

    def sample(self, songs: Sequence[int], primers: Sequence[Sequence[int]]) -> list[SongIds]:
        """Samples the songs of these numbers, and returns them in this order.

        Args:
          songs: song numbers, each once.
          primers: each song's first ids, at least one.

        Raises:
          ValueError: if the network's logits are not finite.
        """
        waiting: list[collections.deque[SongState]] = [collections.deque() for _ in range(self._slots)]
        for song, primer in sorted(zip(songs, primers, strict=True)):
            waiting[song % self._slots].append(SongState(song, primer, self._config, self._contents))
        sampled = {song.song: song for song in self._run(waiting)}
        return [sampled[song] for song in songs]

    def _run(self, waiting: list[collections.deque[SongState]]) -> Iterator[SongIds]:
        rows: list[SongState | None] = [None] * self._slots
        carry = self._loop.initial(self._slots)
        while True:
            rows = [row or (queue.popleft() if queue else None) for row, queue in zip(rows, waiting, strict=True)]
            if not any(rows):
                return
            ids, scores, carry = self._advance(rows, carry)
            for slot, row in enumerate(rows):
                if row:
                    row.take(ids[slot], scores[slot])
                    if row.done and not self._restarts(row):
                        yield row.finished()
                        rows[slot] = None

    def _restarts(self, row: SongState) -> bool:
        """Starts a refused song again; returns False for a song that is kept."""
        reason = self._refuses(row.finished()) if self._refuses else ""
        return bool(reason) and row.begin_again(reason)

    def _advance(self, rows: list[SongState | None], carry: Any) -> Any:
        """Advances every row by a block; returns ids and log probabilities, [slots, BLOCK] each, and the carry."""
        first = np.array([row.first if row else PAD for row in rows], np.int32)
        begins = np.array([bool(row and row.begins) for row in rows])
        given = np.full((self._slots, BLOCK), PAD, np.int32)
        told = np.ones((self._slots, BLOCK), np.bool_)
        each = next_token.uniforms(self._config)
        numbers = np.zeros((self._slots, BLOCK, each), np.float32)
        for slot, row in enumerate(rows):
            if row:
                given[slot], numbers[slot] = row.given(BLOCK), row.uniforms(BLOCK, each)
                told[slot] = row.told(BLOCK)
        ids, scores, carry = self._loop(first, begins, given, told, numbers, carry)
        # What is drawn after a song's end in a block is none of it, and need not be legal.
        is_over = np.cumsum(ids == END, axis=1) > (ids == END)
        if not (np.isfinite(scores) | is_over)[[row is not None for row in rows]].all():
            raise ValueError(
                "the model gives values that are not numbers (NaN): train it again; or the settings leave no token to "
                "come next: leave out one of --parts, --part_ranges, --key, --lowest, --highest, --primer"
            )
        return ids, scores, carry
