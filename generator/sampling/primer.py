"""Choice of the primer that each song begins with, by its number, and what all songs keep."""

import dataclasses
import hashlib
from collections.abc import Sequence

from generator.sampling.given_parts import GivenParts
from generator.sampling.melody import Melody
from nabi.music.vocabulary import SPECIAL_TOKENS, START


@dataclasses.dataclass(frozen=True)
class Primers:
    """A pool of primers, from which each song gets one by its number, and given notes that all songs keep.

    Attributes:
      pool: primers in ids; each has at least one, the first `<start>` or music. With teacher forcing each is a song.
      seed: seed of the choice.
      variations: consecutive songs that share a primer, at least 1.
      given: line or parts that every song keeps from its first tick to its last; None: none.
    """

    pool: tuple[tuple[int, ...], ...] = ((START,),)
    seed: int = 0
    variations: int = 1
    given: Melody | GivenParts | None = None

    @property
    def given_sha256(self) -> str:
        """SHA-256 of the file of what songs keep; "" without one."""
        return self.given.sha256 if self.given else ""

    def of(self, song: int) -> tuple[int, ...]:
        """Returns the primer of a song number, which depends on the seed and the number alone.

        >>> Primers(((4, 5), (6,)), seed=1).of(0) == Primers(((4, 5), (6,)), seed=1).of(0)
        True
        """
        number = hashed(f"primer {self.seed} {song // self.variations}")
        return self.pool[number % len(self.pool)]


def given_length(song: Sequence[int], tokens: int) -> int:
    """Counts the ids of a song that teacher forcing gives unsampled: `tokens` tokens and a leading `<start>`.

    >>> given_length([1, 7, 8, 9], tokens=2), given_length([7, 8, 9], tokens=2)
    (3, 2)

    Args:
      song: ids of the song, with or without `<start>`.
      tokens: tokens of music that are given, at least 0.
    """
    return tokens + (song[0] < len(SPECIAL_TOKENS))


def hashed(text: str) -> int:
    """Hashes a text to 64 bits, the same on every machine and for every version of Python."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
