"""Cuts excerpts out of songs."""

import dataclasses

import numpy as np

from nabi.music.song import Song


def cut(song: Song, begin: int, end: int | None = None) -> Song:
    """Cuts the ticks [begin, end) out of a song; what sounds across an edge is cut there, and `begin` becomes tick 0.

    >>> song = Song.from_notes(start=[0, 12, 24], duration=[18, 12, 24], pitch=[60, 64, 67])
    >>> for event in cut(song, 12, 36):
    ...     print(event)
    Event(start=0, pitches=(60,), duration=6)
    Event(start=0, pitches=(64,), duration=12)
    Event(start=12, pitches=(67,), duration=12)

    Args:
      song: any; with a band the excerpt keeps its parts, pedals, tempi and meters.
      begin: at least 0.
      end: above `begin`; None: the song's end.
    """
    end = max(song.end, begin + 1) if end is None else end
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    first, last = np.maximum(start, begin), np.minimum(start + duration, end)
    kept = first < last
    columns = (first - begin)[kept], (last - first)[kept], pitch[kept], kept
    timeline = song.band.timeline.excerpt(begin, end) if song.band else None
    excerpt = song.moved(*columns, move=lambda ticks: np.clip(ticks, begin, end) - begin, timeline=timeline)
    phrase_ends = tuple(tick - begin for tick in song.about.phrase_ends if begin < tick <= end)
    return dataclasses.replace(excerpt, about=dataclasses.replace(song.about, phrase_ends=phrase_ends))
