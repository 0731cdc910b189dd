"""Fingerprints of tunes, which hardly change with transposition, tempo, other tracks and a few other notes.

A song is split into lines of single notes: the highest and the lowest notes of its chords, the peaks of the former and
the valleys of the latter, and the peaks and valleys of those, which survive where notes between them are merged or left
out. The similarity of two songs is that of their sets of n-grams of intervals over all lines (Jaccard). Rhythm is not
in them, since quantisation at another tempo changes it. N-grams are long, so that a few common ones identify a tune.

MinHash (Broder 1997, "On the resemblance and containment of documents") estimates that similarity from the smallest
n-grams under random orders. Each of the first few minima is a band: songs that share one are candidates, so that not
all pairs are compared (Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4). A sketch of one byte an order
then decides on each candidate (Li and König 2010, "b-bit minwise hashing").

Both are computed twice: for the song, whatever the layout of its tracks, and for the tracks one by one, of which one
may be missing. `python -m benchmarks.near_duplicates` measures what is found, and at what cost.
"""

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from nabi.analysis.hashing import Hashes as _Hashes
from nabi.analysis.hashing import mix
from nabi.music.song import Song

_Ints = npt.NDArray[np.int64]
_Column = npt.NDArray[np.int64] | npt.NDArray[np.int32] | npt.NDArray[np.uint8]

# Intervals an n-gram. Unrelated tunes share shorter ones; one changed note spoils longer ones.
STEPS = 9

# Different intervals of an n-gram, at least. Fewer make a scale, a trill, a repeated note or an accompaniment figure,
# which unrelated tunes share.
DIFFERENT = 4

# Lines on each side of a song: its notes, their peaks, the peaks of those.
LEVELS = 3

# Random orders of the n-grams. A sketch keeps one byte of the minimum under each.
ORDERS = 64

# Minima that are bands. Two songs of similarity s share one with probability 1 - (1 - s) ** BANDS.
BANDS = 10

# Near duplicates agree in at least so many of the `ORDERS` minima: a sixth of their n-grams is common. With 6 to 9,
# folk dances are linked that share no more than an accompaniment figure.
FEWEST_SHARED = 10

# Different n-grams of a fingerprint, at least: songs of fewer (a drone, a scale, a loop of two bars) agree by chance.
FEWEST_GRAMS = 16

# Onsets closer than this many quarter notes are one chord, as in both MIDI readers with the usual divisors.
CHORD_QUARTERS = 1 / 4

# Hexadecimal digits of a band. Of 10 million songs, a song shares one band in a thousand with another by chance;
# sketches sort these out.
BAND_DIGITS = 10


@dataclasses.dataclass(frozen=True)
class Fingerprint:
    """The data of a tune by which its near duplicates are found.

    Attributes:
      bands: strings of `BAND_DIGITS` hexadecimal digits, `BANDS` of the song and `BANDS` of its tracks, equal ones
        once; near duplicates have at least one in common.
      sketch: `ORDERS` bytes of the song, and as many of its tracks; b"" for too few n-grams.
    """

    bands: tuple[str, ...] = ()
    sketch: bytes = b""

    def to_text(self) -> str:
        """Writes the bands and the sketch in hexadecimal; "" if there are none."""
        return "".join(self.bands) + self.sketch.hex()

    @classmethod
    def from_text(cls, text: str) -> "Fingerprint":
        """Reads what `to_text` wrote of one fingerprint: of a song, or of its tracks, not of both together."""
        bands = text[: -2 * ORDERS]
        starts = range(0, len(bands), BAND_DIGITS)
        return cls(tuple(bands[start : start + BAND_DIGITS] for start in starts), bytes.fromhex(text[len(bands) :]))


def fingerprint(song: Song) -> Fingerprint:
    """Computes the fingerprint of a song and of its file's tracks; empty for too few different n-grams.

    >>> scale = Song.from_notes(start=range(0, 96, 12), duration=[12] * 8, pitch=[60, 62, 64, 65, 67, 69, 71, 72])
    >>> fingerprint(scale)
    Fingerprint(bands=(), sketch=b'')
    """
    start, _, pitch = song.merged().notes()
    song_print = _of_grams(grams(start, pitch, song.ticks_per_quarter))
    track_print = Fingerprint.from_text(song.about.tracks)
    return Fingerprint(
        tuple(dict.fromkeys(song_print.bands + track_print.bands)), song_print.sketch + track_print.sketch
    )


def of_tracks(tracks: Iterable[tuple[_Column, _Column]], ticks_per_quarter: int) -> Fingerprint:
    """Computes the fingerprint of tracks, each (onsets in ticks, pitches), [N] both, in any order."""
    grams_of_tracks = [grams(start, pitch, ticks_per_quarter) for start, pitch in tracks if len(pitch) > STEPS]
    rich = [track_grams for track_grams in grams_of_tracks if len(track_grams) >= FEWEST_GRAMS]
    return _of_grams(np.unique(np.concatenate(rich))) if rich else Fingerprint()


def shared(sketch: bytes, other_sketch: bytes) -> int:
    """Counts the minima, 0..`ORDERS`, in which two sketches agree: of songs or of tracks, the larger count."""
    pairs = ((left, right) for left in _blocks(sketch) for right in _blocks(other_sketch))
    return max((int(np.count_nonzero(left == right)) for left, right in pairs), default=0)


def alike(sketch: bytes, other_sketch: bytes) -> bool:
    """Tells whether two sketches are those of near duplicates."""
    return shared(sketch, other_sketch) >= FEWEST_SHARED


def grams(start: _Column, pitch: _Column, ticks_per_quarter: int) -> _Hashes:
    """Hashes the different n-grams of all lines of notes, uint64, ascending.

    Args:
      start: onsets in ticks, [N], in any order.
      pitch: MIDI numbers, [N].
      ticks_per_quarter: ticks a quarter note.
    """
    # Numba takes half a second to import: processes that only compare fingerprints need none of it.
    from nabi.analysis import tune_loops

    hashes = [tune_loops.hash_grams(line, STEPS, DIFFERENT) for line in lines(start, pitch, ticks_per_quarter)]
    different: _Hashes = np.unique(np.concatenate(hashes))
    return different


def lines(start: _Column, pitch: _Column, ticks_per_quarter: int) -> Iterator[_Ints]:
    """Yields the pitches of each line of notes: `LEVELS` of top notes, then as many of bottom notes; see `grams`."""
    from nabi.analysis import tune_loops

    order = np.argsort(start, kind="stable")
    onset, pitches = start[order].astype(np.int64), pitch[order].astype(np.int64)
    for side in (1, -1):
        line = tune_loops.tops(onset, side * pitches, CHORD_QUARTERS * ticks_per_quarter)
        for _ in range(LEVELS):
            yield side * line
            line = tune_loops.peaks(line)


def _of_grams(grams: _Hashes) -> Fingerprint:
    """Computes the fingerprint of a set of n-grams; an empty one if they are too few."""
    from nabi.analysis import tune_loops

    if len(grams) < FEWEST_GRAMS:
        return Fingerprint()
    # Multiplying by an odd number is a bijection of 64 bits: different grams, which are mixed, stay different.
    minima = tune_loops.minima(grams, _FACTORS)
    number: _Hashes = np.arange(BANDS, dtype=np.uint64)
    digits = mix(minima[:BANDS] + number).astype(">u8").tobytes().hex()
    bands = tuple(digits[start : start + BAND_DIGITS] for start in range(0, len(digits), 16))
    return Fingerprint(bands, mix(minima).astype(np.uint8).tobytes())


def _blocks(sketch: bytes) -> npt.NDArray[np.uint8]:
    """Splits a sketch into the minima of the song and of its tracks, [0..2, ORDERS]."""
    return np.frombuffer(sketch, np.uint8).reshape(-1, ORDERS)


# An odd factor for each order of the n-grams, [ORDERS].
_FACTORS = mix(np.arange(ORDERS, dtype=np.uint64)) | np.uint64(1)
