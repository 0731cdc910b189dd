"""Spool files: workers write parsed songs there, so that only the songs' positions cross a shuffle.

Beam's local runner holds every shuffled element in memory at over five times its size; a position is a few bytes.
"""

import contextlib
import dataclasses
import itertools
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from typing import IO

from nabi.workspace import storage

_MAX_GAP_BYTES = 1 << 20
_MAX_STRETCH_BYTES = 1 << 24
# Bytes of a shard's songs that are held in memory; more go to disk.
_MAX_MEMORY_BYTES = 1 << 26


@dataclasses.dataclass(frozen=True, slots=True)
class SpoolPosition:
    """A song's position: bytes [offset, offset + size) of a spool file."""

    path: str
    offset: int
    size: int


class SpoolWriter:
    """Writes songs to one file, which appears when the writer is closed; there is none without a song."""

    def __init__(self, folder: str) -> None:
        self._path = storage.join(folder, f"{uuid.uuid4().hex}.songs")
        self._stack = contextlib.ExitStack()
        self._file: IO[bytes] | None = None
        self._offset = 0

    def write(self, data: bytes) -> SpoolPosition:
        """Appends a song, the bytes of an `EncodedSong`, and returns its position."""
        with storage.explained("write", self._path):
            self._file = self._file or self._stack.enter_context(storage.open_write(self._path))
            self._file.write(data)
        position = SpoolPosition(self._path, self._offset, len(data))
        self._offset += len(data)
        return position

    def close(self) -> None:
        """Publishes the file."""
        with storage.explained("write", self._path):
            self._stack.close()

    @contextlib.contextmanager
    def discarded_by_errors(self) -> Iterator[None]:
        """Deletes the file on an error, and what is buffered for it: on a full disk its end would be another error."""
        try:
            yield
        except BaseException as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise


def stretches(positions: Iterable[SpoolPosition]) -> Iterator[list[SpoolPosition]]:
    """Yields the positions in file order, in groups that one request should read: at most 16 MiB each.

    A request to a bucket takes as long as reading a megabyte: smaller gaps are read, larger ones skipped.
    """
    stretch: list[SpoolPosition] = []
    for position in sorted(positions, key=lambda position: (position.path, position.offset)):
        if stretch and not _belongs(position, stretch[0], stretch[-1]):
            yield stretch
            stretch = []
        stretch.append(position)
    if stretch:
        yield stretch


def _belongs(position: SpoolPosition, first: SpoolPosition, last: SpoolPosition) -> bool:
    gap = position.offset - (last.offset + last.size)
    total = position.offset + position.size - first.offset
    return position.path == last.path and gap <= _MAX_GAP_BYTES and total <= _MAX_STRETCH_BYTES


def read_stored(positions: Iterable[SpoolPosition]) -> Iterator[tuple[SpoolPosition, bytes]]:
    """Yields positions in file order with the bytes stored there, one stretch in memory at a time."""
    for _, file_stretches in itertools.groupby(stretches(positions), key=lambda stretch: stretch[0].path):
        first = next(file_stretches)
        with storage.open_read(first[0].path) as file:
            for stretch in itertools.chain([first], file_stretches):
                begin, end = stretch[0].offset, stretch[-1].offset + stretch[-1].size
                file.seek(begin)
                data = file.read(end - begin)
                yield from ((at, data[at.offset - begin : at.offset - begin + at.size]) for at in stretch)


class SpoolReader:
    """Reads songs by position in any order; a context manager.

    Entering copies the songs to a temporary file of this machine, so that spool files are read in file order.
    """

    def __init__(self, positions: Iterable[SpoolPosition]) -> None:
        self._positions = positions
        self._offsets: dict[SpoolPosition, int] = {}

    def __enter__(self) -> "SpoolReader":
        self._file = tempfile.SpooledTemporaryFile(max_size=_MAX_MEMORY_BYTES)
        try:
            self._collect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        # Closing writes what is buffered, which nobody needs any more, and which fails on a full disk.
        with contextlib.suppress(OSError):
            self._file.close()

    def _collect(self) -> None:
        for position, data in read_stored(self._positions):
            self._offsets[position] = self._file.tell()
            with storage.explained("write", tempfile.gettempdir()):
                self._file.write(data)
        with storage.explained("write", tempfile.gettempdir()):
            self._file.flush()

    def read(self, position: SpoolPosition) -> bytes:
        """Returns the bytes of the song at one of the positions."""
        self._file.seek(self._offsets[position])
        return self._file.read(position.size)
