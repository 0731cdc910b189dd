"""Quantises times of MIDI notes to a grid, in compiled loops.

Like `nabi.reading.midi_events`, these loops follow music21 10.5 (`Stream.quantize`) statement for statement.
"""

import functools
import math
from collections.abc import Iterable

import numba
import numpy as np

from nabi.music import quantisation
from nabi.music.timeline import Timeline
from nabi.reading import midi_meta
from nabi.reading.midi_events import Floats, Ints

# Notes that are not gathered begin less than so many file ticks apart in a chord: together.
TOGETHER = 0.5


@functools.lru_cache(maxsize=256)
def units(divisors: tuple[int, ...]) -> tuple[Floats, Ints]:
    """Lists the parts of a quarter note that times are quantised to, in quarter notes and in grid ticks, ascending."""
    finest_first = sorted(divisors, reverse=True)
    ticks_per_quarter = quantisation.ticks_per_quarter(divisors)
    ticks = [ticks_per_quarter // divisor for divisor in finest_first]
    return np.array([1 / divisor for divisor in finest_first]), np.array(ticks, np.int64)


@numba.njit(cache=True)
def _best_match(target: float, gap: float, zero_allowed: bool, units: Floats, unit_ticks: Ints) -> int:
    """Finds the nearest multiple of a unit, in ticks of the grid (`bestMatch`)."""
    best_left, best_error, best = math.inf, math.inf, 0
    for index in range(len(units)):
        unit = units[index]
        multiple = math.floor(target / unit)
        match = unit * multiple
        error = target - match
        # Rounded up, the multiple may be the target itself: `music21_midi` makes music21 take it too.
        if not target <= match + unit / 2:
            multiple += 1
            match = unit * multiple
            error = match - target
        if not zero_allowed and match == 0.0:
            multiple, match = 1, unit
            error = abs(target - match)
        # music21 compares errors rounded to 7 decimal places.
        error = np.rint(error * 1e7)
        # Most positions have no gap to fill, and a remainder takes as long as all other operations.
        left = 0.0 if gap == 0.0 or gap % unit == 0.0 else max(gap - match, 0.0)
        # At a tie the smaller unit wins, and comes first.
        if left < best_left or (left == best_left and error < best_error):
            best_left, best_error, best = left, error, multiple * unit_ticks[index]
    return best


@numba.njit(cache=True)
def quantize_offsets(ticks: Ints, division: int, units: Floats, unit_ticks: Ints) -> Ints:
    """Moves each position to the nearest multiple of a unit, in ticks of the grid.

    Args:
      ticks: int64 [N], in file ticks.
      division: file ticks a quarter note.
      units: float64 [D], in quarter notes, ascending: 1 / 4, 1 / 3.
      unit_ticks: int64 [D], the same in ticks of the grid.
    """
    grid = np.empty(len(ticks), np.int64)
    for index in range(len(ticks)):
        grid[index] = _best_match(ticks[index] / division, 0.0, True, units, unit_ticks)
    return grid


def phrase_ends(ticks: Iterable[int], division: int, divisors: tuple[int, ...]) -> tuple[int, ...]:
    """Moves the markers of phrases, in file ticks, to the grid: as notes are moved, sorted, each tick once.

    >>> phrase_ends([479, 960, 481], division=480, divisors=(4, 3))
    (12, 24)
    """
    columns = np.array(list(ticks), np.int64), division, *units(divisors)
    return tuple(np.unique(quantize_offsets(*columns)).tolist())


def timeline(changes: Iterable[tuple[int, int, bytes]], division: int, divisors: tuple[int, ...]) -> Timeline:
    """Makes a timeline of valid tempo and signature events, (file tick, type, data), moved to the grid as notes are.

    Of several at one tick the last in the order of the file holds.

    >>> timeline([(479, midi_meta.TEMPO, midi_meta.tempo_bytes(90))], division=480, divisors=(4, 3)).tempi.tolist()
    [[12, 666667]]
    """
    grid = division, *units(divisors)
    # A column of a table is not contiguous: the loop would be compiled for it once more.
    return midi_meta.timeline(changes).moved(lambda ticks: quantize_offsets(np.ascontiguousarray(ticks), *grid))


@numba.njit(cache=True)
def quantize_lengths(
    lengths: Ints, onsets: Ints, marks: Ints, division: int, units: Floats, unit_ticks: Ints, ticks_per_quarter: int
) -> Ints:
    """Quantises the length of each chord to ticks of the grid, preferring to fill the gap to the next event.

    Args:
      lengths: int64 [N], in file ticks.
      onsets: int64 [N], ascending grid ticks.
      marks: int64 [M], ascending grid ticks of the track's events besides notes, which end a gap too.
      division: file ticks a quarter note.
      units: float64 [D], in quarter notes, ascending: 1 / 4, 1 / 3.
      unit_ticks: int64 [D], the same in ticks of the grid.
      ticks_per_quarter: of the grid.
    """
    grid = np.empty(len(lengths), np.int64)
    following = mark = 0
    for index in range(len(lengths)):
        onset = onsets[index]
        while following < len(onsets) and onsets[following] <= onset:
            following += 1
        while mark < len(marks) and marks[mark] <= onset:
            mark += 1
        after = onsets[following] if following < len(onsets) else -1
        if mark < len(marks) and (after < 0 or marks[mark] < after):
            after = marks[mark]
        gap = (after - onset) / ticks_per_quarter if after >= 0 else 0.0
        length = lengths[index]
        grid[index] = _best_match(length / division, gap, length == 0, units, unit_ticks)
    return grid
