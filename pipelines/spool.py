"""Parsed songs on their way: a worker writes them to a spool file, and only where they lie crosses a shuffle.

Beam's local runner holds every shuffled element in memory at over five times its size; a position is a few bytes.
"""

import contextlib
import dataclasses
import uuid
from collections.abc import Iterable, Iterator
from typing import IO

from songs import storage
from songs.song import Song


@dataclasses.dataclass(frozen=True, slots=True)
class Position:
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

    def write(self, song: Song) -> Position:
        """Appends a song."""
        data = song.to_bytes()
        self._file.write(data)
        position = Position(self._path, self._offset, len(data))
        self._offset += len(data)
        return position

    def close(self) -> None:
        """Publishes the file."""
        self._stack.close()


def read(position: Position) -> Song:
    """The song at a position. A shard's songs lie in as many spool files as there are: none is held open."""
    return Song.from_bytes(storage.read_range(position.path, position.offset, position.size))


def read_together(positions: Iterable[Position]) -> Iterator[Song]:
    """The songs at positions of one spool file, in its order: it is read once, from the beginning to the end."""
    in_order = sorted(positions, key=lambda position: position.offset)
    if in_order:
        with storage.open_read(in_order[0].path) as file:
            for position in in_order:
                file.seek(position.offset)
                yield Song.from_bytes(file.read(position.size))
