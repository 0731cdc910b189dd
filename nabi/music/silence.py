"""Shortens long stretches of a song in which no note begins or ends: one wrong time must not outweigh all notes."""

import dataclasses

import numpy as np
import numpy.typing as npt

from nabi.music import bars
from nabi.music.song import Song

_Ints = npt.NDArray[np.int64]


def shorten(song: Song, most_quarters: int) -> Song:
    """Shortens every stretch without a note's beginning or end to at most `most_quarters` quarter notes.

    Such a stretch is silence, at the start too, or one held chord. Whole bars of the time signature are taken out
    (quarter notes where a bar is longer than the limit), so that the notes after it keep their places in their bars.
    No note is lost, and the order of all beginnings and ends stays.

    Args:
      song: any.
      most_quarters: quarter notes from one beginning or end to the next, at least 1.

    Returns:
      The song itself if no stretch is too long. `about.shortened_quarters` counts the removed quarter notes.
    """
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    ends = start + duration
    changes = np.unique(np.concatenate([[0], start, ends]))
    most = most_quarters * song.ticks_per_quarter
    removed = np.cumsum(_excess(np.diff(changes), most, _unit(song, most)))
    if not len(removed) or not removed[-1]:
        return song
    moved = changes - np.concatenate([[0], removed])

    def move(ticks: _Ints) -> _Ints:
        return _moved(ticks, changes, moved)

    phrase_ends = tuple(np.unique(move(np.array(song.about.phrase_ends, np.int64))).tolist())
    begin, end = moved[np.searchsorted(changes, start)], moved[np.searchsorted(changes, ends)]
    shortened = song.about.shortened_quarters + int(removed[-1]) / song.ticks_per_quarter
    about = dataclasses.replace(song.about, shortened_quarters=shortened, phrase_ends=phrase_ends)
    return dataclasses.replace(song.moved(begin, end - begin, pitch, move=move), about=about)


def _moved(ticks: _Ints, changes: _Ints, moved: _Ints) -> _Ints:
    """Moves ticks with the change before each, and not beyond the one after it."""
    before = np.searchsorted(changes, ticks, side="right") - 1
    after = np.append(moved, ticks.max(initial=0))[before + 1]
    shifted: _Ints = np.minimum(moved[before] + ticks - changes[before], after)
    return shifted


def _unit(song: Song, most: int) -> int:
    """Returns the ticks taken out as one: a bar, or a quarter note where a bar is too long or has no whole ticks, or
    bars are of several meters."""
    bar = bars.bar_ticks(song)
    changes = song.band is not None and len(song.band.timeline.meters) > 1
    return int(bar) if bar == int(bar) and bar <= most and not changes else song.ticks_per_quarter


def _excess(stretches: _Ints, most: int, unit: int) -> _Ints:
    """Computes the fewest units of each stretch, in ticks, whose removal leaves at most `most`."""
    return np.maximum(-(-(stretches - most) // unit), 0) * unit
