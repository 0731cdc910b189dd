"""A seekable reader of a file of which parts are fetched by range, as objects in buckets are."""

import io
from collections.abc import Callable
from typing import Any

# Bytes fetched at least: a request takes tens of milliseconds, however small it is.
_READ_AHEAD = 1 << 20


class Ranges(io.RawIOBase):
    """A seekable reader that fetches what is read, and nothing else."""

    def __init__(self, fetch: Callable[[int, int], bytes], size: int) -> None:
        """Opens the reader at the file's start.

        Args:
          fetch: returns the bytes begin..end - 1 of the file, 0 <= begin < end <= size.
          size: of the file in bytes.
        """
        self._fetch, self._size, self._position = fetch, size, 0

    @classmethod
    def buffered(cls, fetch: Callable[[int, int], bytes], size: int) -> io.BufferedReader:
        """Opens a reader that fetches a megabyte at least; the arguments are those of `Ranges`."""
        return io.BufferedReader(cls(fetch, size), _READ_AHEAD)

    def readable(self) -> bool:
        """Returns true."""
        return True

    def seekable(self) -> bool:
        """Returns true."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to a position and returns it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Reads into a buffer and returns the number of bytes; 0 at the end."""
        data = self._read_to(self._position + len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        """Reads the rest of the file in one request."""
        return self._read_to(self._size)

    def _read_to(self, end: int) -> bytes:
        begin, end = self._position, min(end, self._size)
        data = self._fetch(begin, end) if begin < end else b""
        self._position += len(data)
        return data
