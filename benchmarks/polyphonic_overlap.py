"""Overlap of held-out melodies with training pieces: the sets have several settings of the same tunes.

A melody is the highest note of each frame that sounds; a note that lasts or is repeated counts once. Melodies are
compared by their intervals, so that transposed ones are equal.
"""

import collections
import itertools
from collections.abc import Sequence

from benchmarks.polyphonic_sets import Piece

# Equal intervals in a row that count as shared: fewer are common to any two tunes.
RUN = 12

Intervals = tuple[int, ...]


def intervals(piece: Piece) -> Intervals:
    """Computes the semitones from each note of the highest voice to the next."""
    tops = [frame[-1] for frame in piece if frame]
    notes = [top for top, before in zip(tops, [None, *tops], strict=False) if top != before]
    return tuple(after - before for before, after in itertools.pairwise(notes))


def shares(held_out: Sequence[Piece], training: Sequence[Piece]) -> list[float]:
    """Computes the share of each held-out melody that its most similar training piece has too.

    Returns:
      The share of a melody's intervals, 0..1, in runs of `RUN` that the training piece has too. A melody of fewer
      intervals is one run; a melody without intervals shares nothing.
    """
    # A piece in twelve more keys has the same intervals.
    melodies = list(dict.fromkeys(map(intervals, training)))
    # Length of runs -> run -> numbers of training pieces. Only short melodies need another length than RUN.
    known: dict[int, dict[Intervals, set[int]]] = {}
    result = []
    for melody in map(intervals, held_out):
        length = min(RUN, len(melody))
        if length not in known:
            known[length] = _index(melodies, length)
        result.append(_share(melody, length, known[length]))
    return result


def _index(melodies: Sequence[Intervals], length: int) -> dict[Intervals, set[int]]:
    pieces_by_run = collections.defaultdict(set)
    for number, melody in enumerate(melodies):
        for start in range(len(melody) - length + 1):
            pieces_by_run[melody[start : start + length]].add(number)
    return dict(pieces_by_run)


def _share(melody: Intervals, length: int, known: dict[Intervals, set[int]]) -> float:
    if not melody:
        return 0.0
    covered: collections.Counter[int] = collections.Counter()
    # Training piece -> end of the part that it covers so far.
    ends: collections.Counter[int] = collections.Counter()
    for start in range(len(melody) - length + 1):
        for piece in known.get(melody[start : start + length], ()):
            covered[piece] += start + length - max(start, ends[piece])
            ends[piece] = start + length
    return max(covered.values(), default=0) / len(melody)
