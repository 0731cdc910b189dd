"""A fingerprint of a tune, which transposition, another tempo and another encoding of the file do not change.

The tune is the skyline: the highest pitch struck at each onset. It is taken apart into the sets of its n-grams of
(interval, whether the next note comes sooner, about as soon or later than this one did). Two songs are as similar as
these sets are (Jaccard). MinHash (Broder 1997, "On the resemblance and containment of documents") estimates that from
a few numbers a song, and bands of them (Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4) are such that
similar songs have one in common and others none, so that nobody compares all pairs.
"""

import hashlib

import numpy as np
import numpy.typing as npt

from songs.song import Song

# Steps an n-gram: a step is an interval and a rhythm, so that a gram spans 8 onsets, two bars of eighths. With 4
# different dances of Nottingham share a tenth of their grams; with 8 two piano arrangements share less than with 6.
STEPS = 6

# A song has BANDS * ROWS minima. Songs of similarity s have a band in common with probability
# 1 - (1 - s ** ROWS) ** BANDS: 0.2 % at 0.1, 12 % at 0.3, 64 % at 0.5, 98 % at 0.69 (FF4's theme), 100 % at 0.9.
BANDS = 16
ROWS = 4

# With fewer different n-grams (a drone, a scale, a loop of two bars) songs agree that have no more in common.
FEWEST_GRAMS = 16

_Hashes = npt.NDArray[np.uint64]
_Ints = npt.NDArray[np.int64]

# Time between onsets counts as longer or shorter from this ratio on: readers differ between 3 and 4 ticks at times,
# a dotted note remains one.
_LONGER = (4, 3)


def bands(song: Song) -> tuple[str, ...]:
    """`BANDS` strings of 16 hexadecimal digits; near duplicates have at least one in common, other songs none.

    A song of too few notes to tell has none.
    """
    grams = _grams(song)
    if len(grams) < FEWEST_GRAMS:
        return ()
    # A loop, not one table of grams x hashes: that would be 50 MB for a song of 100,000 notes.
    minima = np.array([(grams * factor + term).min() for factor, term in _PERMUTATIONS], "<u8").reshape(BANDS, ROWS)
    return tuple(
        hashlib.blake2b(row.tobytes(), digest_size=8, salt=bytes([index])).hexdigest()
        for index, row in enumerate(minima)
    )


def similarity(one: Song, other: Song) -> float:
    """How many of the n-grams that either tune has both have, 0..1 (Jaccard); 0 where both are too short for one."""
    left, right = _grams(one), _grams(other)
    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / max(len(left) + len(right) - shared, 1)


def skyline(song: Song) -> tuple[_Ints, _Ints]:
    """The onsets, ascending, and the highest pitch struck at each, [N] both."""
    start, _, pitch = song.notes()
    if not len(start):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    first = np.flatnonzero(np.concatenate([[True], np.diff(start) != 0]))
    return start[first].astype(np.int64), np.maximum.reduceat(pitch, first).astype(np.int64)


def _grams(song: Song) -> _Hashes:
    """The different n-grams of the skyline as 64-bit hashes, ascending."""
    onset, pitch = skyline(song)
    if len(onset) < STEPS + 2:
        return np.zeros(0, np.uint64)
    waits, intervals = np.diff(onset), np.diff(pitch)
    steps = (3 * (intervals[1:] + 128) + _rhythm(waits)).astype(np.uint64)
    hashes = np.zeros(len(steps) - STEPS + 1, np.uint64)
    for offset in range(STEPS):
        hashes = _mix(hashes + steps[offset : offset + len(hashes)])
    return np.unique(hashes)


def _rhythm(waits: _Ints) -> _Ints:
    """0, 1 or 2 where a wait is shorter than, like, or longer than the one before; in integers, thus exact."""
    before, after = waits[:-1], waits[1:]
    much, little = _LONGER
    longer = little * after >= much * before
    shorter = little * before >= much * after
    return 1 + longer.astype(np.int64) - shorter.astype(np.int64)


def _mix(values: _Hashes) -> _Hashes:
    """SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits, the same on every machine, modulo 2 ** 64."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ values >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ values >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return values ^ values >> np.uint64(31)


# For each minimum an odd factor and a term: x -> factor * x + term is a bijection modulo 2 ** 64, and the grams that
# it orders are mixed already.
_PERMUTATIONS = _mix(np.arange(2 * BANDS * ROWS, dtype=np.uint64)).reshape(-1, 2) | np.array([1, 0], np.uint64)
