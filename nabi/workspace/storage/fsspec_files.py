"""s3://, az://, http:// and https:// through fsspec's file systems: s3fs, adlfs and its own."""

import contextlib
import functools
import importlib.util
import io
from collections.abc import Iterator
from typing import IO, Any

from nabi.workspace.storage import fsspec_clients
from nabi.workspace.storage.file_system import NO_CONDITIONAL_WRITES, FileInfo, StorageError
from nabi.workspace.storage.fsspec_errors import explained
from nabi.workspace.storage.ranges import Ranges

# Scheme -> packages that open it.
_PACKAGES = {"s3": ("s3fs",), "az": ("adlfs",), "http": ("fsspec", "aiohttp"), "https": ("fsspec", "aiohttp")}
# Keys under which the file systems tell an object's mark.
_MARKS = ("ETag", "etag", "Last-Modified", "last_modified")


def is_installed(scheme: str) -> bool:
    """Returns true if this scheme can be opened here."""
    return scheme in _PACKAGES and all(map(importlib.util.find_spec, _PACKAGES[scheme]))


class FsspecFiles:
    """A `nabi.workspace.storage.file_system.FileSystem` over S3 or Azure Blob Storage.

    fsspec keeps the connections, so that this may be made again and again.
    """

    def walk(self, prefix: str) -> Iterator[FileInfo]:
        """Yields every object at or below a path, sorted; the whole listing is fetched first."""
        client, root, name = _located(prefix)
        with explained("list", prefix):
            found = client.find(name, detail=True)
            # adlfs answers with a name alone where it is that of an object.
            infos = list(found.values()) if isinstance(found, dict) else [client.info(path) for path in found]
        # Empty objects that stand for folders are left out.
        for info in sorted(infos, key=lambda info: str(info["name"])):
            if info["type"] == "file" and not info["name"].endswith("/"):
                yield _info(root + info["name"], info)

    def read(self, path: str) -> IO[bytes]:
        """Opens an object for reads by range; of S3's, all of the version that is the present one."""
        client, _, name = _located(path)
        with explained("read", path):
            # Without a cache of its own, since `Ranges` reads ahead.
            file = client.open(name, "rb", cache_type="none")
        return Ranges.buffered(functools.partial(_fetch, file, path), int(file.size))

    def read_bytes(self, path: str) -> bytes:
        """Reads an object's whole content."""
        client, _, name = _located(path)
        with explained("read", path):
            data: bytes = client.cat_file(name)
            return data

    @contextlib.contextmanager
    def write(self, path: str) -> Iterator[IO[bytes]]:
        """Collects data in memory and uploads it at the end, so that a failure leaves no object."""
        content = io.BytesIO()
        yield content
        client, _, name = _located(path)
        with explained("write", path):
            client.pipe_file(name, content.getvalue())

    def replace(self, path: str, seen: bytes | None, data: bytes) -> None:
        """Raises OSError: servers that speak S3 may ignore the conditions of a write."""
        del path, seen, data
        raise OSError(NO_CONDITIONAL_WRITES)

    def delete(self, path: str) -> None:
        """Deletes an object, or all objects below a prefix."""
        for info in self.walk(path):
            client, _, name = _located(info.path)
            # An earlier try of this request may have deleted it.
            with contextlib.suppress(FileNotFoundError), explained("delete", info.path):
                client.rm_file(name)


class WebFiles:
    """A `nabi.workspace.storage.file_system.FileSystem` over http:// and https://, whose files can only be read."""

    def walk(self, prefix: str) -> Iterator[FileInfo]:
        """Yields a path itself if it can be read: what is below it, servers do not tell."""
        try:
            with explained("list", prefix):
                info = fsspec_clients.web().info(prefix)
        except FileNotFoundError:
            return
        yield _info(prefix, info)

    def read(self, path: str) -> IO[bytes]:
        """Opens a file by reading it into memory, since not every server sends ranges."""
        return io.BytesIO(self.read_bytes(path))

    def read_bytes(self, path: str) -> bytes:
        """Reads a file's whole content."""
        with explained("read", path):
            data: bytes = fsspec_clients.web().cat_file(path)
            return data

    def write(self, path: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Raises OSError."""
        raise OSError(_ONLY_READ)

    def replace(self, path: str, seen: bytes | None, data: bytes) -> None:
        """Raises OSError."""
        raise OSError(_ONLY_READ)

    def delete(self, path: str) -> None:
        """Raises OSError."""
        raise OSError(_ONLY_READ)


_ONLY_READ = "http:// and https:// can only be read"


def _located(path: str) -> tuple[Any, str, str]:
    """Returns the client of a path, what the client's names lack to be paths, and the path's name there."""
    if path.startswith("s3://"):
        root = "s3://"
        return fsspec_clients.s3(), root, path.removeprefix(root).rstrip("/")
    account, _, name = path.removeprefix("az://").rstrip("/").partition("/")
    if not name:
        raise StorageError(f"cannot open {path}: it names no container: write az://ACCOUNT/CONTAINER/FOLDER")
    with explained("open", path):
        return fsspec_clients.azure(account.removesuffix(fsspec_clients.AZURE_HOST)), f"az://{account}/", name


def _info(path: str, info: dict[str, Any]) -> FileInfo:
    mark = next((str(info[key]) for key in _MARKS if info.get(key)), "")
    return FileInfo(path, int(info.get("size") or 0), mark)


def _fetch(file: Any, path: str, begin: int, end: int) -> bytes:
    """Fetches the bytes begin..end - 1 of an open file."""
    try:
        with explained("read", path):
            file.seek(begin)
            data: bytes = file.read(end - begin)
    except FileNotFoundError:
        data = b""
    if len(data) < end - begin:
        raise StorageError(f"cannot read {path}: it was changed or deleted while it was read: start again")
    return data
