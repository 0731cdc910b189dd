"""Fingerprints of tunes: what transposition, another tempo, other tracks and a few other notes hardly change.

A song is reduced to lines of single notes, each line to the set of its n-grams of intervals (without rhythm, which
quantisation at another tempo changes). Two songs are as similar as these sets are (Jaccard) in the line that they
agree in most. `VIEWS` lists the lines: the melody as struck, and notes that no note near them tops (or undercuts),
which stay where an accompaniment (or a melody) is missing.

MinHash (Broder 1997, "On the resemblance and containment of documents") estimates that similarity from a few numbers a
song. Bands of them (Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4) name candidates without comparing
all pairs; a sketch of one byte a number (Li and König 2010, "b-bit minwise hashing") then tells whether a candidate
is one. `python -m benchmarks.near_duplicates` shows what the numbers here find, and what they cost.
"""

import dataclasses

import numpy as np
import numpy.typing as npt

from songs.mixing import Hashes as _Hashes
from songs.mixing import mix
from songs.song import Song

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_Bools = npt.NDArray[np.bool_]


@dataclasses.dataclass(frozen=True)
class View:
    """A line of single notes in a song.

    Attributes:
      top: whether the highest pitch of each onset is taken, else the lowest.
      quarters: a note is left out if one within so many quarter notes tops it (undercuts it); 0: none is left out.
      waits: the same in mean waits between onsets, which another tempo does not change; added to the former.
      alike: near duplicates are at least so similar in it. Lines of fewer notes have fewer n-grams, of which songs of
        different tunes share more.
    """

    top: bool
    quarters: float = 0.0
    waits: float = 0.0
    alike: float = 0.0


VIEWS = (
    View(top=True, alike=0.28),
    View(top=True, quarters=1, alike=0.3),
    View(top=False, quarters=2, alike=0.4),
    View(top=False, waits=4.1, alike=0.4),
)

# Intervals an n-gram: it spans 7 notes. With 5 different folk dances share grams, with 8 one note in 20 that differs
# spoils a third of them more.
STEPS = 6

# Two songs of similarity s in a view share one of its bands with probability 1 - (1 - s ** ROWS) ** BANDS. With two
# rows a band of a large collection is full of strangers, so that songs of one tune rarely meet in it.
BANDS = 12
ROWS = 3

# Minima a view of which a sketch keeps a byte each; the standard error of a similarity of 0.3 is 0.06.
SKETCH = 64

# Onsets closer than this many quarter notes are one chord: music21's gathering, and the fast reader's, by the usual
# divisors.
CHORD_QUARTERS = 1 / 4

# With fewer different n-grams (a drone, a scale, a loop of two bars) songs agree that have no more in common.
FEWEST_GRAMS = 16

# Digits of a band: 40 bits, so that of 10 million songs each meets one in a thousand bands by chance. Sketches tell.
BAND_DIGITS = 10

# Neighbours before and after a note that can top it.
_REACH = 8

# Grams a block of the table of minima, 0.5 MB: for all of a long song at once it would leave the cache.
_BLOCK = 1024


@dataclasses.dataclass(frozen=True)
class Fingerprint:
    """What is kept of a tune to find its near duplicates.

    Attributes:
      bands: strings of `BAND_DIGITS` hexadecimal digits, `BANDS` for each view that has `FEWEST_GRAMS` n-grams; near
        duplicates have at least one in common.
      sketch: of every view 1 (it has `FEWEST_GRAMS`) or 0, and `SKETCH` bytes; b"" if no view has.
    """

    bands: tuple[str, ...] = ()
    sketch: bytes = b""


def fingerprint(song: Song) -> Fingerprint:
    """The fingerprint of a song; without bands if it has too few different notes to tell."""
    bands: list[str] = []
    sketches: list[bytes] = []
    for view, grams in enumerate(_grams_of_views(song)):
        enough = len(grams) >= FEWEST_GRAMS
        minima = _minima(grams) if enough else np.zeros(SKETCH, np.uint64)
        sketches.append(bytes([enough]) + mix(minima).astype(np.uint8).tobytes())
        if enough:
            bands += _digests(minima[: BANDS * ROWS].reshape(BANDS, ROWS), BANDS * view)
    return Fingerprint(tuple(bands), b"".join(sketches) if bands else b"")


def estimate(one: bytes, other: bytes) -> _Floats:
    """The similarity of two songs in each view, [len(VIEWS)], 0..1, from their sketches; 0 where one has none."""
    if not one or not other:
        return np.zeros(len(VIEWS))
    left, right = (np.frombuffer(sketch, np.uint8).reshape(len(VIEWS), 1 + SKETCH) for sketch in (one, other))
    agree = (left[:, 1:] == right[:, 1:]).mean(axis=1) * (left[:, 0] & right[:, 0])
    # One byte in 256 agrees by chance.
    return np.asarray(np.maximum((agree - 1 / 256) / (1 - 1 / 256), 0))


def alike(one: bytes, other: bytes) -> bool:
    """Whether sketches tell near duplicates: in one view or more."""
    return bool((estimate(one, other) >= _ALIKE).any())


def short_name(song: str) -> str:
    """What names a song among near duplicates: 16 digits of its hash, and what follows the hash (`#tune`, `+copy`).

    Of 10 million songs two share 16 digits with a probability of 3 in a million; shuffles carry far fewer bytes.
    """
    return song[:16] + song[64:]


def similarity(one: Song, other: Song) -> float:
    """How many of the n-grams that either song has both have, 0..1 (Jaccard), in the view where that is more.

    Views with fewer than `FEWEST_GRAMS` n-grams tell nothing.
    """
    pairs = zip(_grams_of_views(one), _grams_of_views(other), strict=True)
    return max(_jaccard(left, right) for left, right in pairs)


def line(song: Song, view: View) -> tuple[_Ints, _Ints]:
    """The onsets, ascending, and the pitches of a view's line, [N] both."""
    return _line(*_chords(song), view, song.ticks_per_quarter)


def _grams_of_views(song: Song) -> list[_Hashes]:
    """The different n-grams of each view, as 64-bit hashes, ascending."""
    chords = _chords(song)
    return [_grams(_line(*chords, view, song.ticks_per_quarter)[1]) for view in VIEWS]


def _chords(song: Song) -> tuple[_Ints, _Ints, _Ints]:
    """The onset, the highest and the lowest pitch of each chord struck, [N] each."""
    start, _, pitch = song.notes()
    if not len(start):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)
    apart = np.diff(start) >= CHORD_QUARTERS * song.ticks_per_quarter
    first = np.flatnonzero(np.concatenate([[True], apart]))
    pitches = pitch.astype(np.int64)
    return start[first].astype(np.int64), np.maximum.reduceat(pitches, first), np.minimum.reduceat(pitches, first)


def _line(onset: _Ints, highest: _Ints, lowest: _Ints, view: View, ticks_per_quarter: int) -> tuple[_Ints, _Ints]:
    """The notes of a view that no other within its time tops, or undercuts."""
    pitch = highest if view.top else lowest
    mean = float(onset[-1] - onset[0]) / max(len(onset) - 1, 1) if len(onset) else 0.0
    reach = view.quarters * ticks_per_quarter + view.waits * mean
    if not reach:
        return onset, pitch
    height = pitch if view.top else -pitch
    kept = ~(_topped(onset, height, reach) | _topped(-onset[::-1], height[::-1], reach)[::-1])
    return onset[kept], pitch[kept]


def _topped(time: _Ints, pitch: _Ints, reach: float) -> _Bools:
    """Whether one of the next `_REACH` notes is higher, and no more than `reach` later, [N]."""
    topped = np.zeros(len(time), bool)
    for step in range(1, min(_REACH, len(time) - 1) + 1):
        near = time[step:] <= time[:-step] + reach
        if not near.any():
            break
        topped[:-step] |= near & (pitch[step:] > pitch[:-step])
    return topped


def _grams(pitch: _Ints) -> _Hashes:
    """The different n-grams of a line as 64-bit hashes, ascending."""
    intervals = (np.diff(pitch) + 128).astype(np.uint64)
    grams = np.zeros(max(len(intervals) - STEPS + 1, 0), np.uint64)
    # An interval is 8 bits, so that up to 8 are a number of their own, mixed once.
    for step in range(STEPS):
        grams = grams << np.uint64(8) | intervals[step : step + len(grams)]
    return np.unique(mix(grams))


def _jaccard(left: _Hashes, right: _Hashes) -> float:
    """The share of common elements of two sets; 0 if one has fewer than `FEWEST_GRAMS`."""
    if min(len(left), len(right)) < FEWEST_GRAMS:
        return 0.0
    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / (len(left) + len(right) - shared)


def _digests(rows: _Hashes, first: int) -> list[str]:
    """The names of bands [N]: of their minima [N, ROWS], and of which bands of a song they are."""
    mixed = np.arange(first, first + len(rows), dtype=np.uint64)
    for column in rows.T:
        mixed = mix(mixed + column)
    digits = mixed.astype(">u8").tobytes().hex()
    return [digits[start : start + BAND_DIGITS] for start in range(0, len(digits), 16)]


def _minima(grams: _Hashes) -> _Hashes:
    """MinHash: the smallest of all grams under each of `SKETCH` orders."""
    smallest = np.full(SKETCH, np.iinfo(np.uint64).max, np.uint64)
    for start in range(0, len(grams), _BLOCK):
        # Multiplying by an odd number is a bijection of 64 bits: different grams, which are mixed, stay different.
        smallest = np.minimum(smallest, (grams[start : start + _BLOCK] * _FACTORS).min(axis=1))
    return smallest


# What makes an order of the grams, [SKETCH, 1].
_FACTORS = (mix(np.arange(SKETCH, dtype=np.uint64)) | np.uint64(1)).reshape(-1, 1)

_ALIKE = np.array([view.alike for view in VIEWS])
