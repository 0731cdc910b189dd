"""The plan of a search, and a check of the model directory that it writes."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from nabi.workspace import paths, storage
from trainer.config import TrainConfig
from trainer.data.dataset import Dataset
from trainer.training import cluster, model_folder
from trainer.training.warm_start import WarmStart
from trainer.tuning.search import MOST_TRIALS, TRIALS, Range, Setting, listed, searched
from trainer.tuning.trial import Trial, folders_of


@dataclasses.dataclass(frozen=True)
class SearchPlan:
    """A search.

    Attributes:
      trials: how many models are trained.
      fixed: the settings given by hand or by the recipe, which are not searched.
      base: the configuration that a trial's settings change.
      ranges: what is searched.
      folders: where the best model and, below, the trials are written.
      dataset: what to train on.
      warm: what each trial starts from.
    """

    trials: int
    fixed: Mapping[str, object]
    base: TrainConfig
    ranges: Mapping[str, Range]
    folders: model_folder.RunFolders
    dataset: Dataset
    warm: WarmStart | None

    def request(self) -> dict[str, Any]:
        """What tune.json says: all that the result depends on."""
        ranges = {key: str(legal) for key, legal in self.ranges.items()}
        return {
            **model_folder.settings_of(self.base, self.dataset, self.warm),
            "searched": ranges,
            "trials": self.trials,
        }

    def trial(self, number: int, settings: Mapping[str, Setting]) -> Trial:
        """A trial with these settings."""
        training = TrainConfig.create({**self.fixed, **settings})
        return Trial(number, settings, training, folders_of(self.folders, number), self.dataset, self.warm)


def plan(
    trials: int,
    fixed: Mapping[str, object],
    folders: model_folder.RunFolders,
    dataset: Dataset,
    warm: WarmStart | None = None,
) -> SearchPlan:
    """A search of the settings that are not given; see `SearchPlan`.

    Raises:
      ValueError: if the number of trials is out of range, nothing is left to search, no step is to be trained, or
        several machines train.
    """
    base = check(trials, fixed)
    if cluster.workers() > 1:
        raise ValueError(
            f"--tune trains on one machine, but TF_CONFIG names {cluster.workers()}: unset it or leave --tune out"
        )
    return SearchPlan(trials, fixed, base, searched(fixed, warm=warm is not None), folders, dataset, warm)


def check(trials: int, fixed: Mapping[str, object]) -> TrainConfig:
    """The configuration that a search's trials change.

    Raises:
      ValueError: if the number of trials is out of range, or no step is to be trained.
    """
    if not 1 <= trials <= MOST_TRIALS:
        raise ValueError(f"--tune {trials} must be in {TRIALS}: the models to train")
    base = TrainConfig.create(fixed)
    if not base.steps:
        raise ValueError("--tune needs --steps of at least 1, not 0: it compares what training comes to")
    return base


def is_done(tuning: SearchPlan) -> bool:
    """Whether the best model of so many trials is there.

    Raises:
      ValueError: if the directory holds another search, or what no search made.
    """
    folders = tuning.folders
    _require_no_training(folders)
    if not storage.exists(folders.file(paths.TUNE)):
        return False
    before, now = paths.read_json(folders.file(paths.TUNE)), tuning.request()
    # Of a search with another number of trials those in common are the same ones.
    if before | {"trials": 0} != now | {"trials": 0}:
        raise ValueError(f"{folders.model} holds a search {_difference(before, tuning)}; {model_folder.WAY_OUT}")
    return paths.completed(folders.model) is not None and before == now and published_trials(folders) == tuning.trials


def published_trials(folders: model_folder.RunFolders) -> int | None:
    """Among how many trials the model there was the best; None if it is no search's."""
    found = paths.read_json(folders.file(paths.CONFIG)).get("tune")
    return int(found["trials"]) if found else None


def claim(tuning: SearchPlan) -> None:
    """Says what the directory will hold.

    A model that an earlier search with fewer trials left stays usable until a better one takes its place.
    """
    folders, first = tuning.folders, folders_of(tuning.folders, 1)
    for place in (folders.model, first.model, first.checkpoints):
        storage.check_writable(place)
    # What a killed trial left half written; it ended with its search, so nobody is writing.
    storage.sweep(folders.model)
    paths.write_json(folders.file(paths.TUNE), tuning.request())


def _require_no_training(folders: model_folder.RunFolders) -> None:
    if paths.completed(folders.model) is not None and published_trials(folders) is None:
        raise ValueError(f"{folders.model} holds a model that no --tune made; {model_folder.WAY_OUT}")
    if storage.exists(storage.join(folders.checkpoints, paths.CONFIG)):
        raise ValueError(
            f"{folders.checkpoints} holds checkpoints of a training without --tune; {model_folder.WAY_OUT}"
        )


def _difference(before: Mapping[str, Any], tuning: SearchPlan) -> str:
    now = tuning.request()
    if before["searched"].keys() != now["searched"].keys():
        return f"of {', '.join(before['searched'])} instead of {', '.join(now['searched'])}"
    if before["searched"] != now["searched"]:
        return f"in other ranges than {listed(tuning.ranges)}"
    return model_folder.difference(dict(before), tuning.base, tuning.dataset, tuning.warm)
