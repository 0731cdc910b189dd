"""Song numbers in batches of fixed slots, and the random numbers of a song."""

import dataclasses

import numpy as np
import numpy.typing as npt

# Songs a batch. Matrix products round differently at other shapes, so every batch has this many rows, filled or not,
# and song N always sits in row N mod SLOTS.
SLOTS = 64

# A worker is given so many songs a row at most, one after another: a row whose song ends early goes on with the next.
_SONGS_A_ROW = 8
# ... but no more than leaves so many batches for workers to share.
_BATCHES = 16


@dataclasses.dataclass(frozen=True)
class SongBatch:
    """Songs that a worker is given: consecutive numbers, song N in row N mod slots.

    Attributes:
      index: the batch's number.
      songs: the song numbers.
    """

    index: int
    songs: range


def batches(num_songs: int, slots: int = SLOTS) -> list[SongBatch]:
    """The songs 0..num_songs - 1 in batches of whole rounds of the slots; the last may be short."""
    rounds = min(max(num_songs // (slots * _BATCHES), 1), _SONGS_A_ROW)
    size = slots * rounds
    return [
        SongBatch(index, range(first, min(first + size, num_songs)))
        for index, first in enumerate(range(0, num_songs, size))
    ]


def uniforms(seed: int, song: int, first: int, count: int, each: int) -> npt.NDArray[np.float32]:
    """Random numbers that depend on (seed, song, position) alone.

    They come from Philox, a counter-based generator (Salmon et al., Parallel random numbers: as easy as 1, 2, 3,
    2011), whose key is (seed, song) and whose counter tells the position; NumPy keeps its raw stream stable for good.

    Args:
      seed: 0..2**64 - 1.
      song: its number.
      first: the first position.
      count: positions.
      each: numbers a position.

    Returns:
      float32 [count, each] in [0, 1), multiples of 2**-24.
    """
    # Four numbers come of one count.
    counts = -(-each // 4)
    philox = np.random.Philox(key=np.array([seed, song], np.uint64), counter=first * counts)
    raw = philox.random_raw(count * counts * 4).reshape(count, counts * 4)[:, :each]
    return (raw >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)
