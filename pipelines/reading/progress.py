"""Progress lines on the screen while local workers read files."""

import contextlib
import json
import logging
import pathlib
import threading
import time
import uuid
from collections.abc import Iterator

from nabi.workspace import storage

_SECONDS = 5.0


class ReadingProgress:
    """File counts of one worker, published in a small file below a local staging folder.

    Workers on other machines have Beam's counters instead: for a bucket nothing is published.
    """

    def __init__(self, staging: str) -> None:
        self._path = None if storage.scheme_of(staging) else pathlib.Path(staging) / f"{uuid.uuid4().hex}.progress"
        self._done = self.lost = 0
        self._published = 0.0

    def count(self, files: int) -> None:
        """Adds to the number of files done; `lost` is counted by the caller."""
        self._done += files
        if time.monotonic() - self._published > 1:
            self.publish()

    def publish(self) -> None:
        """Writes the counts to the file that `shown` reads."""
        self._published = time.monotonic()
        if self._path and self._done:
            # Written without a sync, and failures are ignored: progress is not worth either.
            with contextlib.suppress(OSError):
                partial = self._path.with_suffix(".partial")
                partial.write_text(json.dumps([self._done, self.lost]))
                partial.replace(self._path)


@contextlib.contextmanager
def shown(staging: str, total: int) -> Iterator[None]:
    """Logs a progress line (see `line`) every few seconds while the context lasts.

    Args:
      staging: the staging folder that workers publish their counts in.
      total: files to read.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_show, args=(pathlib.Path(staging), total, stop), daemon=True)
    if not storage.scheme_of(staging):
        thread.start()
    try:
        yield
    finally:
        stop.set()


def _show(staging: pathlib.Path, total: int, stop: threading.Event) -> None:
    began, last, all_read = time.monotonic(), 0, False
    while not stop.wait(_SECONDS):
        counts = [_read(path) for path in staging.glob("*.progress")]
        done, lost = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0)
        if done != last:
            logging.info(line(done, total, lost, time.monotonic() - began))
        elif done == total and not all_read:
            all_read = True
            logging.info("all %d files are read; counting tokens and writing records", total)
        last = done


def line(done: int, total: int, lost: int, seconds: float) -> str:
    """Returns a progress line.

    >>> line(done=120, total=920, lost=2, seconds=3.0)
    'read 120 of 920 files, 40.0 files/s, 2 lost, 20 s left'
    """
    rate = done / seconds
    left = f"{(total - done) / rate:.0f} s left" if rate else "starting"
    return f"read {done:,} of {total:,} files, {rate:.1f} files/s, {lost} lost, {left}"


def _read(path: pathlib.Path) -> list[int]:
    try:
        return list(json.loads(path.read_text()))
    except (OSError, ValueError):
        return [0, 0]
