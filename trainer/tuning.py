"""What a search is asked for, and whether a model directory is its to write."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from songs import layout, storage
from trainer import cluster, folder
from trainer.config import TrainConfig
from trainer.dataset import Dataset
from trainer.search import Range, Setting, searched
from trainer.trial import Trial, folders_of
from trainer.warm_start import Warm

_MOST_TRIALS = 9999
LEGAL = f"1..{_MOST_TRIALS}"


@dataclasses.dataclass(frozen=True)
class Tuning:
    """A search.

    Attributes:
      trials: how many models are trained.
      fixed: the settings given by hand or by the recipe, which are not searched.
      folders: where the best model and, below, the trials are written.
      dataset: what to train on.
      warm: what each trial starts from.
    """

    trials: int
    fixed: Mapping[str, object]
    folders: folder.Folders
    dataset: Dataset
    warm: Warm | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.trials <= _MOST_TRIALS:
            raise ValueError(f"--tune {self.trials} must be in {LEGAL}: the models to train")
        if cluster.workers() > 1:
            raise ValueError(
                f"--tune trains on one machine, but TF_CONFIG names {cluster.workers()}: unset it or leave --tune out"
            )

    @functools.cached_property
    def base(self) -> TrainConfig:
        """The configuration that a trial's settings change."""
        return TrainConfig.create(self.fixed)

    @functools.cached_property
    def ranges(self) -> dict[str, Range]:
        """What is searched."""
        return searched(self.fixed, warm=self.warm is not None)

    def request(self) -> dict[str, Any]:
        """What tune.json says: all that the result depends on."""
        ranges = {key: str(wanted) for key, wanted in self.ranges.items()}
        return {**folder.settings_of(self.base, self.dataset, self.warm), "searched": ranges, "trials": self.trials}

    def trial(self, number: int, settings: Mapping[str, Setting]) -> Trial:
        """A trial with these settings."""
        training = TrainConfig.create({**self.fixed, **settings})
        return Trial(number, settings, training, folders_of(self.folders, number))


def is_done(tuning: Tuning) -> bool:
    """Whether the best model is there; raises ValueError if the directory holds another one or another search."""
    model = tuning.folders.model
    published = layout.completed(model) is not None
    by = layout.read_json(tuning.folders.file(layout.CONFIG)).get("tune") if published else None
    if published and by is None:
        raise ValueError(f"{model} holds a model that no --tune made; {folder.WAY_OUT}")
    path = tuning.folders.file(layout.TUNE)
    if not storage.exists(path):
        return False
    before, now = layout.read_json(path), tuning.request()
    if {**before, "trials": 0} != {**now, "trials": 0} or before["trials"] > now["trials"]:
        raise ValueError(f"{model} holds a search {_difference(before, tuning)}; {folder.WAY_OUT}")
    return by is not None and by["trials"] == tuning.trials


def _difference(before: Mapping[str, Any], tuning: Tuning) -> str:
    now = tuning.request()
    if any(before[key] != now[key] for key in ("train", "content", "warm_start")):
        return folder.difference(dict(before), tuning.base, tuning.dataset, tuning.warm)
    if before["searched"] != now["searched"]:
        return f"of {', '.join(before['searched'])} instead of {', '.join(now['searched'])}"
    return f"with --tune {before['trials']} instead of {now['trials']}"


def clear(tuning: Tuning) -> None:
    """Deletes an earlier search, or an earlier run."""
    path = tuning.folders.file(layout.TUNE)
    trials = layout.read_json(path)["trials"] if storage.exists(path) else 0
    for number in range(1, trials + 1):
        # They may lie elsewhere, in --checkpoint_dir.
        storage.delete(folders_of(tuning.folders, number).checkpoints)
    folder.clear(tuning.folders)


def claim(tuning: Tuning) -> None:
    """Says what the directory will hold; a search for fewer trials that is finished there is not any more."""
    storage.check_writable(tuning.folders.model)
    storage.delete(tuning.folders.file(layout.COMPLETED))
    layout.write_json(tuning.folders.file(layout.TUNE), tuning.request())
