"""Packs songs of many windows into rows of like length, which are read side by side."""

import heapq
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


def pack(windows_of_songs: IntArray, rows: int, order: IntArray | None = None) -> list[list[int]]:
    """Assigns songs to rows, the longest first, each to the row that is shortest so far (Graham 1969, LPT).

    Rows of like length end together, so that no step has a full batch's cost for the tokens of one last long song.

    Args:
      windows_of_songs: int64 [songs], number of windows of each song.
      rows: number of rows, at least 1.
      order: a permutation of the song numbers, which breaks ties between songs of equal length. None: 0, 1, 2 ...

    Returns:
      For each row the numbers of its songs.
    """
    order = np.arange(len(windows_of_songs)) if order is None else order
    songs_of_rows: list[list[int]] = [[] for _ in range(rows)]
    shortest = [(0, row) for row in range(rows)]
    for song in order[np.argsort(-windows_of_songs[order], kind="stable")].tolist():
        length, row = heapq.heappop(shortest)
        songs_of_rows[row].append(song)
        heapq.heappush(shortest, (length + int(windows_of_songs[song]), row))
    return songs_of_rows


def table(songs_of_rows: Iterable[Sequence[int]], windows_of_songs: IntArray) -> IntArray:
    """Lays out the windows of rows of songs.

    Args:
      songs_of_rows: for each row the numbers of its songs, in order.
      windows_of_songs: int64 [songs], number of windows of each song; windows are numbered through.

    Returns:
      int64 [steps, rows], window numbers; each song runs from its first window to its last in one row. -1 where a row
      has ended.
    """
    first = np.concatenate([[0], np.cumsum(windows_of_songs)])
    rows = [[window for song in songs for window in range(first[song], first[song + 1])] for songs in songs_of_rows]
    numbers = np.full((max(map(len, rows)), len(rows)), -1, np.int64)
    for row, windows in enumerate(rows):
        numbers[: len(windows), row] = windows
    return numbers
