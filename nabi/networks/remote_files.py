"""Opens s3://, az://, hdfs:// and http:// for the jobs that have TensorFlow, through tensorflow-io."""

import contextlib
import io
import os
from collections.abc import Iterator
from typing import IO, Any

from nabi.workspace import job_exit, storage

# Schemes that tensorflow-io brings. Local paths and gs:// need nothing of it.
SCHEMES = ("s3", "az", "hdfs", "viewfs", "http", "https")


def open_schemes(*paths: str) -> None:
    """Teaches `nabi.workspace.storage` and TensorFlow the schemes of these paths, if it takes more than the built-in
    ones.

    Raises:
      ValueError: if a scheme cannot be opened here, saying what to install.
    """
    wanted = sorted({storage.scheme_of(path) for path in paths} & set(SCHEMES))
    if not wanted:
        return
    # Its own remarks would bury the job's.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Seconds to import, and needed for these schemes only.
    import tensorflow as tf

    with contextlib.suppress(ImportError):
        import tensorflow_io  # noqa: F401 - its import registers the schemes
    # The import succeeds also where its plug-ins do not load: only the list of schemes tells.
    missing = sorted(set(wanted) - set(tf.io.gfile.get_registered_schemes()))
    if missing:
        raise ValueError(
            f"{', '.join(f'{scheme}://' for scheme in missing)} cannot be opened here: install tensorflow-io 0.37.1 "
            f"with tensorflow 2.16 or 2.17 (here is tensorflow {tf.__version__}), or copy the files to a local folder"
        )
    for scheme in wanted:
        storage.register(scheme, TensorFlowFiles(tf.io.gfile, tf.errors))
    if "s3" in wanted:
        # An orderly end would abort (134, "pure virtual method called"): when the interpreter unloads tensorflow-io's
        # client for it, a thread of that still calls what is gone, and it offers nothing to stop it before.
        job_exit.leave_at_once()


class TensorFlowFiles:
    """A `nabi.workspace.storage.FileSystem` over tf.io.gfile."""

    def __init__(self, gfile: Any, errors: Any) -> None:
        self._gfile = gfile
        self._errors = errors

    def walk(self, prefix: str) -> Iterator[storage.FileInfo]:
        """Every file at or below a path, sorted by path; where listing is not to be had (http), the path itself."""
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
        """The file's content, in memory: what is read through here is small."""
        with self._as_os_errors(path):
            if not self._gfile.exists(path):
                raise FileNotFoundError(path)
            with self._gfile.GFile(path, "rb") as file:
                return io.BytesIO(file.read())

    def read_bytes(self, path: str) -> bytes:
        """The file's content."""
        with self.read(path) as file:
            return file.read()

    def replace(self, path: str, seen: bytes | None, data: bytes) -> None:
        """Raises OSError: these file systems offer nothing by which one of several writers would win."""
        del path, seen, data
        raise OSError("only local paths and gs:// can be written on condition that nobody else has: use one of them")

    @contextlib.contextmanager
    def write(self, path: str) -> Iterator[IO[bytes]]:
        """Collects in memory and writes at the end, so that a failure leaves no file."""
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
        """TensorFlow's errors as those that `nabi.workspace.storage` explains."""
        try:
            yield
        except self._errors.NotFoundError as error:
            raise FileNotFoundError(path) from error
        except self._errors.OpError as error:
            raise OSError(str(error.message).splitlines()[0]) from error
