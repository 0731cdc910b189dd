"""Files by path, on this machine or in Google Cloud Storage (gs://): list, read, write, publish whole.

What is written appears under its name only when it is complete: locally through a temporary neighbour and a rename,
in a bucket because an object does not exist before its upload ends. Bulk reading stays with Beam's and TensorFlow's
own file systems; other schemes (s3:// ...) are added by those who can open them, with `register`.
"""

import contextlib
import dataclasses
import fnmatch
import os
import pathlib
import re
import shutil
import stat
import tempfile
import uuid
from collections.abc import Iterator
from typing import IO, Any, Protocol

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://")
_PARTIAL = ".partial"
_WILDCARD = re.compile(r"[*?\[]")


class StorageError(OSError):
    """A path that cannot be listed, read or written, in one sentence."""


@dataclasses.dataclass(frozen=True)
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

    def write(self, path: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """A writer whose file appears when the context ends without an exception."""

    def delete(self, path: str) -> None:
        """Deletes a file, or a folder and all in it; nothing there is no error."""


class LocalFiles:
    """This machine's files."""

    def walk(self, prefix: str) -> Iterator[FileInfo]:
        """Every file at or below a path, sorted by path; links to folders are not followed."""
        if pathlib.Path(prefix).is_file():
            yield _local_info(prefix)
        for folder, subfolders, files in os.walk(prefix):
            subfolders.sort()
            for name in sorted(files):
                # Another process may have deleted or renamed it since it was listed.
                with contextlib.suppress(FileNotFoundError):
                    yield _local_info(os.path.join(folder, name))  # noqa: PTH118

    def read(self, path: str) -> IO[bytes]:
        """Opens for reading; refuses pipes and devices, which may have no end or give nothing for ever."""
        mode = pathlib.Path(path).stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise OSError("it is no plain file")
        return pathlib.Path(path).open("rb")

    @contextlib.contextmanager
    def write(self, path: str) -> Iterator[IO[bytes]]:
        """Writes a hidden neighbour and renames it."""
        target = pathlib.Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}{_PARTIAL}")
        try:
            with partial.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def delete(self, path: str) -> None:
        """Deletes a file or a folder."""
        if pathlib.Path(path).is_dir():
            shutil.rmtree(path)
        else:
            pathlib.Path(path).unlink(missing_ok=True)


class CloudFiles:
    """Google Cloud Storage, through google-cloud-storage and the credentials of the environment."""

    def __init__(self) -> None:
        self._client: Any = None

    def walk(self, prefix: str) -> Iterator[FileInfo]:
        """Every object whose name is the path or lies below it; pages are fetched as they are needed."""
        bucket, name = _bucket_and_name(prefix)
        for blob in self._connect().list_blobs(bucket, prefix=name):
            if not blob.name.endswith("/") and (blob.name == name or not name or blob.name.startswith(f"{name}/")):
                yield FileInfo(f"gs://{bucket}/{blob.name}", int(blob.size), str(blob.generation))

    def read(self, path: str) -> IO[bytes]:
        """Opens an object for ranged reads."""
        blob = self._blob(path)
        if not blob.exists():
            raise FileNotFoundError(path)
        reader: IO[bytes] = blob.open("rb")
        return reader

    @contextlib.contextmanager
    def write(self, path: str) -> Iterator[IO[bytes]]:
        """Collects in a temporary file and uploads it at the end, so that a failure leaves no object."""
        with tempfile.SpooledTemporaryFile(max_size=1 << 26) as file:
            yield file
            file.seek(0)
            self._blob(path).upload_from_file(file)

    def delete(self, path: str) -> None:
        """Deletes an object, or all below a prefix."""
        bucket = self._connect().bucket(_bucket_and_name(path)[0])
        for info in self.walk(path):
            bucket.blob(_bucket_and_name(info.path)[1]).delete()

    def _connect(self) -> Any:
        if self._client is None:
            # Slow to import, and not needed where every path is local.
            from google.cloud import storage

            self._client = storage.Client()
        return self._client

    def _blob(self, path: str) -> Any:
        bucket, name = _bucket_and_name(path)
        return self._connect().bucket(bucket).blob(name)


_FILE_SYSTEMS: dict[str, FileSystem] = {"": LocalFiles(), "gs": CloudFiles()}


def register(scheme: str, file_system: FileSystem) -> None:
    """Teaches this process another scheme, such as `s3`."""
    _FILE_SYSTEMS[scheme] = file_system


def scheme_of(path: str) -> str:
    """The scheme of a path, "" for a local one."""
    match = _SCHEME.match(path)
    return match.group(1) if match else ""


def folder(path: str) -> str:
    """A directory as a user named it, without slashes at its end.

    Raises:
      ValueError: if it has no name.
    """
    if not path.strip():
        raise ValueError("a directory must have a name, and not be empty ('.' is the one you are in)")
    return path.rstrip("/") or "/"


def join(folder: str, *names: str) -> str:
    """A path below a folder; names use `/`."""
    return "/".join([folder.rstrip("/") or "/", *names]).replace("//", "/", 1 if folder == "/" else 0)


def read_bytes(path: str) -> bytes:
    """A file's content; raises StorageError naming the path."""
    with open_read(path) as file:
        return file.read()


def read_text(path: str) -> str:
    """A UTF-8 file's content; raises StorageError naming the path."""
    try:
        return read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise StorageError(f"cannot read {path}: it is no UTF-8 text ({error.reason} at byte {error.start})") from error


def open_read(path: str) -> IO[bytes]:
    """A seekable reader; raises StorageError naming the path."""
    with _explained("read", path):
        return _file_system(path).read(path)


@contextlib.contextmanager
def open_write(path: str) -> Iterator[IO[bytes]]:
    """A writer whose file appears, whole, when the context ends without an exception."""
    with _explained("write", path), _file_system(path).write(path) as file:
        yield file


def write_bytes(path: str, data: bytes) -> None:
    """Publishes a file."""
    with open_write(path) as file:
        file.write(data)


def write_text(path: str, text: str) -> None:
    """Publishes a UTF-8 file."""
    write_bytes(path, text.encode())


def exists(path: str) -> bool:
    """Whether a file, or anything below a folder, is there."""
    with _explained("list", path):
        return next(iter(_file_system(path).walk(path)), None) is not None


def delete(path: str) -> None:
    """Deletes a file, or a folder and all in it; nothing there is no error."""
    with _explained("delete", path):
        _file_system(path).delete(path)


def match(pattern: str) -> Iterator[FileInfo]:
    """The files of a path, of a folder (recursive) or of a glob (`**` crosses folders); empty if none."""
    wildcard = _WILDCARD.search(pattern)
    with _explained("list", pattern):
        if wildcard is None or (not scheme_of(pattern) and pathlib.Path(pattern).exists()):
            yield from _file_system(pattern).walk(pattern.rstrip("/") or "/")
            return
        folder = pattern[: wildcard.start()].rpartition("/")[0] or ("/" if pattern.startswith("/") else ".")
        matches = re.compile(_glob_pattern(pattern if folder != "." else f"./{pattern.removeprefix('./')}")).fullmatch
        yield from (info for info in _file_system(pattern).walk(folder) if matches(info.path))


def sweep(folder: str) -> None:
    """Deletes what killed writers left half written below a folder."""
    for info in match(folder):
        if info.path.rpartition("/")[2].startswith(".") and info.path.endswith(_PARTIAL):
            delete(info.path)


def check_writable(folder: str) -> None:
    """Raises StorageError if nothing can be written below a folder."""
    # Named as what is half written, so that `sweep` takes what a kill leaves.
    probe = join(folder, f".nabi-{uuid.uuid4().hex}{_PARTIAL}")
    write_bytes(probe, b"")
    delete(probe)


@contextlib.contextmanager
def _explained(verb: str, path: str) -> Iterator[None]:
    """Turns what a file system raises into one sentence that names the path."""
    try:
        yield
    except StorageError:
        raise
    except FileNotFoundError as error:
        raise StorageError(f"cannot {verb} {path}: there is no such file") from error
    except OSError as error:
        raise StorageError(f"cannot {verb} {path}: {error.strerror or error}") from error
    except Exception as error:
        # google-cloud-storage raises classes of several libraries; they share no base but Exception.
        if scheme_of(path) != "gs" or not type(error).__module__.startswith(("google.", "requests.")):
            raise
        raise StorageError(f"cannot {verb} {path}: {error}") from error


def _file_system(path: str) -> FileSystem:
    scheme = scheme_of(path)
    if scheme not in _FILE_SYSTEMS:
        known = ", ".join(f"{name}://" for name in sorted(_FILE_SYSTEMS) if name)
        raise StorageError(f"cannot open {path}: {scheme}:// is not known here; use a local path or {known}")
    return _FILE_SYSTEMS[scheme]


def _local_info(path: str) -> FileInfo:
    # A broken link is listed as itself, so that reading it gives a ledger row.
    status = pathlib.Path(path).stat(follow_symlinks=pathlib.Path(path).exists())
    return FileInfo(path, status.st_size, str(status.st_mtime_ns))


def _bucket_and_name(path: str) -> tuple[str, str]:
    bucket, _, name = path.removeprefix("gs://").partition("/")
    if not bucket:
        raise StorageError(f"cannot open {path}: it names no bucket")
    return bucket, name.rstrip("/")


def _glob_pattern(pattern: str) -> str:
    """A regular expression in which `*` stays in a folder and `**` does not."""
    parts = [fnmatch.translate(part)[4:-3].replace(".*", "[^/]*") for part in pattern.split("**")]
    return "(?s:" + ".*".join(parts) + ")"
