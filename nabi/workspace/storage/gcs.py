"""Google Cloud Storage (gs://), through google-cloud-storage and the credentials of the environment.

Requests that fail for lack of a connection, or by a fault of the service, are retried with growing pauses.
"""

import contextlib
import functools
import os
import tempfile
import uuid
from collections.abc import Iterator
from typing import IO, Any

from nabi.workspace.storage.file_system import ChangedError, FileInfo, StorageError
from nabi.workspace.storage.gcs_errors import explained
from nabi.workspace.storage.ranges import Ranges

# Larger uploads are collected on disk.
_IN_MEMORY = 1 << 26
# Fields of a listing: the service gives whole pages of objects, with all fields by default.
_FIELDS = "items(name,size,generation),nextPageToken"
# Metadata key by which a writer knows its own object.
_TOKEN = "nabi-write"
_FIRST_PAUSE, _LONGEST_PAUSE, _DEADLINE = 0.5, 30.0, 300.0


class CloudFiles:
    """A `nabi.workspace.storage.file_system.FileSystem` over one client, which is made when it is first needed."""

    def walk(self, prefix: str) -> Iterator[FileInfo]:
        """Yields every object at or below a path, sorted; pages are fetched as they are needed."""
        bucket, name = _bucket_and_name(prefix)
        below = f"{name}/" if name else ""
        with explained("list", prefix):
            # "0" is the character after "/": the listing ends after the folder.
            for blob in self._list(bucket, name, f"{name}0" if name else None):
                if blob.name != name and not blob.name.startswith(below):
                    # Any number of similar names may come before the folder, such as `data-old/...` before `data/...`.
                    yield from _infos(bucket, self._list(bucket, below, None))
                    return
                yield from _infos(bucket, [blob])

    def read(self, path: str) -> IO[bytes]:
        """Opens an object for reads by range, all of its present generation."""
        with explained("read", path):
            blob = self._blob(path)
            blob.reload(retry=self._retry)
            return Ranges.buffered(functools.partial(_fetch, blob, path, self._retry), int(blob.size))

    def read_bytes(self, path: str) -> bytes:
        """Reads an object's whole content in one request and compares its checksum."""
        with explained("read", path):
            data: bytes = self._blob(path).download_as_bytes(retry=self._retry, checksum="crc32c")
            return data

    @contextlib.contextmanager
    def write(self, path: str) -> Iterator[IO[bytes]]:
        """Collects data in a temporary file and uploads it at the end, so that a failure leaves no object.

        The last writer wins, so that an upload whose answer was lost may be repeated.
        """
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            yield file
            size = file.tell()
            file.seek(0)
            with explained("write", path):
                self._blob(path).upload_from_file(file, size=size, retry=self._retry, checksum="crc32c")

    def replace(self, path: str, seen: bytes | None, data: bytes) -> None:
        """Uploads on the condition that the object still has the generation whose content was compared."""
        with explained("write", path):
            generation = 0 if seen is None else self._generation(path, seen)
            blob = self._blob(path)
            blob.metadata = {_TOKEN: uuid.uuid4().hex}
            try:
                blob.upload_from_string(data, if_generation_match=generation, retry=self._retry, checksum="crc32c")
            except Exception as error:
                if type(error).__name__ != "PreconditionFailed":
                    raise
                # If the answer to an upload was lost, its repetition fails because of its own object.
                if self._token(path) != blob.metadata[_TOKEN]:
                    raise ChangedError.of(path) from error

    def delete(self, path: str) -> None:
        """Deletes an object, or all objects below a prefix."""
        for info in self.walk(path):
            # An earlier try of this request may have deleted it.
            with contextlib.suppress(FileNotFoundError), explained("delete", info.path):
                self._blob(info.path).delete(retry=self._retry)

    def _list(self, bucket: str, prefix: str, end: str | None) -> Iterator[Any]:
        listed: Iterator[Any] = iter(
            self._client.list_blobs(bucket, prefix=prefix, end_offset=end, fields=_FIELDS, retry=self._retry)
        )
        return listed

    def _generation(self, path: str, seen: bytes) -> int:
        """Returns the object's generation if its content is `seen`; raises ChangedError if it is not."""
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
        # Without credentials Google's library asks three times whether this is a Google machine.
        os.environ.setdefault("GCE_METADATA_DETECT_RETRIES", "1")
        # From version 3 on it asks for the bucket itself, in a thread, for traces that nobody records.
        os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
        # Slow to import, and not needed for local paths.
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


def _fetch(blob: Any, path: str, retry: Any, begin: int, end: int) -> bytes:
    """Fetches the bytes begin..end - 1 of an object's generation."""
    try:
        with explained("read", path):
            # A blob forgets its generation after a download, so that each range needs a new one.
            pinned = blob.bucket.blob(blob.name, generation=int(blob.generation))
            data: bytes = pinned.download_as_bytes(start=begin, end=end - 1, retry=retry, checksum=None)
            return data
    except FileNotFoundError as error:
        raise StorageError(f"cannot read {path}: it was changed or deleted while it was read: start again") from error


def _infos(bucket: str, blobs: Any) -> Iterator[FileInfo]:
    """Yields all objects but the empty ones that stand for folders."""
    for blob in blobs:
        if not blob.name.endswith("/"):
            yield FileInfo(f"gs://{bucket}/{blob.name}", int(blob.size), str(blob.generation))


def _bucket_and_name(path: str) -> tuple[str, str]:
    bucket, _, name = path.removeprefix("gs://").partition("/")
    return bucket, name.rstrip("/")
