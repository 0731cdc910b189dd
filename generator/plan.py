"""What is asked for: settings with their legal ranges, and song numbers in batches of fixed slots."""

# ruff: noqa: N806 - shapes stand in the names of arrays.

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

# Songs a batch. Matrix products round differently at other shapes, so every batch has this many rows, filled or not,
# and song N always sits in row N mod SLOTS.
SLOTS = 64

MAX_SONGS = 1_000_000
MAX_TOKENS = 100_000


@dataclasses.dataclass(frozen=True)
class Sampling:
    """How the next token is chosen; every value is checked against its range.

    Attributes:
      seed: 0..2**64 - 1; with the song's number it decides every random number of a song.
      max_tokens: tokens sampled a song at most, the primer's not counted; 1..100,000.
      temperature: logits are divided by it, above 0; below 1 favours the likely tokens.
      top_k: only the k likeliest tokens stay; 0 keeps all.
      top_p: only the likeliest tokens that together reach this share of the probability stay, in (0, 1].
      greedy: always the likeliest token; the three before do nothing then.
    """

    seed: int = 0
    max_tokens: int = 512
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 0.95
    greedy: bool = False

    def __post_init__(self) -> None:
        check(0 <= self.seed < 2**64, "seed", self.seed, "0..2**64 - 1")
        check(1 <= self.max_tokens <= MAX_TOKENS, "max_tokens", self.max_tokens, f"1..{MAX_TOKENS}")
        check(0 < self.temperature < np.inf, "temperature", self.temperature, "above 0 and finite")
        check(self.top_k >= 0, "top_k", self.top_k, "0 (all tokens) or more")
        check(0 < self.top_p <= 1, "top_p", self.top_p, "above 0 and at most 1")


@dataclasses.dataclass(frozen=True)
class Sound:
    """What a song's tokens do not say.

    Attributes:
      tempo: quarter notes a minute, 10..1000.
      program: the General MIDI instrument, 0..127 (0 is a piano).
      audio: whether each song is also rendered as sound.
    """

    tempo: float = 120.0
    program: int = 0
    audio: bool = True

    def __post_init__(self) -> None:
        check(10 <= self.tempo <= 1000, "tempo", self.tempo, "10..1000 quarter notes a minute")
        check(0 <= self.program <= 127, "program", self.program, "0..127")


@dataclasses.dataclass(frozen=True)
class Batch:
    """Songs that are sampled together: consecutive numbers, song N in row N mod slots.

    Attributes:
      index: the batch's number.
      songs: the song numbers.
    """

    index: int
    songs: range


def check(holds: bool, flag: str, value: Any, legal: str) -> None:
    """Raises ValueError naming the flag, its value and what is legal, unless the condition holds."""
    if not holds:
        raise ValueError(f"--{flag} {value} must be {legal if legal[0].isalpha() else f'in {legal}'}")


def batches(num_songs: int, slots: int = SLOTS) -> list[Batch]:
    """The songs 0..num_songs - 1 in batches; raises ValueError if there are too few or too many songs."""
    check(1 <= num_songs <= MAX_SONGS, "num_songs", num_songs, f"1..{MAX_SONGS}")
    return [
        Batch(index, range(first, min(first + slots, num_songs)))
        for index, first in enumerate(range(0, num_songs, slots))
    ]


def uniforms(seed: int, songs: Sequence[int], length: int) -> npt.NDArray[np.float32]:
    """Random numbers that depend on (seed, song, position) alone.

    They come from Philox, a counter-based generator (Salmon et al., Parallel random numbers: as easy as 1, 2, 3,
    2011), whose key is (seed, song) and whose counter is the position; NumPy keeps its raw stream stable for good.

    Args:
      seed: 0..2**64 - 1.
      songs: song numbers, [B].
      length: L, positions a song.

    Returns:
      float32 [B, L] in [0, 1), multiples of 2**-24; more positions only append.
    """
    raw_BxL = [np.random.Philox(key=np.array([seed, song], np.uint64)).random_raw(length) for song in songs]
    return (np.array(raw_BxL).reshape(len(songs), length) >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)
