"""Lists, reads and writes files by path, on this machine or in Google Cloud Storage (gs://).

A file appears under its name only when it is complete: locally through a temporary file beside it and a rename, in a
bucket because an object does not exist before its upload ends. Bulk reading is left to Beam's and TensorFlow's own
file systems; other schemes (s3:// ...) are added with `register`. The files of a packed model are read in place (see
`nabi.workspace.storage.packs`).
"""

import contextlib
import fnmatch
import pathlib
import re
import uuid
from collections.abc import Iterator
from typing import IO

from nabi.workspace.storage import pack_files
from nabi.workspace.storage.file_system import ChangedError as ChangedError
from nabi.workspace.storage.file_system import FileInfo as FileInfo
from nabi.workspace.storage.file_system import FileSystem as FileSystem
from nabi.workspace.storage.file_system import FullDiskError as FullDiskError
from nabi.workspace.storage.file_system import StorageError as StorageError
from nabi.workspace.storage.file_system import is_full as is_full
from nabi.workspace.storage.gcs import CloudFiles
from nabi.workspace.storage.local import PARTIAL, LocalFiles

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://")
# `gs:` or `gs:/bucket` would be a folder on this machine.
_NO_BUCKET = re.compile(r"(gs|s3|az):(?!//[^/])")
_WILDCARD = re.compile(r"[*?\[]")

_FILE_SYSTEMS: dict[str, FileSystem] = {"": LocalFiles(), "gs": CloudFiles()}


def register(scheme: str, file_system: FileSystem) -> None:
    """Registers the file system of another scheme, such as `s3`, in this process."""
    _FILE_SYSTEMS[scheme] = file_system


def scheme_of(path: str) -> str:
    """Returns the scheme of a path; "" for a local one.

    >>> scheme_of("gs://bucket/music"), scheme_of("music/a.mid")
    ('gs', '')
    """
    match = _SCHEME.match(path)
    return match.group(1) if match else ""


def folder(path: str) -> str:
    """Returns a directory's path as given, without slashes at its end.

    >>> folder("runs/mine/"), folder("/")
    ('runs/mine', '/')

    Raises:
      ValueError: if it has no name, or no bucket.
    """
    if not path.strip():
        raise ValueError("a directory must have a name, and not be empty ('.' is the one you are in)")
    if scheme := _NO_BUCKET.match(path):
        raise ValueError(_names_no_bucket(path, scheme[1]))
    return path.rstrip("/") or "/"


def join(folder: str, *names: str) -> str:
    """Joins a folder and names with `/`.

    >>> join("gs://bucket/runs/", "r1", "model")
    'gs://bucket/runs/r1/model'
    """
    return "/".join([folder.rstrip("/") or "/", *names]).replace("//", "/", 1 if folder == "/" else 0)


def read_bytes(path: str) -> bytes:
    """Reads a file's content; raises StorageError naming the path."""
    with explained("read", path):
        return _file_system(path).read_bytes(path)


def read_text(path: str) -> str:
    """Reads a UTF-8 file's content; raises StorageError naming the path."""
    try:
        return read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise StorageError(f"cannot read {path}: it is no UTF-8 text ({error.reason} at byte {error.start})") from error


def open_read(path: str) -> IO[bytes]:
    """Opens a seekable reader; raises StorageError naming the path."""
    with explained("read", path):
        return _file_system(path).read(path)


@contextlib.contextmanager
def open_write(path: str) -> Iterator[IO[bytes]]:
    """Opens a writer; the file appears, complete, when the context ends without an exception."""
    with explained("write", path), _file_system(path).write(path) as file:
        yield file


def write_bytes(path: str, data: bytes) -> None:
    """Writes a file, complete or not at all."""
    with open_write(path) as file:
        file.write(data)


def write_if_unchanged(path: str, data: bytes, seen: bytes | None) -> None:
    """Writes a file unless its content has changed: of several writers that read the same content, one succeeds.

    A kill at any instruction leaves the old or the new content, complete, and no lock.

    Args:
      path: the file, local or gs://.
      data: the new content.
      seen: the content that the writer has read, of `read_bytes`; None: there was no file.

    Raises:
      ChangedError: if the content has changed since; nothing is written.
      StorageError: if it cannot be written.
    """
    with explained("write", path):
        _file_system(path).replace(path, seen, data)


def write_text(path: str, text: str) -> None:
    """Writes a UTF-8 file, complete or not at all."""
    write_bytes(path, text.encode())


def exists(path: str) -> bool:
    """Returns true if a path is a file, or a folder with a file below it."""
    with explained("list", path):
        return next(iter(_file_system(path).walk(path)), None) is not None


def delete(path: str) -> None:
    """Deletes a file, or a folder and all in it; a missing path is no error."""
    with explained("delete", path):
        _file_system(path).delete(path)


def match(pattern: str) -> Iterator[FileInfo]:
    """Yields the files of a path, of a folder (recursively) or of a glob (`**` crosses folders), sorted by path."""
    wildcard = _WILDCARD.search(pattern)
    with explained("list", pattern):
        if wildcard is None or (not scheme_of(pattern) and pathlib.Path(pattern).exists()):
            yield from _file_system(pattern).walk(pattern.rstrip("/") or "/")
            return
        folder = pattern[: wildcard.start()].rpartition("/")[0] or ("/" if pattern.startswith("/") else ".")
        matches = re.compile(_glob_pattern(pattern if folder != "." else f"./{pattern.removeprefix('./')}")).fullmatch
        yield from (info for info in _file_system(pattern).walk(folder) if matches(info.path))


def sweep(folder: str) -> None:
    """Deletes the partial files that killed writers left below a folder."""
    for info in match(folder):
        if info.path.rpartition("/")[2].startswith(".") and info.path.endswith(PARTIAL):
            delete(info.path)


def check_writable(folder: str) -> None:
    """Raises StorageError if nothing can be written below a folder."""
    # Named as a partial file, so that `sweep` deletes it after a kill.
    probe = join(folder, f".nabi-{uuid.uuid4().hex}{PARTIAL}")
    write_bytes(probe, b"")
    delete(probe)


@contextlib.contextmanager
def explained(verb: str, path: str) -> Iterator[None]:
    """Turns a file system's errors into a StorageError or FullDiskError of one sentence that names the path.

    Args:
      verb: the operation, such as `read`.
      path: the path.
    """
    try:
        yield
    except (StorageError, FullDiskError):
        raise
    except FileNotFoundError as error:
        raise StorageError(f"cannot {verb} {path}: there is no such file") from error
    except OSError as error:
        kind = FullDiskError if is_full(error) else StorageError
        raise kind(f"cannot {verb} {path}: {error.strerror or error}") from error


def _file_system(path: str) -> FileSystem:
    if incomplete := _NO_BUCKET.match(path):
        raise StorageError(f"cannot open it: {_names_no_bucket(path, incomplete[1])}")
    scheme = scheme_of(path)
    if scheme not in _FILE_SYSTEMS:
        known = ", ".join(f"{name}://" for name in sorted(_FILE_SYSTEMS) if name)
        raise StorageError(f"cannot open {path}: {scheme}:// is not known here; use a local path or {known}")
    file_system = _FILE_SYSTEMS[scheme]
    return pack_files.PackFiles(file_system) if pack_files.within(path) else file_system


def _names_no_bucket(path: str, scheme: str) -> str:
    if scheme == "az":
        return f"{path} names no account: write az://ACCOUNT/CONTAINER/FOLDER"
    return f"{path} names no bucket: write {scheme}://BUCKET/FOLDER"


def _glob_pattern(pattern: str) -> str:
    """Translates a glob into a regular expression; `*` stays within a folder and `**` does not."""
    parts = [fnmatch.translate(part)[4:-3].replace(".*", "[^/]*") for part in pattern.split("**")]
    return "(?s:" + ".*".join(parts) + ")"
