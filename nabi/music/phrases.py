"""The phrases of a song, as its metadata tells where they end: which comes again, and on which notes each ends."""

import itertools

import numpy as np
import numpy.typing as npt

from nabi.music.song import Song

Ints = npt.NDArray[np.int64]


def ends(song: Song) -> Ints:
    """Returns the ticks at which phrases end, ascending: those of `About.phrase_ends` that lie within the song."""
    ticks = np.unique(np.array(song.about.phrase_ends, np.int64))
    return ticks[(ticks > 0) & (ticks <= song.end)]


def spans(song: Song) -> list[tuple[int, int]]:
    """Returns the ticks of each phrase's beginning and end: where the one before ends, of the first its first note."""
    until = ends(song).tolist()
    first = int(song.notes()[0].min()) if len(song) else 0
    return list(itertools.pairwise([first if until and first < until[0] else 0, *until]))


def firsts(song: Song) -> list[int]:
    """Returns for each phrase the number of the first one that is the same, its own if it is new.

    Phrases are the same if they are equally long and the same notes begin in them, at the same times. One without a
    note is always new.
    """
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    known: dict[tuple[int, bytes], int] = {}
    found = []
    for number, (begin, end) in enumerate(spans(song)):
        notes = slice(*np.searchsorted(start, [begin, end]).tolist())
        music = np.stack([start[notes] - begin, duration[notes], pitch[notes]]).tobytes()
        found.append(known.setdefault((end - begin, music), number) if music else number)
    return found


def returns(song: Song) -> list[int]:
    """Finds for each phrase how far back the same one came last: 2 is the one before the last; 0: it is new."""
    latest: dict[int, int] = {}
    found = []
    for number, first in enumerate(firsts(song)):
        found.append(number - latest.get(first, number))
        latest[first] = number
    return found


def cadences(song: Song) -> Ints:
    """Finds the highest and the lowest note, but no drum, that sounds at the end of each phrase.

    Returns:
      MIDI numbers [N, 2] of N phrases; -1 where nothing sounds.
    """
    start, duration, pitch = (column.astype(np.int64)[~song.is_drum()] for column in song.notes())
    until = ends(song)
    first, last = (np.searchsorted(until, ticks, side="right") for ticks in (start, start + duration))
    outer = np.full((len(until), 2), -1)
    sounding = np.flatnonzero(first < last)
    # From the inner notes to the outer ones, which write over them.
    upwards = sounding[np.argsort(pitch[sounding])]
    for column, order in enumerate((upwards, upwards[::-1])):
        for note in order.tolist():
            outer[first[note] : last[note], column] = pitch[note]
    return outer
