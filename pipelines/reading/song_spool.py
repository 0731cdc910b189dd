"""Parsed songs on their way: a worker writes them to a spool file, and only where they lie crosses a shuffle.

Beam's local runner holds every shuffled element in memory at over five times its size; a position is a few bytes.
"""

import contextlib
import dataclasses
import itertools
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from typing import IO

from nabi.music.song import Song
from nabi.workspace import storage

_GAP_BYTES = 1 << 20
_STRETCH_BYTES = 1 << 24
# Songs of a shard; more are kept on disk.
_IN_MEMORY = 1 << 26


@dataclasses.dataclass(frozen=True, slots=True)
class SpoolPosition:
    """Where a song lies: bytes [offset, offset + size) of a spool file."""

    path: str
    offset: int
    size: int


class SpoolWriter:
    """Writes songs to one file, which appears when the writer is closed."""

    def __init__(self, folder: str) -> None:
        self._path = storage.join(folder, f"{uuid.uuid4().hex}.songs")
        self._stack = contextlib.ExitStack()
        self._file: IO[bytes] = self._stack.enter_context(storage.open_write(self._path))
        self._offset = 0

    def write(self, song: Song) -> SpoolPosition:
        """Appends a song."""
        data = song.to_bytes()
        with storage.explained("write", self._path):
            self._file.write(data)
        position = SpoolPosition(self._path, self._offset, len(data))
        self._offset += len(data)
        return position

    def close(self) -> None:
        """Publishes the file."""
        with storage.explained("write", self._path):
            self._stack.close()


def stretches(positions: Iterable[SpoolPosition]) -> Iterator[list[SpoolPosition]]:
    """The positions in the order in which they lie, those together that one request should read.

    In a bucket a request takes as long as a megabyte does: gaps below that are read, larger ones left out.
    """
    together: list[SpoolPosition] = []
    for position in sorted(positions, key=lambda position: (position.path, position.offset)):
        if together and not _belongs(position, together[0], together[-1]):
            yield together
            together = []
        together.append(position)
    if together:
        yield together


def _belongs(position: SpoolPosition, first: SpoolPosition, last: SpoolPosition) -> bool:
    gap = position.offset - (last.offset + last.size)
    total = position.offset + position.size - first.offset
    return position.path == last.path and gap <= _GAP_BYTES and total <= _STRETCH_BYTES


def stored(positions: Iterable[SpoolPosition]) -> Iterator[tuple[SpoolPosition, bytes]]:
    """The songs at these positions, as they are stored, in the order in which they lie; little of them in memory."""
    for _, of_file in itertools.groupby(stretches(positions), key=lambda stretch: stretch[0].path):
        first = next(of_file)
        with storage.open_read(first[0].path) as file:
            for stretch in itertools.chain([first], of_file):
                begin, end = stretch[0].offset, stretch[-1].offset + stretch[-1].size
                file.seek(begin)
                data = file.read(end - begin)
                yield from ((at, data[at.offset - begin : at.offset - begin + at.size]) for at in stretch)


class SpoolReader:
    """Reads songs by position in any order; use as a context.

    They are first collected in a temporary file of this machine, so that a bucket is read in its own order.
    """

    def __init__(self, positions: Iterable[SpoolPosition]) -> None:
        self._positions = positions
        self._offsets: dict[SpoolPosition, int] = {}

    def __enter__(self) -> "SpoolReader":
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)
        try:
            self._collect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        # What is not written yet is not wanted any more, and a full disk does not take it.
        with contextlib.suppress(OSError):
            self._file.close()

    def _collect(self) -> None:
        for position, data in stored(self._positions):
            self._offsets[position] = self._file.tell()
            with storage.explained("write", tempfile.gettempdir()):
                self._file.write(data)
        with storage.explained("write", tempfile.gettempdir()):
            self._file.flush()

    def read(self, position: SpoolPosition) -> Song:
        """The song at one of the positions."""
        self._file.seek(self._offsets[position])
        return Song.from_bytes(self._file.read(position.size))
