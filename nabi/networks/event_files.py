"""Gives TensorFlow a folder for TensorBoard's event files, also where it does not know the folder's scheme."""

import pathlib
import tempfile

from nabi.networks import remote_files
from nabi.workspace import job_exit, storage


class EventFiles:
    """Event files of a folder, which TensorFlow writes there itself, or else to a temporary folder of this machine.

    Attributes:
      written_to: the folder to give to TensorFlow.
    """

    def __init__(self, folder: str) -> None:
        """Opens a folder, local or remote; a temporary one is deleted at the end of this object or process."""
        self._folder = folder
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self.written_to = folder
        if not remote_files.known_to_tensorflow(folder):
            # Nothing is left to be written when a signal ends the process.
            self._temporary = tempfile.TemporaryDirectory(prefix="nabi-events-", ignore_cleanup_errors=True)
            job_exit.before_stop(self._temporary.cleanup)
            self.written_to = self._temporary.name

    def publish(self) -> None:
        """Copies what TensorFlow has flushed to the folder; raises StorageError if it cannot be written."""
        if self._temporary:
            for path in sorted(pathlib.Path(self.written_to).iterdir()):
                storage.write_bytes(storage.join(self._folder, path.name), path.read_bytes())
