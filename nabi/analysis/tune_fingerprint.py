"""Fingerprints of tunes: what transposition, another tempo, other tracks and a few other notes hardly change.

A song is taken apart into lines of single notes: the highest and the lowest notes of its chords, the peaks of the one
and the valleys of the other, and the peaks of those, which stay where notes between them are merged or left out. The
n-grams of the intervals of all lines are a set, and two songs are as similar as their sets are (Jaccard). Rhythm, which
quantisation at another tempo changes, is not in them. Grams are long, so that a few in common tell a tune.

MinHash (Broder 1997, "On the resemblance and containment of documents") estimates that similarity from the smallest
grams under some orders. Each of the first few is a band: songs that share one are candidates, so that nobody compares
all pairs (Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4). A sketch of one byte an order then tells
whether a candidate is one (Li and König 2010, "b-bit minwise hashing").

All that is done twice: for the song, in which the layout of tracks counts nothing, and for its tracks, one by one, in
which one of them may be missing. `python -m benchmarks.near_duplicates` shows what is found, and what it costs.
"""

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from nabi.analysis.hashing import Hashes as _Hashes
from nabi.analysis.hashing import mix, of_grams
from nabi.music.song import Song

_Ints = npt.NDArray[np.int64]
_Column = npt.NDArray[np.int64] | npt.NDArray[np.int32] | npt.NDArray[np.uint8]

# Intervals an n-gram. Fewer are common to tunes that have no more in common; more are spoiled by one changed note.
STEPS = 9

# Different intervals that an n-gram has: one of fewer is a scale, a trill, a repeated note or the way of an
# accompaniment, which songs of all tunes have.
DIFFERENT = 4

# Lines on each side of a song: its notes, their peaks, the peaks of those.
LEVELS = 3

# Orders of the grams, of whose minima a sketch keeps a byte each.
ORDERS = 64

# Minima that are bands. Of similarity s two songs share one with probability 1 - (1 - s) ** BANDS.
BANDS = 10

# Near duplicates agree in so many of `ORDERS` minima: a sixth of their grams is common. From 6 to 9 folk dances are
# linked that have no more than a way of accompanying in common.
FEWEST_SHARED = 10

# With fewer different n-grams (a drone, a scale, a loop of two bars) songs agree that have no more in common.
FEWEST_GRAMS = 16

# Onsets closer than this many quarter notes are one chord: music21's gathering, and the fast reader's, by the usual
# divisors.
CHORD_QUARTERS = 1 / 4

# Digits of a band: 40 bits, so that of 10 million songs each meets one in a thousand bands by chance. Sketches tell.
BAND_DIGITS = 10

# Grams a block of the table of minima, 0.5 MB: for all of a long song at once it would leave the cache.
_BLOCK = 1024


@dataclasses.dataclass(frozen=True)
class Fingerprint:
    """What is kept of a tune to find its near duplicates.

    Attributes:
      bands: strings of `BAND_DIGITS` hexadecimal digits, `BANDS` of the song and `BANDS` of its tracks, equal ones
        once; near duplicates have at least one in common.
      sketch: `ORDERS` bytes of the song, and as many of its tracks; b"" of too few notes to tell.
    """

    bands: tuple[str, ...] = ()
    sketch: bytes = b""

    def to_text(self) -> str:
        """The bands and the sketch in hexadecimal; "" if there are none."""
        return "".join(self.bands) + self.sketch.hex()

    @classmethod
    def from_text(cls, text: str) -> "Fingerprint":
        """Reads what `to_text` wrote of a fingerprint that was made at once, of a song's tracks, say."""
        bands = text[: -2 * ORDERS]
        starts = range(0, len(bands), BAND_DIGITS)
        return cls(tuple(bands[start : start + BAND_DIGITS] for start in starts), bytes.fromhex(text[len(bands) :]))


def fingerprint(song: Song) -> Fingerprint:
    """The fingerprint of a song and of its file's tracks; without bands if it has too few different notes to tell."""
    start, _, pitch = song.notes()
    whole = _of_grams(grams(start, pitch, song.ticks_per_quarter))
    tracks = Fingerprint.from_text(song.about.tracks)
    return Fingerprint(tuple(dict.fromkeys(whole.bands + tracks.bands)), whole.sketch + tracks.sketch)


def of_tracks(tracks: Iterable[tuple[_Column, _Column]], ticks_per_quarter: int) -> Fingerprint:
    """The fingerprint of tracks, each (onsets in ticks, pitches), [N] both, in any order; of too short ones nothing."""
    found = [grams(start, pitch, ticks_per_quarter) for start, pitch in tracks if len(pitch) > STEPS]
    enough = [own for own in found if len(own) >= FEWEST_GRAMS]
    return _of_grams(np.unique(np.concatenate(enough))) if enough else Fingerprint()


def shared(one: bytes, other: bytes) -> int:
    """In how many minima two sketches agree, 0..`ORDERS`, where they agree most: of songs or of tracks."""
    pairs = ((left, right) for left in _blocks(one) for right in _blocks(other))
    return max((int(np.count_nonzero(left == right)) for left, right in pairs), default=0)


def alike(one: bytes, other: bytes) -> bool:
    """Whether sketches tell near duplicates."""
    return shared(one, other) >= FEWEST_SHARED


def grams(start: _Column, pitch: _Column, ticks_per_quarter: int) -> _Hashes:
    """The different n-grams of all lines of notes as 64-bit hashes, ascending.

    Args:
      start: onsets in ticks, [N], in any order.
      pitch: MIDI numbers, [N].
      ticks_per_quarter: ticks a quarter note.
    """
    steps = [np.diff(line) for line in lines(start, pitch, ticks_per_quarter) if len(line) > STEPS]
    return np.unique(_grams(steps)) if steps else np.zeros(0, np.uint64)


def lines(start: _Column, pitch: _Column, ticks_per_quarter: int) -> Iterator[_Ints]:
    """The pitches of each line of notes: of tops `LEVELS`, then as many of bottoms; arguments as of `grams`."""
    order = np.argsort(start, kind="stable")
    onset, pitches = start[order].astype(np.int64), pitch[order].astype(np.int64)
    first = np.flatnonzero(np.diff(onset, prepend=-ticks_per_quarter) >= CHORD_QUARTERS * ticks_per_quarter)
    if not len(first):
        return
    for side in (1, -1):
        line = np.maximum.reduceat(side * pitches, first)
        for _ in range(LEVELS):
            yield side * line
            line = _peaks(line)


def _peaks(line: _Ints) -> _Ints:
    """The notes that are higher than those before and after them, repetitions being one note."""
    steps = np.diff(line)
    moves = np.flatnonzero(steps)
    turns = (steps[moves[:-1]] > 0) & (steps[moves[1:]] < 0)
    peaks: _Ints = line[moves[1:][turns]]
    return peaks


def _grams(lines: list[_Ints]) -> _Hashes:
    """The n-grams of `DIFFERENT` intervals or more of lines of `STEPS` intervals or more, as 64-bit hashes.

    All lines at once: of a song's some twenty short ones, calls would take longer than the work.
    """
    intervals = np.concatenate(lines)
    ordered = np.sort(np.lib.stride_tricks.sliding_window_view(intervals.astype(np.int8), STEPS), axis=1)
    kept = np.count_nonzero(np.diff(ordered, axis=1), axis=1) + 1 >= DIFFERENT
    for end in np.cumsum([len(line) for line in lines[:-1]]):
        kept[end - STEPS + 1 : end] = False
    hashes: _Hashes = of_grams((intervals + 128).astype(np.uint64), STEPS)[kept]
    return hashes


def _of_grams(grams: _Hashes) -> Fingerprint:
    """The fingerprint of a set of n-grams; none if they are too few."""
    if len(grams) < FEWEST_GRAMS:
        return Fingerprint()
    minima = _minima(grams)
    number: _Hashes = np.arange(BANDS, dtype=np.uint64)
    digits = mix(minima[:BANDS] + number).astype(">u8").tobytes().hex()
    bands = tuple(digits[start : start + BAND_DIGITS] for start in range(0, len(digits), 16))
    return Fingerprint(bands, mix(minima).astype(np.uint8).tobytes())


def _blocks(sketch: bytes) -> npt.NDArray[np.uint8]:
    """The minima of a song and of its tracks, [0..2, ORDERS]."""
    return np.frombuffer(sketch, np.uint8).reshape(-1, ORDERS)


def _minima(grams: _Hashes) -> _Hashes:
    """MinHash: the smallest of all grams under each of `ORDERS` orders."""
    smallest = np.full(ORDERS, np.iinfo(np.uint64).max, np.uint64)
    for start in range(0, len(grams), _BLOCK):
        # Multiplying by an odd number is a bijection of 64 bits: different grams, which are mixed, stay different.
        smallest = np.minimum(smallest, (grams[start : start + _BLOCK] * _FACTORS).min(axis=1))
    return smallest


# What makes an order of the grams, [ORDERS, 1].
_FACTORS = (mix(np.arange(ORDERS, dtype=np.uint64)) | np.uint64(1)).reshape(-1, 1)
