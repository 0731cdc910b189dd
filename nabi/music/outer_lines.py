"""Finds the highest or the lowest line of a song."""

import numpy as np

from nabi.music.song import Song


def outer_line(song: Song, *, lowest: bool = False) -> Song:
    """Returns the notes that are struck while nothing higher sounds, each cut where a higher one is struck.

    >>> outer_line(Song.from_notes(start=[0, 0, 12], duration=[24, 48, 24], pitch=[72, 48, 76])).pitches.tolist()
    [72, 76]

    A note that goes on under a higher one does not come back after it. Of a song of one line this is the song.

    Args:
      song: any.
      lowest: True to return the notes that are struck while nothing lower sounds instead.
    """
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    # The note that is heard at each tick, written from the inner notes to the outer ones.
    heard = np.full(song.end + 1, -1)
    for note in np.argsort(-pitch if lowest else pitch, kind="stable").tolist():
        heard[start[note] : start[note] + duration[note]] = note
    borders = np.flatnonzero(np.diff(heard, prepend=-1))
    note, ends = heard[borders], np.append(borders[1:], song.end)
    kept = (note >= 0) & (start[note] == borders) if len(start) else np.zeros(0, bool)
    return song.with_notes(borders[kept], (ends - borders)[kept], pitch[note[kept]])
