"""TensorBoard events: the columns of history.csv as scalars, the settings as hyper-parameters."""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from nabi.networks.event_files import EventFiles
from nabi.workspace.logs import say
from trainer.config import TrainConfig


@dataclasses.dataclass
class TensorBoardLog:
    """Event files of a run in a folder; if they cannot be written, as on a full disk, the training goes on."""

    folder: str
    config: TrainConfig

    def __post_init__(self) -> None:
        self._events: Any = None
        with self._stops_on_failure():
            self._files = EventFiles(self.folder)
            self._events = tf.summary.create_file_writer(self._files.written_to)
            with self._events.as_default():
                hparams.hparams(self.config.as_dict(), trial_id=self.folder)

    def write(self, row: Mapping[str, float | int | None], *, tokens_per_second: float) -> None:
        """Writes a row of history.csv, and the speed, as scalars of the row's step."""
        if not self._events:
            return
        with self._stops_on_failure(), self._events.as_default(step=row["step"]):
            for name, value in row.items():
                if name.endswith(("nats", "accuracy")) and value is not None:
                    tf.summary.scalar(name, value)
            tf.summary.scalar("tokens_per_second", tokens_per_second)

    def flush(self) -> None:
        """Writes buffered events to the folder, where TensorBoard finds them."""
        if self._events:
            with self._stops_on_failure():
                self._events.flush()
                self._files.publish()

    @contextlib.contextmanager
    def _stops_on_failure(self) -> Iterator[None]:
        """Prints a warning at the first failure, after which nothing more is written."""
        try:
            yield
        except (tf.errors.OpError, OSError) as error:
            # TensorFlow may keep it as the default writer: nothing else here writes summaries.
            self._events = None
            # The reason stands after the name of TensorFlow's operation.
            message = error.message if isinstance(error, tf.errors.OpError) else str(error)
            reason = message.splitlines()[0].rpartition("}} ")[2]
            say(
                f"warning: TensorBoard's logs in {self.folder} cannot be written ({reason}): the training goes on "
                "without them, and its history.csv has the same figures"
            )
