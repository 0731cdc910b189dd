"""Google Cloud Storage (gs://), through google-cloud-storage and the credentials of the environment.

What fails for want of a connection, or by the service's own fault, is tried again with growing pauses.
"""

import contextlib
import functools
import io
import os
import tempfile
import uuid
from collections.abc import Iterator
from typing import IO, Any

from nabi.workspace.storage.file_system import ChangedError, FileInfo, StorageError
from nabi.workspace.storage.gcs_errors import explained

# A larger upload is collected on disk.
_IN_MEMORY = 1 << 26
# Read at least: a request takes tens of milliseconds, however little it asks for.
_READ_AHEAD = 1 << 20
# The service gives whole pages of objects; of each no more than this is needed.
_FIELDS = "items(name,size,generation),nextPageToken"
# Tells a writer its own object from that of another.
_TOKEN = "nabi-write"
_FIRST_PAUSE, _LONGEST_PAUSE, _DEADLINE = 0.5, 30.0, 300.0


class CloudFiles:
    """A `nabi.workspace.storage.file_system.FileSystem` over one client, which is made when it is first needed."""

    def walk(self, prefix: str) -> Iterator[FileInfo]:
        """Every object whose name is the path or lies below it, sorted; pages are fetched as they are needed."""
        bucket, name = _bucket_and_name(prefix)
        below = f"{name}/" if name else ""
        with explained("list", prefix):
            # "0" follows "/": what follows the folder is not listed.
            for blob in self._list(bucket, name, f"{name}0" if name else None):
                if blob.name != name and not blob.name.startswith(below):
                    # Before the folder may come any number of its namesakes, such as `data-old/...` before `data/...`.
                    yield from _infos(bucket, self._list(bucket, below, None))
                    return
                yield from _infos(bucket, [blob])

    def read(self, path: str) -> IO[bytes]:
        """Opens an object for ranged reads, all of the generation that it has now."""
        with explained("read", path):
            blob = self._blob(path)
            blob.reload(retry=self._retry)
            return io.BufferedReader(_Ranges(blob, path, self._retry), _READ_AHEAD)

    def read_bytes(self, path: str) -> bytes:
        """An object's whole content, in one request, its checksum compared."""
        with explained("read", path):
            data: bytes = self._blob(path).download_as_bytes(retry=self._retry, checksum="crc32c")
            return data

    @contextlib.contextmanager
    def write(self, path: str) -> Iterator[IO[bytes]]:
        """Collects in a temporary file and uploads it at the end, so that a failure leaves no object.

        The last writer wins, so an upload may be repeated whose answer was lost.
        """
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            yield file
            size = file.tell()
            file.seek(0)
            with explained("write", path):
                self._blob(path).upload_from_file(file, size=size, retry=self._retry, checksum="crc32c")

    def replace(self, path: str, seen: bytes | None, data: bytes) -> None:
        """Uploads on condition that the object is still of the generation whose content was compared."""
        with explained("write", path):
            generation = 0 if seen is None else self._generation(path, seen)
            blob = self._blob(path)
            blob.metadata = {_TOKEN: uuid.uuid4().hex}
            try:
                blob.upload_from_string(data, if_generation_match=generation, retry=self._retry, checksum="crc32c")
            except Exception as error:
                if type(error).__name__ != "PreconditionFailed":
                    raise
                # The answer to an upload may be lost; repeated, it finds its own object in the way.
                if self._token(path) != blob.metadata[_TOKEN]:
                    raise ChangedError.of(path) from error

    def delete(self, path: str) -> None:
        """Deletes an object, or all below a prefix."""
        for info in self.walk(path):
            # It is gone as wanted, also where an earlier try of this request deleted it.
            with contextlib.suppress(FileNotFoundError), explained("delete", info.path):
                self._blob(info.path).delete(retry=self._retry)

    def _list(self, bucket: str, prefix: str, end: str | None) -> Iterator[Any]:
        listed: Iterator[Any] = iter(
            self._client.list_blobs(bucket, prefix=prefix, end_offset=end, fields=_FIELDS, retry=self._retry)
        )
        return listed

    def _generation(self, path: str, seen: bytes) -> int:
        """The object's, if that is its content; raises ChangedError if it is not."""
        try:
            blob = self._blob(path)
            blob.reload(retry=self._retry)
            generation = int(blob.generation)
            if blob.download_as_bytes(retry=self._retry) == seen:
                return generation
        except Exception as error:
            if type(error).__name__ != "NotFound":
                raise
        raise ChangedError.of(path)

    def _token(self, path: str) -> str | None:
        blob = self._client.bucket(_bucket_and_name(path)[0]).get_blob(_bucket_and_name(path)[1], retry=self._retry)
        token: str | None = (blob.metadata or {}).get(_TOKEN) if blob else None
        return token

    @functools.cached_property
    def _client(self) -> Any:
        # Where there are no credentials, Google's library asks three times whether this is a Google machine.
        os.environ.setdefault("GCE_METADATA_DETECT_RETRIES", "1")
        # Slow to import, and not needed where every path is local.
        from google.cloud import storage

        return storage.Client()

    @functools.cached_property
    def _retry(self) -> Any:
        from google.cloud.storage.retry import DEFAULT_RETRY

        return DEFAULT_RETRY.with_delay(_FIRST_PAUSE, _LONGEST_PAUSE).with_timeout(_DEADLINE)

    def _blob(self, path: str) -> Any:
        bucket, name = _bucket_and_name(path)
        if not name:
            raise IsADirectoryError("it is a bucket, and no object in it")
        return self._client.bucket(bucket).blob(name)


class _Ranges(io.RawIOBase):
    """An object, read by ranges."""

    def __init__(self, blob: Any, path: str, retry: Any) -> None:
        # A download forgets the generation that it was of.
        self._of_generation = functools.partial(blob.bucket.blob, blob.name, generation=int(blob.generation))
        self._path, self._retry = path, retry
        self._size, self._position = int(blob.size), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        data = self._range(self._position, min(self._position + len(buffer), self._size))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def readall(self) -> bytes:
        data = self._range(self._position, self._size)
        self._position += len(data)
        return data

    def _range(self, begin: int, end: int) -> bytes:
        if begin >= end:
            return b""
        try:
            with explained("read", self._path):
                blob = self._of_generation()
                data: bytes = blob.download_as_bytes(start=begin, end=end - 1, retry=self._retry, checksum=None)
                return data
        except FileNotFoundError as error:
            raise StorageError(
                f"cannot read {self._path}: it was changed or deleted while it was read: start again"
            ) from error


def _infos(bucket: str, blobs: Any) -> Iterator[FileInfo]:
    """All but the empty objects that stand for folders."""
    for blob in blobs:
        if not blob.name.endswith("/"):
            yield FileInfo(f"gs://{bucket}/{blob.name}", int(blob.size), str(blob.generation))


def _bucket_and_name(path: str) -> tuple[str, str]:
    bucket, _, name = path.removeprefix("gs://").partition("/")
    return bucket, name.rstrip("/")
