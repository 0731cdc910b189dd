"""Opens s3://, az:// and hdfs:// through tensorflow-io, http:// through fsspec, or where one is missing the other."""

import contextlib
import importlib.util
import io
import os
from collections.abc import Iterator
from typing import IO, Any

from nabi.workspace import job_exit, storage
from nabi.workspace.storage import fsspec_files
from nabi.workspace.storage.file_system import NO_CONDITIONAL_WRITES

# Schemes of tensorflow-io; local paths and gs:// do not need it.
_WEB = ("http", "https")
SCHEMES = ("s3", "az", "hdfs", "viewfs", *_WEB)


def open_schemes(*paths: str) -> None:
    """Registers the schemes of these paths with `nabi.workspace.storage`, if they are not built in.

    They are opened through tensorflow-io where that loads, so that TensorFlow knows them too, and else through fsspec;
    http:// and https:// through fsspec first, since tensorflow-io fails on servers that send no ranges.

    Raises:
      ValueError: if a scheme cannot be opened here, with what to install.
    """
    schemes = sorted({storage.scheme_of(path) for path in paths} & set(SCHEMES))
    if not schemes:
        return
    known = _schemes_of_tensorflow()
    for scheme in schemes:
        if scheme in _WEB and fsspec_files.is_installed(scheme):
            storage.register(scheme, fsspec_files.WebFiles())
        elif scheme in known:
            _register_tensorflow(scheme)
        elif fsspec_files.is_installed(scheme):
            storage.register(scheme, fsspec_files.FsspecFiles())
        else:
            raise ValueError(
                f"{scheme}:// cannot be opened here: {_advice(scheme)}, or copy the files to a local folder"
            )


def known_to_tensorflow(path: str) -> bool:
    """Returns true if TensorFlow itself, which this imports, reads and writes paths of this scheme."""
    import tensorflow as tf

    return storage.scheme_of(path) in tf.io.gfile.get_registered_schemes()


def _advice(scheme: str) -> str:
    """Returns what to install for a scheme."""
    tensorflow_io = "tensorflow-io 0.37.1 with tensorflow 2.16 or 2.17"
    if scheme in ("hdfs", "viewfs"):
        return f"install {tensorflow_io} (Python 3.11 or 3.12)"
    return f"install fsspec with s3fs and adlfs (pip install 'nabi[remote]'), or {tensorflow_io}"


def _schemes_of_tensorflow() -> set[str]:
    """Returns the schemes that TensorFlow knows with tensorflow-io; none without these packages."""
    if not importlib.util.find_spec("tensorflow_io"):
        return set()
    # Silences TensorFlow's start-up log.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        # Takes seconds to import, and is needed for these schemes only.
        import tensorflow as tf
        import tensorflow_io  # noqa: F401 - its import registers the schemes
    except ImportError:
        return set()
    # The import succeeds even if its plug-ins do not load: only the list of schemes tells.
    return set(tf.io.gfile.get_registered_schemes())


def _register_tensorflow(scheme: str) -> None:
    import tensorflow as tf

    storage.register(scheme, TensorFlowFiles(tf.io.gfile, tf.errors))
    if scheme == "s3":
        # A shutdown of the interpreter would abort (134, "pure virtual method called"): it unloads tensorflow-io's S3
        # client while a thread of that is running, which cannot be stopped before.
        job_exit.leave_at_once()


class TensorFlowFiles:
    """A `nabi.workspace.storage.FileSystem` over tf.io.gfile."""

    def __init__(self, gfile: Any, errors: Any) -> None:
        self._gfile = gfile
        self._errors = errors

    def walk(self, prefix: str) -> Iterator[storage.FileInfo]:
        """Yields every file at or below a path, sorted by path; the path itself if it cannot be listed (http)."""
        with self._as_os_errors(prefix):
            if not self._gfile.exists(prefix):
                return
        try:
            below = [f"{folder.rstrip('/')}/{name}" for folder, _, names in self._gfile.walk(prefix) for name in names]
        except self._errors.OpError:
            below = []
        for path in sorted(below) or [prefix]:
            yield self._info(path)

    def read(self, path: str) -> IO[bytes]:
        """Opens a file by reading it into memory: only small files are read this way."""
        with self._as_os_errors(path):
            if not self._gfile.exists(path):
                raise FileNotFoundError(path)
            with self._gfile.GFile(path, "rb") as file:
                return io.BytesIO(file.read())

    def read_bytes(self, path: str) -> bytes:
        """Reads a file's whole content."""
        with self.read(path) as file:
            return file.read()

    def replace(self, path: str, seen: bytes | None, data: bytes) -> None:
        """Raises OSError: these file systems have no conditional writes."""
        del path, seen, data
        raise OSError(NO_CONDITIONAL_WRITES)

    @contextlib.contextmanager
    def write(self, path: str) -> Iterator[IO[bytes]]:
        """Collects data in memory and writes it at the end, so that a failure leaves no file."""
        content = io.BytesIO()
        yield content
        with self._as_os_errors(path):
            self._gfile.makedirs(path.rpartition("/")[0])
            with self._gfile.GFile(path, "wb") as file:
                file.write(content.getvalue())

    def delete(self, path: str) -> None:
        """Deletes a file, or a folder and all in it."""
        with self._as_os_errors(path):
            if self._gfile.exists(path):
                (self._gfile.rmtree if self._gfile.isdir(path) else self._gfile.remove)(path)

    def _info(self, path: str) -> storage.FileInfo:
        try:
            status = self._gfile.stat(path)
        except self._errors.OpError:
            return storage.FileInfo(path, 0, "")
        return storage.FileInfo(path, status.length, str(status.mtime_nsec))

    @contextlib.contextmanager
    def _as_os_errors(self, path: str) -> Iterator[None]:
        """Turns TensorFlow's errors into OSErrors, which `nabi.workspace.storage` explains."""
        try:
            yield
        except self._errors.NotFoundError as error:
            raise FileNotFoundError(path) from error
        except self._errors.OpError as error:
            raise OSError(str(error.message).splitlines()[0]) from error
