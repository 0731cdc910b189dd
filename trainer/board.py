"""TensorBoard: the columns of history.csv as scalars, the settings as hyper-parameters."""

import dataclasses
from collections.abc import Mapping

import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from trainer.config import TrainConfig


@dataclasses.dataclass
class Board:
    """Event files of a run in a folder."""

    folder: str
    config: TrainConfig

    def __post_init__(self) -> None:
        self._events = tf.summary.create_file_writer(self.folder)
        with self._events.as_default():
            hparams.hparams(self.config.as_dict(), trial_id=self.folder)

    def write(self, row: Mapping[str, float | int | None], *, tokens_per_second: float) -> None:
        """The figures of a row of history.csv."""
        with self._events.as_default(step=row["step"]):
            for name, value in row.items():
                if name.endswith(("nats", "accuracy")) and value is not None:
                    tf.summary.scalar(name, value)
            tf.summary.scalar("tokens_per_second", tokens_per_second)

    def flush(self) -> None:
        """Puts what was written where TensorBoard sees it."""
        self._events.flush()
