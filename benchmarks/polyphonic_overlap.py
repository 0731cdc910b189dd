"""How much of a held-out piece's melody stands in a training piece: the sets hold several settings of one tune.

A melody is the highest note of each frame that sounds, a note that lasts or is repeated counted once; it is compared by
its intervals, so that a transposed one is the same.
"""

import collections
import itertools
from collections.abc import Sequence

from benchmarks.polyphonic_sets import Piece

# Intervals in a row that must be the same: fewer are common to any two tunes.
RUN = 12

Intervals = tuple[int, ...]


def intervals(piece: Piece) -> Intervals:
    """Returns the semitones from each note of the highest voice to the next."""
    tops = [frame[-1] for frame in piece if frame]
    notes = [top for top, before in zip(tops, [None, *tops], strict=False) if top != before]
    return tuple(after - before for before, after in itertools.pairwise(notes))


def shares(held_out: Sequence[Piece], training: Sequence[Piece]) -> list[float]:
    """Measures what the training piece that shares most has of each held-out piece.

    Returns:
      The share of the held-out piece's intervals, 0..1, that stand in runs of `RUN` which that training piece has too.
      A melody of fewer intervals is one run; without any interval it shares nothing.
    """
    melodies = [intervals(piece) for piece in training]
    # Length of the runs -> run -> the training pieces that have it. Only short melodies need another length than RUN.
    known: dict[int, dict[Intervals, set[int]]] = {}
    found = []
    for melody in map(intervals, held_out):
        length = min(RUN, len(melody))
        if length not in known:
            known[length] = _index(melodies, length)
        found.append(_share(melody, length, known[length]))
    return found


def _index(melodies: Sequence[Intervals], length: int) -> dict[Intervals, set[int]]:
    found = collections.defaultdict(set)
    for number, melody in enumerate(melodies):
        for start in range(len(melody) - length + 1):
            found[melody[start : start + length]].add(number)
    return dict(found)


def _share(melody: Intervals, length: int, known: dict[Intervals, set[int]]) -> float:
    if not melody:
        return 0.0
    covered: collections.Counter[int] = collections.Counter()
    # Of each training piece the end of what it covers so far.
    ends: collections.Counter[int] = collections.Counter()
    for start in range(len(melody) - length + 1):
        for piece in known.get(melody[start : start + length], ()):
            covered[piece] += start + length - max(start, ends[piece])
            ends[piece] = start + length
    return max(covered.values(), default=0) / len(melody)
