"""Batches of song numbers, and the random numbers of a song."""

import dataclasses

import numpy as np
import numpy.typing as npt

# Rows of a batch. Matrix products of other shapes round differently, so every batch has this many rows, used or not,
# and song N always has row N mod SLOTS.
SLOTS = 64

# Most songs that a batch samples in one row, one after another: a row whose song ends early continues with the next.
_SONGS_A_ROW = 8
# Fewest batches, so that workers have something to share; batches are smaller where there would be fewer.
_BATCHES = 16

# First position of the random numbers by which a network is told of a song's past: beyond those of its tokens. All
# attempts at a song share them, so that a network that reads it again is told the same.
_TOLD = 2**64


@dataclasses.dataclass(frozen=True)
class SongBatch:
    """Songs that one worker samples together: consecutive numbers, song N in row N mod slots.

    Attributes:
      index: 0-based number of the batch.
      songs: song numbers.
    """

    index: int
    songs: range


def batches(num_songs: int, slots: int = SLOTS, candidates: int = 1) -> list[SongBatch]:
    """Divides the songs 0..num_songs - 1 into batches of whole rounds of the slots; the last may be shorter.

    >>> [batch.songs for batch in batches(100, slots=64)]
    [range(0, 64), range(64, 100)]

    Args:
      num_songs: number of songs.
      slots: rows of a batch.
      candidates: songs that are sampled for each of these; a round has so many songs fewer.
    """
    songs_a_round = max(slots // candidates, 1)
    rounds = min(max(num_songs // (songs_a_round * _BATCHES), 1), _SONGS_A_ROW)
    size = songs_a_round * rounds
    return [
        SongBatch(index, range(first, min(first + size, num_songs)))
        for index, first in enumerate(range(0, num_songs, size))
    ]


def uniforms(seed: int, song: int, first: int, count: int, each: int) -> npt.NDArray[np.float32]:
    """Computes random numbers that depend only on (seed, song, position).

    They come from Philox, a counter-based generator (Salmon et al., Parallel random numbers: as easy as 1, 2, 3,
    2011), with the key (seed, song) and the position as counter; NumPy guarantees that its raw stream never changes.

    Args:
      seed: 0..2**64 - 1.
      song: number of the song.
      first: first position.
      count: number of positions.
      each: numbers a position.

    Returns:
      float32 [count, each] in [0, 1), multiples of 2**-24.
    """
    # Philox gives four numbers for each value of its counter.
    counts = -(-each // 4)
    philox = np.random.Philox(key=np.array([seed, song], np.uint64), counter=first * counts)
    raw = philox.random_raw(count * counts * 4).reshape(count, counts * 4)[:, :each]
    return (raw >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)


def told(share: float, seed: int, song: int, first: int, count: int) -> npt.NDArray[np.bool_]:
    """Draws the positions at which the network is told of the song's past, by random numbers of their own.

    A position that is told of at one share is told of at every greater one.

    Args:
      share: share of the positions, 0..1.
      seed: 0..2**64 - 1.
      song: number of the song.
      first: first position.
      count: number of positions.

    Returns:
      bool [count].
    """
    if share == 1:
        return np.ones(count, np.bool_)
    return uniforms(seed, song, _TOLD + first, count, 1)[:, 0] < share
