"""A line every few seconds: songs made, notes a second, time left."""

import collections
import logging
import threading
import time
from collections.abc import Iterable, Sequence
from types import TracebackType

from nabi.workspace import paths, storage

SECONDS_BETWEEN_LINES = 5.0

# Files looked for before each line: enough to keep up, few enough for a bucket.
_PROBES = 200


class SongsProgress:
    """Reads the rows that workers publish, wherever they run, while a `with` block lasts."""

    def __init__(self, waiting: Iterable[str], *, done: int, total: int, seconds: float = SECONDS_BETWEEN_LINES):
        """Watches for files of rows.

        Args:
          waiting: their paths, in the order in which they are likely to come.
          done: songs that were there before.
          total: songs in the end.
          seconds: between two lines.
        """
        self._waiting = collections.deque(waiting)
        self._before, self._total, self._seconds = done, total, seconds
        self.songs, self.notes = 0, 0
        self._started = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "SongsProgress":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self._stop.set()
        self._thread.join()

    def look(self) -> str:
        """Counts what has come since, and says it."""
        for _ in range(min(len(self._waiting), _PROBES)):
            path = self._waiting.popleft()
            if storage.exists(path):
                self._count(paths.read_rows(path))
            else:
                self._waiting.append(path)
        return line(self._before + self.songs, self._total, self.songs, self.notes, time.monotonic() - self._started)

    def _count(self, rows: Sequence[dict[str, int]]) -> None:
        self.songs += len(rows)
        self.notes += sum(row["notes"] for row in rows)

    def _watch(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                logging.info(self.look())
            except (storage.StorageError, ValueError) as error:
                # The job itself will say what is wrong, if it is; a line that is missing harms no song.
                logging.info("no progress to show: %s", error)


def line(done: int, total: int, songs: int, notes: int, seconds: float) -> str:
    """Such as `128 of 1000 songs, 5210 notes/s, 0:02:10 left`.

    Args:
      done: songs that are there.
      total: songs in the end.
      songs: of `done`, those that came in this run.
      notes: of these songs.
      seconds: since this run began, model loading included.
    """
    text = f"{done} of {total} songs"
    if not songs or seconds <= 0:
        return text
    left = round((total - done) * seconds / songs)
    return f"{text}, {notes / seconds:.0f} notes/s, {left // 3600}:{left // 60 % 60:02}:{left % 60:02} left"
