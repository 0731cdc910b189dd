"""Parsed songs on their way: a worker writes them to a spool file, and only where they lie crosses a shuffle.

Beam's local runner holds every shuffled element in memory at over five times its size; a position is a few bytes.
"""

import contextlib
import dataclasses
import uuid
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


class SpoolReader:
    """Reads songs by position, each spool file opened once; use as a context."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> "SpoolReader":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def read(self, position: Position) -> Song:
        """The song at a position."""
        if position.path not in self._files:
            self._files[position.path] = self._stack.enter_context(storage.open_read(position.path))
        file = self._files[position.path]
        file.seek(position.offset)
        return Song.from_bytes(file.read(position.size))
