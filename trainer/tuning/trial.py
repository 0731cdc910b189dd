"""A trial of a search: its directory, its command and, once it has ended, its result; needs no TensorFlow."""

import dataclasses
import math
import sys
from collections.abc import Mapping

from nabi.workspace import paths, storage
from trainer.config import TrainConfig
from trainer.data.dataset import Dataset
from trainer.training import model_folder
from trainer.training.history import TIMING_COLUMNS, CsvTable
from trainer.training.warm_start import WarmStart
from trainer.tuning.search import Setting


@dataclasses.dataclass(frozen=True)
class TrialResult:
    """The result of a trial; the last four are None if it diverged.

    Attributes:
      number: of the trial, from 1.
      settings: the searched ones.
      loss: on the validation split, or on the training split if there is none; nats a token; infinite if it diverged.
      steps: number of steps trained.
      best_step: the step whose weights were kept.
      parameters: number of the network's parameters.
      seconds: time of training.
    """

    number: int
    settings: Mapping[str, Setting]
    loss: float = math.inf
    steps: int | None = None
    best_step: int | None = None
    parameters: int | None = None
    seconds: float | None = None

    @property
    def diverged(self) -> bool:
        """True if its loss became infinite or not a number."""
        return math.isinf(self.loss)


@dataclasses.dataclass(frozen=True)
class Trial:
    """One training run of a search.

    Attributes:
      number: from 1.
      settings: the searched ones.
      training: all settings.
      folders: for its model, checkpoints and events.
      dataset: to train on.
      warm: the model that it starts from.
    """

    number: int
    settings: Mapping[str, Setting]
    training: TrainConfig
    folders: model_folder.RunFolders
    dataset: Dataset
    warm: WarmStart | None

    def command(self) -> list[str]:
        """Returns the command that trains or resumes it; every flag is given, so that no AIP_ variable counts."""
        folders = {
            "data": self.dataset.folder,
            "model_dir": self.folders.model,
            "checkpoint_dir": self.folders.checkpoints,
            "tensorboard_dir": self.folders.tensorboard,
            **({"warm_start": self.warm.folder} if self.warm else {}),
        }
        flags = [f"--{key}={folder}" for key, folder in folders.items()]
        return [sys.executable, "-m", "trainer.task", *flags, *self.training.as_flags()]

    def result(self) -> TrialResult | None:
        """Reads the result; None if the trial has not ended.

        Raises:
          ValueError: if the directory holds a finished model of other settings.
        """
        run = (self.folders, self.training, self.dataset, self.warm)
        if model_folder.is_done(*run):
            return self._measured()
        if model_folder.has_diverged(*run):
            return TrialResult(self.number, self.settings)
        return None

    def _measured(self) -> TrialResult:
        metrics = paths.read_json(self.folders.file(paths.METRICS))
        timing = CsvTable(self.folders.file(paths.TIMING), TIMING_COLUMNS)
        timing.read()
        return TrialResult(
            self.number,
            self.settings,
            loss=(metrics["validation"] or metrics["train"])["loss_nats"],
            steps=metrics["steps"],
            best_step=metrics["best_step"],
            parameters=metrics["parameters"],
            seconds=timing.rows[-1]["seconds"],
        )


def folders_of(search: model_folder.RunFolders, number: int) -> model_folder.RunFolders:
    """Makes the folders of a trial, a model directory; checkpoints and events lie elsewhere if the search's do."""
    own, usual = (paths.TRIALS, paths.trial_name(number)), model_folder.RunFolders.of(search.model)
    return model_folder.RunFolders.of(
        storage.join(search.model, *own),
        None if search.checkpoints == usual.checkpoints else storage.join(search.checkpoints, *own),
        None if search.tensorboard == usual.tensorboard else storage.join(search.tensorboard, *own),
    )
