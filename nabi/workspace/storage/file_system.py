"""The interface of file systems for `nabi.workspace.storage`, and their errors."""

import contextlib
import dataclasses
import errno
from collections.abc import Iterator
from typing import IO, Protocol

# The reason of `replace` on file systems that cannot write on condition.
NO_CONDITIONAL_WRITES = "only local paths and gs:// can be written on condition that nobody else has: use one of them"


class StorageError(OSError):
    """Raised for a path that cannot be listed, read or written, with one sentence."""


class FullDiskError(OSError):
    """Raised when no space is left, with one sentence; it is no StorageError, since the path is not at fault."""


def is_full(error: OSError) -> bool:
    """Returns true if an error says that a disk, a quota or a file's size limit has no space left."""
    return isinstance(error, FullDiskError) or error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class ChangedError(StorageError):
    """Raised when a file has changed since it was read: another process has written it."""

    @classmethod
    def of(cls, path: str) -> "ChangedError":
        """Makes the error about a path."""
        return cls(f"cannot write {path}: somebody else has written it since it was read: look again")


@dataclasses.dataclass(frozen=True, slots=True)
class FileInfo:
    """A file: its path, its size in bytes, and a mark that changes when its content does."""

    path: str
    size: int
    mark: str


class FileSystem(Protocol):
    """The file system of a scheme; paths include the scheme."""

    def walk(self, prefix: str) -> Iterator[FileInfo]:
        """Yields every file at or below a path, sorted by path."""

    def read(self, path: str) -> IO[bytes]:
        """Opens a seekable reader; raises FileNotFoundError."""

    def read_bytes(self, path: str) -> bytes:
        """Reads a file's whole content; raises FileNotFoundError."""

    def write(self, path: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Opens a writer; the file appears when the context ends without an exception."""

    def replace(self, path: str, seen: bytes | None, data: bytes) -> None:
        """Writes a file if its content is still `seen` (None: if it is missing); raises ChangedError."""

    def delete(self, path: str) -> None:
        """Deletes a file, or a folder and all in it; a missing path is no error."""
