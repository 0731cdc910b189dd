"""The loops of `nabi.analysis.tune_fingerprint`, which Numba compiles at first use and caches beside this file."""

import numba
import numpy as np
import numpy.typing as npt

from nabi.analysis.hashing import Hashes

Ints = npt.NDArray[np.int64]

_INCREMENT, _FIRST, _SECOND = (
    np.uint64(constant) for constant in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
# Intervals lie in -127..127, symbols of a gram above 0. In Numba a signed and an unsigned integer add up to a float.
_UNSIGNED = 128


@numba.njit(cache=True)
def tops(onset: Ints, pitch: Ints, chord: float) -> Ints:
    """Returns the highest pitch of each chord, int64 [C].

    Args:
      onset: ticks, [N], ascending.
      pitch: any numbers, [N].
      chord: ticks from which on a note begins another chord than the note before.
    """
    line = np.empty(len(pitch), np.int64)
    count = 0
    for note in range(len(pitch)):
        if note == 0 or onset[note] - onset[note - 1] >= chord:
            line[count] = pitch[note]
            count += 1
        else:
            line[count - 1] = max(line[count - 1], pitch[note])
    return line[:count]


@numba.njit(cache=True)
def peaks(line: Ints) -> Ints:
    """Returns the notes of a line that are higher than their neighbours; repeated notes count as one."""
    found = np.empty(len(line), np.int64)
    count, rises = 0, False
    for note in range(len(line) - 1):
        if line[note + 1] < line[note] and rises:
            found[count] = line[note]
            count += 1
        if line[note + 1] != line[note]:
            rises = line[note + 1] > line[note]
    return found[:count]


@numba.njit(cache=True)
def hash_grams(line: Ints, steps: int, different: int) -> Hashes:
    """Hashes the n-grams of a line's intervals as `nabi.analysis.hashing.of_grams` does.

    Args:
      line: pitches 0..127 or their negatives, [N].
      steps: intervals an n-gram.
      different: n-grams with fewer different intervals are left out.
    """
    hashes = np.empty(max(len(line) - steps, 0), np.uint64)
    count = 0
    for begin in range(len(line) - steps):
        value, kinds = np.uint64(0), 0
        for end in range(begin, begin + steps):
            interval = line[end + 1] - line[end]
            value += np.uint64(interval + _UNSIGNED) + _INCREMENT
            value = (value ^ value >> np.uint64(30)) * _FIRST
            value = (value ^ value >> np.uint64(27)) * _SECOND
            value ^= value >> np.uint64(31)
            is_new = True
            for earlier in range(begin, end):
                is_new &= line[earlier + 1] - line[earlier] != interval
            kinds += is_new
        if kinds >= different:
            hashes[count] = value
            count += 1
    return hashes[:count]


@numba.njit(cache=True)
def minima(grams: Hashes, factors: Hashes) -> Hashes:
    """Computes MinHash: the smallest of all products of grams with each factor, [F], modulo 2**64."""
    smallest = np.full(len(factors), np.uint64(0xFFFFFFFFFFFFFFFF))
    for gram in grams:
        for order in range(len(factors)):
            smallest[order] = min(smallest[order], gram * factors[order])
    return smallest
