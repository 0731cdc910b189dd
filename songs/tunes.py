"""A fingerprint of a tune, which transposition, another tempo and another encoding of the file do not change.

The tune is the skyline: the highest pitch struck at each onset. It is taken apart into the set of its n-grams of
(interval, whether the next note comes sooner, about as soon or later than this one did). It is heard twice: as it is
struck, which no tempo changes, and with onsets within a sixteenth taken for one chord, as readers take them where a
file has its tracks merged. Two songs are as similar as these sets are (Jaccard), in the hearing that they agree in.

MinHash (Broder 1997, "On the resemblance and containment of documents") estimates that from a few numbers a song, and
bands of them (Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4) are such that similar songs have one in
common and others none, so that nobody compares all pairs.
"""

import hashlib

import numpy as np
import numpy.typing as npt

from songs.mixing import Hashes as _Hashes
from songs.mixing import mix, of_grams
from songs.song import Song

# Steps an n-gram; a step is an interval and a rhythm, so a gram spans 7 onsets. `benchmarks.near_duplicates` shows
# what the numbers here find. With 3 steps different dances share a tenth of their grams; each step more has a note
# that differs spoil one gram more: with a note in 20 dropped 5 steps find 89 % of the songs and 6 find 81 %
# (with 24 bands).
STEPS = 5

# Each hearing of a song has BANDS * ROWS minima. Two songs of similarity s in both share a band with probability
# 1 - (1 - s ** ROWS) ** (2 * BANDS): 0.2 % at 0.1, 3 % at 0.2, 40 % at 0.4, 72 % at 0.5, 99.6 % at 0.7, 100 % from
# 0.8. Each band is an element of a shuffle, so there are as few as find the pairs we know.
BANDS = 10
ROWS = 4

# Onsets closer than this many quarter notes are one chord in the second hearing: music21's gathering, and the fast
# reader's, by the usual divisors.
CHORD_QUARTERS = 1 / 4

# With fewer different n-grams (a drone, a scale, a loop of two bars) songs agree that have no more in common.
FEWEST_GRAMS = 16

# Time between onsets counts as longer or shorter from this ratio on, 4 : 3. A dotted note stays one, and a triplet
# that another reader takes for sixteenths is at most one class off.
_LONGER = (4, 3)
_RHYTHMS = 3

# Grams a block of the table of minima, 0.3 MB: for all of a long song at once it would leave the cache.
_BLOCK = 1024

_Ints = npt.NDArray[np.int64]


def bands(song: Song) -> tuple[str, ...]:
    """Strings of 16 hexadecimal digits; near duplicates have at least one in common, other songs hardly ever.

    There are `BANDS` for each of the two hearings that has `FEWEST_GRAMS` different n-grams: a song of too few notes
    to tell has none.
    """
    found: list[str] = []
    for hearing, (grams, masks) in enumerate(zip(_hearings(song), _MASKS, strict=True)):
        if len(grams) >= FEWEST_GRAMS:
            rows = _minima(grams, masks).reshape(BANDS, ROWS)
            found += (_digest(row, BANDS * hearing + index) for index, row in enumerate(rows))
    return tuple(found)


def short_name(song: str) -> str:
    """What names a song among near duplicates: 16 digits of its hash, and what follows the hash (`#tune`, `+copy`).

    Of 10 million songs two share 16 digits with a probability of 3 in a million; shuffles carry far fewer bytes.
    """
    return song[:16] + song[64:]


def similarity(one: Song, other: Song) -> float:
    """How many of the n-grams that either tune has both have, 0..1 (Jaccard), in the hearing where that is more."""
    return max(_jaccard(left, right) for left, right in zip(_hearings(one), _hearings(other), strict=True))


def skyline(song: Song, chord_ticks: float = 1) -> tuple[_Ints, _Ints]:
    """The onsets, ascending, and the highest pitch struck at each, [N] both.

    Args:
      song: any.
      chord_ticks: an onset less than this after another belongs to it.
    """
    start, _, pitch = song.notes()
    if not len(start):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    first = np.flatnonzero(np.concatenate([[True], np.diff(start) >= chord_ticks]))
    return start[first].astype(np.int64), np.maximum.reduceat(pitch, first).astype(np.int64)


def _hearings(song: Song) -> tuple[_Hashes, _Hashes]:
    """The n-grams of the song as struck, and with chords gathered."""
    return _grams(*skyline(song)), _grams(*skyline(song, CHORD_QUARTERS * song.ticks_per_quarter))


def _jaccard(left: _Hashes, right: _Hashes) -> float:
    """The share of common elements of two sets; 0 of two empty ones."""
    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / max(len(left) + len(right) - shared, 1)


def _digest(minima: _Hashes, index: int) -> str:
    """The name of a band: its minima, and which band of a song it is."""
    return hashlib.blake2b(minima.astype("<u8").tobytes(), digest_size=8, salt=bytes([index])).hexdigest()


def _minima(grams: _Hashes, masks: _Hashes) -> _Hashes:
    """MinHash: the smallest of all grams under each of `BANDS` * `ROWS` orders."""
    smallest = np.full(BANDS * ROWS, np.iinfo(np.uint64).max, np.uint64)
    for start in range(0, len(grams), _BLOCK):
        # One bijection of 64 bits an order: different grams stay different.
        mixed = mix(grams[start : start + _BLOCK] ^ masks)
        smallest = np.minimum(smallest, mixed.min(axis=1))
    return smallest


def _grams(onset: _Ints, pitch: _Ints) -> _Hashes:
    """The different n-grams of a skyline as 64-bit hashes, ascending."""
    if len(onset) < STEPS + 2:
        return np.zeros(0, np.uint64)
    waits, intervals = np.diff(onset), np.diff(pitch)
    steps = (_RHYTHMS * (intervals[1:] + 128) + _rhythm(waits)).astype(np.uint64)
    return np.unique(of_grams(steps, STEPS))


def _rhythm(waits: _Ints) -> _Ints:
    """0, 1 or 2 where a wait is shorter than, like, or longer than the one before; in integers, thus exact."""
    before, after = waits[:-1], waits[1:]
    much, little = _LONGER
    longer = little * after >= much * before
    shorter = little * before >= much * after
    return 1 + longer.astype(np.int64) - shorter.astype(np.int64)


# What makes an order of the grams, for each hearing [BANDS * ROWS, 1].
_MASKS = mix(np.arange(2 * BANDS * ROWS, dtype=np.uint64)).reshape(2, -1, 1)
