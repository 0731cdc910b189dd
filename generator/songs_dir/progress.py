"""Progress of a job, a line every few seconds: songs made, notes a second, time left."""

import collections
import logging
import threading
import time
from collections.abc import Iterable, Sequence
from types import TracebackType

from nabi.workspace import paths, storage

SECONDS_BETWEEN_LINES = 5.0

# Files checked before each line: enough to keep up, and few enough requests for a bucket.
_PROBES = 200


class SongsProgress:
    """Reads the rows that workers publish, on whatever machine, for the duration of a `with` block."""

    def __init__(self, waiting: Iterable[str], *, done: int, total: int, seconds: float = SECONDS_BETWEEN_LINES):
        """Prepares to watch for files of rows.

        Args:
          waiting: paths of the files, in the order in which they are likely to appear.
          done: songs that exist already.
          total: songs in the end.
          seconds: time between two lines.
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
        """Counts the songs that have appeared since the last call, and returns the line."""
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
                # A missing line harms no song, and the job reports errors that do.
                logging.info("no progress to show: %s", error)


def line(done: int, total: int, songs: int, notes: int, seconds: float) -> str:
    """Formats a line of progress.

    >>> line(done=128, total=1000, songs=128, notes=99_840, seconds=19.2)
    '128 of 1000 songs, 5200 notes/s, 0:02:11 left'

    Args:
      done: songs that exist.
      total: songs in the end.
      songs: songs of this run, at most `done`.
      notes: notes of these songs.
      seconds: time since this run began, with the loading of the model.
    """
    text = f"{done} of {total} songs"
    if not songs or seconds <= 0:
        return text
    left = round((total - done) * seconds / songs)
    return f"{text}, {notes / seconds:.0f} notes/s, {left // 3600}:{left // 60 % 60:02}:{left % 60:02} left"
