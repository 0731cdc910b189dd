"""The file system of this machine."""

import contextlib
import fcntl
import io
import os
import pathlib
import shutil
import stat
import uuid
from collections.abc import Iterator
from typing import IO

from nabi.workspace.storage.file_system import ChangedError, FileInfo

# Extension of a file that is being written.
PARTIAL = ".partial"

# Partial files of this process.
_unfinished: set[pathlib.Path] = set()


class LocalFiles:
    """A `nabi.workspace.storage.file_system.FileSystem` of local files."""

    def walk(self, prefix: str) -> Iterator[FileInfo]:
        """Yields every file at or below a path, sorted by path; links to folders are not followed."""
        if pathlib.Path(prefix).is_file():
            yield _info(prefix)
        for folder, subfolders, files in os.walk(prefix):
            subfolders.sort()
            for name in sorted(files):
                # Another process may have deleted or renamed the file since it was listed.
                with contextlib.suppress(FileNotFoundError):
                    yield _info(os.path.join(folder, name))  # noqa: PTH118

    def read(self, path: str) -> IO[bytes]:
        """Opens a file for reading; refuses pipes and devices, which may have no end or block for ever."""
        mode = pathlib.Path(path).stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise OSError("it is no plain file")
        return pathlib.Path(path).open("rb")

    def read_bytes(self, path: str) -> bytes:
        """Reads a file's whole content."""
        with self.read(path) as file:
            return file.read()

    @contextlib.contextmanager
    def write(self, path: str) -> Iterator[IO[bytes]]:
        """Writes a hidden file beside the path and renames it at the end."""
        target = pathlib.Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}{PARTIAL}")
        _unfinished.add(partial)
        try:
            with partial.open("wb") as file, _dropped_by_errors(file):
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
            _unfinished.discard(partial)

    def replace(self, path: str, seen: bytes | None, data: bytes) -> None:
        """Compares and writes under a lock on the folder."""
        target = pathlib.Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target.parent):
            if (target.read_bytes() if target.exists() else None) != seen:
                raise ChangedError.of(path)
            with self.write(path) as file:
                file.write(data)

    def delete(self, path: str) -> None:
        """Deletes a file or a folder."""
        if pathlib.Path(path).is_dir():
            shutil.rmtree(path)
        else:
            pathlib.Path(path).unlink(missing_ok=True)


def discard_partial() -> None:
    """Deletes the partial files of this process, before it ends."""
    for partial in list(_unfinished):
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


@contextlib.contextmanager
def _dropped_by_errors(file: io.BufferedWriter) -> Iterator[None]:
    """Drops the buffer on an error: writing it while closing would fail too, as on a full disk."""
    try:
        yield
    except BaseException:
        file.raw.close()
        raise


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[None]:
    """Holds a lock on a folder: it needs no file, and the kernel releases it when this process ends in any way."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _info(path: str) -> FileInfo:
    # A broken link is listed as itself, so that reading it gives a ledger row.
    status = pathlib.Path(path).stat(follow_symlinks=pathlib.Path(path).exists())
    return FileInfo(path, status.st_size, str(status.st_mtime_ns))
