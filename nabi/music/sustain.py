"""The sustain pedal: notes that end while it is down sound until it goes up."""

import numpy as np

from nabi.music.song import Song


def extend(song: Song) -> Song:
    """Lengthens the notes of a song with a band by its pedals, and leaves these out.

    A note whose end lies at or after the tick at which its part's pedal goes down, and before the one at which it goes
    up, sounds until then, or until its pitch is struck again by the same part. Drums stay as they are.

    >>> from nabi.music.band import Instrument
    >>> piano = [Instrument("Piano", 0)]
    >>> song = Song.from_parts([0, 24], [6, 6], [60, 60], [0, 0], [90, 90], instruments=piano, pedals=[(0, 0, 48)])
    >>> extend(song).duration.tolist()
    [24, 24]
    """
    if not song.band or not len(song.band.pedals):
        return song
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    part, is_drum, end = song.note_parts(), song.is_drum(), start + duration
    for number in np.unique(song.band.pedals[:, 0]).tolist():
        _, down, up = song.band.pedals[song.band.pedals[:, 0] == number].T
        own = (part == number) & ~is_drum
        at = np.searchsorted(down, end[own], side="right") - 1
        held = (at >= 0) & (end[own] < up[at])
        end[own] = np.where(held, up[at], end[own])
    return song.moved(start, end - start, pitch, move=np.zeros_like)
