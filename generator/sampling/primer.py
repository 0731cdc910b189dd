"""Song number -> how it begins."""

import bisect
import dataclasses
import hashlib
import itertools
from collections.abc import Sequence

from nabi.music.vocabulary import SPECIAL_TOKENS, START


@dataclasses.dataclass(frozen=True)
class Primers:
    """What songs begin with.

    Attributes:
      pool: the primers to pick from; each has at least one id, the first `<start>`, a key mark or music. With
        `--one_step` each is a song.
      seed: of the picking.
      variations: songs in a row that share a primer.
      shares: how often each of the pool is picked, in whole numbers above 0; none: all are picked as often.
    """

    pool: tuple[tuple[int, ...], ...] = ((START,),)
    seed: int = 0
    variations: int = 1
    shares: tuple[int, ...] = ()

    def of(self, song: int) -> tuple[int, ...]:
        """The primer of a song: one of the pool, by the seed and the song's number."""
        number = hashed(f"primer {self.seed} {song // self.variations}")
        if not self.shares:
            return self.pool[number % len(self.pool)]
        ends = list(itertools.accumulate(self.shares))
        return self.pool[bisect.bisect_right(ends, number % ends[-1])]


def given_of(song: Sequence[int], tokens: int, special: int = len(SPECIAL_TOKENS)) -> int:
    """How many ids of a song are given by `--one_step`, where the first `tokens` of its tokens are.

    Args:
      song: its ids, with or without the one that begins it.
      tokens: at least 0.
      special: how many ids, the first ones, are no music.
    """
    return tokens + (song[0] < special)


def hashed(text: str) -> int:
    """64 bits of a text, the same for good."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
