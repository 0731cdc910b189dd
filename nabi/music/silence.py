"""Stretches of a song in which nothing happens, shortened: one broken time of a file must not outweigh its notes."""

import dataclasses

import numpy as np
import numpy.typing as npt

from nabi.music import bars
from nabi.music.song import Song

_Ints = npt.NDArray[np.int64]


def shorten(song: Song, most_quarters: int) -> Song:
    """The song without the time by which nothing begins and nothing ends for too long.

    That is silence, at the start too, or one chord held on and on. What is taken out are whole bars (of the time
    signature; whole quarter notes where a bar is longer than the limit), so that all that follows stays where it stood
    in its bar. No note is lost, and the order of all beginnings and ends stays.

    Args:
      song: any.
      most_quarters: from one beginning or end to the next, at least 1.

    Returns:
      The song itself if it is nowhere too long. `about.shortened_quarters` tells how much is gone.
    """
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    ends = start + duration
    changes = np.unique(np.concatenate([[0], start, ends]))
    most = most_quarters * song.ticks_per_quarter
    gone = np.cumsum(_excess(np.diff(changes), most, _unit(song, most)))
    if not len(gone) or not gone[-1]:
        return song
    now = changes - np.concatenate([[0], gone])
    place, end = now[np.searchsorted(changes, start)], now[np.searchsorted(changes, ends)]
    shortened = song.about.shortened_quarters + int(gone[-1]) / song.ticks_per_quarter
    about = dataclasses.replace(song.about, shortened_quarters=shortened)
    return dataclasses.replace(song.with_notes(place, end - place, pitch), about=about)


def _unit(song: Song, most: int) -> int:
    """Ticks that are taken out as one: a bar's, or a quarter note's where a bar has no whole ticks or too many."""
    bar = bars.bar_ticks(song)
    return int(bar) if bar == int(bar) and bar <= most else song.ticks_per_quarter


def _excess(stretches: _Ints, most: int, unit: int) -> _Ints:
    """The fewest units of each stretch, in ticks, that leave at most `most`."""
    return np.maximum(-(-(stretches - most) // unit), 0) * unit
