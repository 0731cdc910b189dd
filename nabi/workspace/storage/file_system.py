"""What every file system offers to `nabi.workspace.storage`, and how it fails."""

import contextlib
import dataclasses
import errno
from collections.abc import Iterator
from typing import IO, Protocol


class StorageError(OSError):
    """A path that cannot be listed, read or written, in one sentence."""


class FullDiskError(OSError):
    """A path that cannot be written because no space is left, in one sentence: no StorageError, whose path is wrong."""


def is_full(error: OSError) -> bool:
    """Whether an error says that no space, of a disk, a quota or a file's size limit, is left."""
    return isinstance(error, FullDiskError) or error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class ChangedError(StorageError):
    """A file that is not what it was when it was looked at: somebody else has written it meanwhile."""

    @classmethod
    def of(cls, path: str) -> "ChangedError":
        """The sentence about a path."""
        return cls(f"cannot write {path}: somebody else has written it since it was read: look again")


@dataclasses.dataclass(frozen=True, slots=True)
class FileInfo:
    """A file: its path, its size in bytes, and a mark that changes when its content does."""

    path: str
    size: int
    mark: str


class FileSystem(Protocol):
    """What a scheme must offer. Paths are whole, scheme included."""

    def walk(self, prefix: str) -> Iterator[FileInfo]:
        """Every file at or below a path, sorted by path."""

    def read(self, path: str) -> IO[bytes]:
        """A seekable reader; raises FileNotFoundError."""

    def read_bytes(self, path: str) -> bytes:
        """A file's whole content; raises FileNotFoundError."""

    def write(self, path: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """A writer whose file appears when the context ends without an exception."""

    def replace(self, path: str, seen: bytes | None, data: bytes) -> None:
        """Writes a file if its content is still `seen` (None: if it is not there); raises ChangedError."""

    def delete(self, path: str) -> None:
        """Deletes a file, or a folder and all in it; nothing there is no error."""
