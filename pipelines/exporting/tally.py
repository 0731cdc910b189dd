"""Counts what an export has written, and logs its progress every few seconds."""

import collections
import logging
import time
from collections.abc import Iterable, Iterator

from nabi.music.records import Window
from nabi.music.windows import is_original

_SECONDS = 5.0


class Tally:
    """Counts of an export.

    Attributes:
      songs: split -> songs, without augmented copies.
      windows: split -> windows.
      sizes: (table, split) -> bytes of its rows, uncompressed.
    """

    def __init__(self, total: int) -> None:
        """Begins to count; `total` windows are to be exported."""
        self.songs: collections.Counter[str] = collections.Counter()
        self.windows: collections.Counter[str] = collections.Counter()
        self.sizes: collections.Counter[tuple[str, str]] = collections.Counter()
        self._total = total
        self._began = self._logged = time.monotonic()

    def count(self, split: str, songs: Iterable[list[Window]]) -> Iterator[list[Window]]:
        """Yields the windows of each song of a split, counted."""
        for song in songs:
            self.songs[split] += is_original(song[0])
            self.windows[split] += len(song)
            self._log()
            yield song

    def _log(self) -> None:
        now = time.monotonic()
        if now - self._logged >= _SECONDS:
            self._logged = now
            logging.info(line(self.windows.total(), self._total, now - self._began))


def line(done: int, total: int, seconds: float) -> str:
    """Returns a progress line.

    >>> line(done=50_000, total=200_000, seconds=5.0)
    'exported 50,000 of 200,000 windows, 10,000 windows/s, 15 s left'
    """
    rate = done / seconds
    left = f"{(total - done) / rate:,.0f} s left" if rate else "starting"
    return f"exported {done:,} of {total:,} windows, {rate:,.0f} windows/s, {left}"
