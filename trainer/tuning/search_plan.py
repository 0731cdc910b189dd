"""The plan of a search, and the checks that its model directory is free for it."""

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
    """All that a search depends on, and where it writes.

    Attributes:
      trials: number of models that are trained.
      fixed: the settings given by hand or by the recipe, which are not searched.
      base: the configuration that a trial's settings change.
      ranges: searched settings -> their ranges.
      folders: for the best model and, below, the trials.
      dataset: to train on.
      warm: the model that each trial starts from.
    """

    trials: int
    fixed: Mapping[str, object]
    base: TrainConfig
    ranges: Mapping[str, Range]
    folders: model_folder.RunFolders
    dataset: Dataset
    warm: WarmStart | None

    def request(self) -> dict[str, Any]:
        """Returns the content of tune.json: all that the result depends on."""
        ranges = {key: str(legal) for key, legal in self.ranges.items()}
        return {
            **model_folder.settings_of(self.base, self.dataset, self.warm),
            "searched": ranges,
            "trials": self.trials,
        }

    def trial(self, number: int, settings: Mapping[str, Setting]) -> Trial:
        """Makes the trial of a number with these settings."""
        training = TrainConfig.create({**self.fixed, **settings})
        return Trial(number, settings, training, folders_of(self.folders, number), self.dataset, self.warm)


def plan(
    trials: int,
    fixed: Mapping[str, object],
    folders: model_folder.RunFolders,
    dataset: Dataset,
    warm: WarmStart | None = None,
) -> SearchPlan:
    """Plans a search over the settings that are not given; see `SearchPlan`.

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
    """Checks a search's flags and returns the configuration that its trials change.

    Raises:
      ValueError: if the number of trials is out of range, or no step is to be trained.
    """
    if not 1 <= trials <= MOST_TRIALS:
        raise ValueError(f"--tune {trials} must be in {TRIALS}: the models to train")
    base = TrainConfig.create(fixed)
    if not base.steps:
        raise ValueError("--tune needs --steps of at least 1, not 0: it compares what training comes to")
    return base


def is_done(search: SearchPlan) -> bool:
    """Returns True if the directory already holds the best model of this search.

    Raises:
      ValueError: if the directory holds another search, or a model or checkpoints of a run without one.
    """
    folders = search.folders
    _require_no_training(folders)
    if not storage.exists(folders.file(paths.TUNE)):
        return False
    before, now = paths.read_json(folders.file(paths.TUNE)), search.request()
    # A search with another number of trials begins with the same ones.
    if before | {"trials": 0} != now | {"trials": 0}:
        raise ValueError(f"{folders.model} holds a search {_difference(before, search)}; {model_folder.WAY_OUT}")
    return paths.completed(folders.model) is not None and before == now and published_trials(folders) == search.trials


def published_trials(folders: model_folder.RunFolders) -> int | None:
    """Reads the number of trials that the model there is the best of; None if no search made it."""
    tune = paths.read_json(folders.file(paths.CONFIG)).get("tune")
    return int(tune["trials"]) if tune else None


def claim(search: SearchPlan) -> None:
    """Writes tune.json, by which the directory belongs to this search.

    The model of an earlier search with fewer trials stays usable until a better one replaces it.
    """
    folders, first = search.folders, folders_of(search.folders, 1)
    for folder in (folders.model, first.model, first.checkpoints):
        storage.check_writable(folder)
    # A killed trial may have left half-written files; it ended with its search, so that nobody is writing them.
    storage.sweep(folders.model)
    paths.write_json(folders.file(paths.TUNE), search.request())


def _require_no_training(folders: model_folder.RunFolders) -> None:
    if paths.completed(folders.model) is not None and published_trials(folders) is None:
        raise ValueError(f"{folders.model} holds a model that no --tune made; {model_folder.WAY_OUT}")
    if storage.exists(storage.join(folders.checkpoints, paths.CONFIG)):
        raise ValueError(
            f"{folders.checkpoints} holds checkpoints of a training without --tune; {model_folder.WAY_OUT}"
        )


def _difference(before: Mapping[str, Any], search: SearchPlan) -> str:
    now = search.request()
    if before["searched"].keys() != now["searched"].keys():
        return f"of {', '.join(before['searched'])} instead of {', '.join(now['searched'])}"
    if before["searched"] != now["searched"]:
        return f"in other ranges than {listed(search.ranges)}"
    return model_folder.difference(dict(before), search.base, search.dataset, search.warm)
