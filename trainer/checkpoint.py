"""What survives a kill: weights, optimizer, step and the best model so far, in checkpoints of one configuration."""

import dataclasses
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from trainer.step import Learner

# Two, so that one is whole while the next is written.
_KEPT = 2


class Best:
    """The best weights so far and how long ago that was; all of it goes into checkpoints."""

    def __init__(self, model: keras.Model) -> None:
        with tf.device("CPU"):
            self._loss = tf.Variable(np.inf, dtype=tf.float64, trainable=False)
            self._step = tf.Variable(0, dtype=tf.int64, trainable=False)
            self._stale = tf.Variable(0, dtype=tf.int64, trainable=False)
            self._weights = [tf.Variable(value, trainable=False) for value in model.get_weights()]

    @property
    def step(self) -> int:
        """The step of the best weights."""
        return int(self._step.numpy())

    @property
    def loss(self) -> float:
        """Their loss, nats a token."""
        return float(self._loss.numpy())

    @property
    def stale(self) -> int:
        """Evaluations since then, none of them better."""
        return int(self._stale.numpy())

    def update(self, model: keras.Model, *, step: int, loss: float) -> bool:
        """Keeps the model's weights if its loss is the lowest so far; returns whether it was."""
        if loss >= self.loss:
            self._stale.assign_add(1)
            return False
        self._loss.assign(loss)
        self._step.assign(step)
        self._stale.assign(0)
        for variable, value in zip(self._weights, model.get_weights(), strict=True):
            variable.assign(value)
        return True

    def weights(self) -> list[np.ndarray[Any, Any]]:
        """The best weights, in the order of `keras.Model.get_weights`."""
        return [variable.numpy() for variable in self._weights]

    def variables(self) -> list[tf.Variable]:
        """What a checkpoint must keep."""
        return [self._loss, self._step, self._stale, *self._weights]


@dataclasses.dataclass
class Checkpoints:
    """Checkpoints of a learner and its best model in a folder; any path that TensorFlow can write."""

    folder: str
    learner: Learner
    best: Best

    def __post_init__(self) -> None:
        checkpoint = tf.train.Checkpoint(learner=self.learner.variables(), best=self.best.variables())
        self._manager = tf.train.CheckpointManager(checkpoint, self.folder, max_to_keep=_KEPT)
        self._checkpoint = checkpoint

    def save(self, step: int) -> None:
        """Writes a checkpoint of this step; those older than the last two go."""
        self._manager.save(checkpoint_number=step)

    def restore(self) -> int:
        """Takes the latest checkpoint back and returns its step; 0 if there is none."""
        latest = self._manager.latest_checkpoint
        if latest is None:
            return 0
        try:
            self._checkpoint.restore(latest).assert_existing_objects_matched()
        except (tf.errors.OpError, AssertionError, ValueError) as error:
            raise ValueError(
                f"the checkpoint {latest} cannot be read ({str(error).splitlines()[0]}): "
                "give another --model_dir, or start afresh with --overwrite"
            ) from error
        return int(self.learner.step.numpy())
