"""Song number -> how it begins."""

import dataclasses
import hashlib
from collections.abc import Sequence

from nabi.music.vocabulary import SPECIAL_TOKENS, START


@dataclasses.dataclass(frozen=True)
class Primers:
    """What songs begin with.

    Attributes:
      pool: the primers to pick from; each has at least one id, the first `<start>` or music. With
        `--decoding teacher_forced` each is a song.
      seed: of the picking.
      variations: songs in a row that share a primer.
    """

    pool: tuple[tuple[int, ...], ...] = ((START,),)
    seed: int = 0
    variations: int = 1

    def of(self, song: int) -> tuple[int, ...]:
        """The primer of a song: one of the pool, by the seed and the song's number."""
        number = hashed(f"primer {self.seed} {song // self.variations}")
        return self.pool[number % len(self.pool)]


def given_of(song: Sequence[int], tokens: int) -> int:
    """How many ids of a song are given by `--decoding teacher_forced`, where the first `tokens` of its tokens are.

    Args:
      song: its ids, with or without `<start>`.
      tokens: at least 0.
    """
    return tokens + (song[0] < len(SPECIAL_TOKENS))


def hashed(text: str) -> int:
    """64 bits of a text, the same for good."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
