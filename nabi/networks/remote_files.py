"""Opens s3://, az://, hdfs:// and http:// through tensorflow-io, for jobs that have TensorFlow."""

import contextlib
import io
import os
from collections.abc import Iterator
from typing import IO, Any

from nabi.workspace import job_exit, storage

# Schemes of tensorflow-io; local paths and gs:// do not need it.
SCHEMES = ("s3", "az", "hdfs", "viewfs", "http", "https")


def open_schemes(*paths: str) -> None:
    """Registers the schemes of these paths with TensorFlow and `nabi.workspace.storage`, if they are not built in.

    Raises:
      ValueError: if a scheme cannot be opened here, with what to install.
    """
    schemes = sorted({storage.scheme_of(path) for path in paths} & set(SCHEMES))
    if not schemes:
        return
    # Silences TensorFlow's start-up log.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Takes seconds to import, and is needed for these schemes only.
    import tensorflow as tf

    with contextlib.suppress(ImportError):
        import tensorflow_io  # noqa: F401 - its import registers the schemes
    # The import succeeds even if its plug-ins do not load: only the list of schemes tells.
    missing = sorted(set(schemes) - set(tf.io.gfile.get_registered_schemes()))
    if missing:
        raise ValueError(
            f"{', '.join(f'{scheme}://' for scheme in missing)} cannot be opened here: install tensorflow-io 0.37.1 "
            f"with tensorflow 2.16 or 2.17 (here is tensorflow {tf.__version__}), or copy the files to a local folder"
        )
    for scheme in schemes:
        storage.register(scheme, TensorFlowFiles(tf.io.gfile, tf.errors))
    if "s3" in schemes:
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
        raise OSError("only local paths and gs:// can be written on condition that nobody else has: use one of them")

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
