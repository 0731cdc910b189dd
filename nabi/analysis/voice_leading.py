"""Voice leading: parallel fifths and octaves, and the line of the top voice."""

import numpy as np

from nabi.analysis.slices import Ints, Slices

# Most notes of a chord whose notes are voices; a thicker one doubles its notes.
MOST_VOICES = 8
# Steps from note to note of a figure that comes again.
FIGURE = 8

_FIFTH, _OCTAVE = 7, 12


def parallels(slices: Slices) -> dict[str, float]:
    """Counts pairs of voices that move in parallel fifths or octaves, of 100 changes of chords.

    A change leads from one slice to the next, if in both as many notes sound as usual in the song: of the numbers from
    2 to `MOST_VOICES` the one that sounds the longest, 4 in a chorale. Voices are counted from below. Two of them move
    in parallel if they move by the same interval that is not 0; compound intervals count as simple ones.

    Returns:
      `parallel_fifths` and `parallel_octaves`, not negative; none if there is no such change.
    """
    voices = slices.usual_count(2, MOST_VOICES) or 0
    change = np.flatnonzero((slices.count[:-1] == voices) & (slices.count[1:] == voices))
    if not len(change):
        return {}
    before, after = (slices.pitches[slices.offsets[at][:, None] + np.arange(voices)] for at in (change, change + 1))
    moved = after - before
    low, high = np.triu_indices(voices, 1)
    parallel = (moved[:, low] == moved[:, high]) & (moved[:, low] != 0)
    interval = (before[:, high] - before[:, low])[parallel] % _OCTAVE
    counted = {"parallel_fifths": _FIFTH, "parallel_octaves": 0}
    return {name: 100 * np.count_nonzero(interval == size) / len(change) for name, size in counted.items()}


def top_voice(slices: Slices) -> tuple[Ints, Ints]:
    """Returns the intervals of the top voice in semitones, and the times between its onsets in ticks, int64 [M] each.

    Its notes are those that are struck while nothing higher sounds.
    """
    highest = slices.struck == slices.top
    return np.diff(slices.top[highest]), np.diff(slices.start[highest])


def recurrence(intervals: Ints, times: Ints) -> float | None:
    """Measures the percentage of a voice's steps in figures that come again, 0..100; None without a step.

    A figure is `FIGURE` steps in a row, at whatever pitch it begins; it comes again if it is found once more behind its
    end.

    >>> recurrence(np.array([2, 2, 1, 2, 2, 2, 1, -12] * 3), np.full(24, 12))
    100.0

    Args:
      intervals: int64 [M], in semitones.
      times: int64 [M], from onset to onset, in ticks.
    """
    if not len(intervals):
        return None
    _, figure = np.unique((times << 8) + intervals, return_inverse=True)
    for doubled in (1, 2, 4):
        # Numbers the runs of twice as many steps by those of both of their halves.
        _, figure = np.unique(figure[:-doubled] * len(intervals) + figure[doubled:], return_inverse=True)
    at = np.arange(len(figure))
    first, last = np.full(len(figure), len(figure)), np.zeros(len(figure), np.int64)
    np.minimum.at(first, figure, at)
    np.maximum.at(last, figure, at)
    again = at[(last - first)[figure] >= FIGURE]
    edges = np.bincount(again, minlength=len(intervals) + 1) - np.bincount(again + FIGURE, minlength=len(intervals) + 1)
    return 100 * float(np.mean(np.cumsum(edges)[:-1] > 0))
