"""The model directory before and after training: may this run use it, and what does it belong to."""

import dataclasses
import pathlib

from songs import layout, recipes, storage, windows
from trainer.checkpoint import Checkpoints
from trainer.config import TrainConfig
from trainer.dataset import Dataset
from trainer.warm_start import Warm

# What a finished run publishes, COMPLETED last.
PUBLISHED = (
    layout.MODEL, layout.VOCABULARY, layout.CONFIG, layout.METRICS, layout.HISTORY, layout.TIMING, layout.CURVES,
    layout.COPIES, layout.REFERENCE, layout.COMPLETED,
)  # fmt: skip
_EVALUATIONS = tuple(layout.evaluation_name(split, ending) for split in windows.SPLITS for ending in ("html", "json"))
_OF_A_RUN = (layout.CHECKPOINTS, layout.TENSORBOARD, layout.DIVERGED, layout.SAMPLING)
_OF_A_SEARCH = (layout.TRIALS_TABLE, layout.TUNE_PAGE, layout.TUNE)


@dataclasses.dataclass(frozen=True)
class Folders:
    """Where a run writes.

    Attributes:
      model: the model directory.
      checkpoints: of a run that is not finished.
      tensorboard: event files.
    """

    model: str
    checkpoints: str
    tensorboard: str

    def file(self, name: str) -> str:
        """A path in the model directory."""
        return storage.join(self.model, name)

    @classmethod
    def of(cls, model: str, checkpoints: str | None = None, tensorboard: str | None = None) -> "Folders":
        """The folders of a model directory, in it where none is given."""
        return cls(
            storage.folder(model),
            storage.folder(checkpoints) if checkpoints else storage.join(model, layout.CHECKPOINTS),
            storage.folder(tensorboard) if tensorboard else storage.join(model, layout.TENSORBOARD),
        )


def require_apart(folders: Folders, dataset: Dataset, warm: Warm | None) -> None:
    """Refuses to write, and with --overwrite to delete, where something else lies that the run needs or does not own.

    Raises:
      ValueError: if the model directory is the dataset's or that of the model to start from, or if the checkpoint
        folder is the model directory or holds another job's result or configuration.
    """
    model, checkpoints = _place(folders.model), _place(folders.checkpoints)
    if model == _place(dataset.folder):
        raise ValueError(f"--model_dir {folders.model} is the dataset: give a directory of its own")
    trials = f"{model}/{layout.TRIALS}/"
    if warm and (model == _place(warm.folder) or f"{_place(warm.folder)}/".startswith(trials)):
        raise ValueError(
            f"--warm_start {warm.folder} would be written over by --model_dir {folders.model}: give another --model_dir"
        )
    if checkpoints == model:
        raise ValueError(f"--checkpoint_dir {folders.checkpoints} is the --model_dir: give a directory of its own")
    claimed = storage.join(folders.checkpoints, layout.CONFIG)
    ours = not storage.exists(claimed) or _is_claim(layout.read_json(claimed))
    if not ours or storage.exists(storage.join(folders.checkpoints, layout.COMPLETED)):
        raise ValueError(
            f"--checkpoint_dir {folders.checkpoints} holds files that are no checkpoints: give a directory of its own"
        )


def _place(path: str) -> str:
    """A path that is the same for the same place, however it is written."""
    return path.rstrip("/") if storage.scheme_of(path) else str(pathlib.Path(path).resolve())


def _is_claim(value: object) -> bool:
    """Whether that is what `claim` writes: anything else called config.json is another's."""
    return isinstance(value, dict) and value.keys() == {"train", "content", "warm_start"}


def marks_of(config: TrainConfig, dataset: Dataset, warm: Warm | None) -> dict[str, str]:
    """The fingerprints of a finished model: what was asked for, and of which dataset."""
    request = layout.fingerprint(settings_of(config, dataset, warm))
    return {"request": request, "content": dataset.content}


def is_done(folders: Folders, config: TrainConfig, dataset: Dataset, warm: Warm | None) -> bool:
    """Whether the directory already holds what this run would make.

    Raises:
      ValueError: if it holds a finished model of another configuration or dataset.
    """
    marks = layout.completed(folders.model)
    if marks is None:
        if storage.exists(folders.file(layout.TUNE)):
            raise ValueError(f"{folders.model} holds an unfinished search: go on with its --tune, or {WAY_OUT}")
        return False
    if marks == marks_of(config, dataset, warm):
        return True
    settings = layout.read_object(folders.file(layout.CONFIG), "train", "content", "warm_start")
    raise ValueError(f"{folders.model} holds a model {difference(settings, config, dataset, warm)}; {WAY_OUT}")


def clear(folders: Folders) -> None:
    """Deletes an earlier run or search: its files by their names, and nothing else that may lie there."""
    clear_model(folders)
    for name in _OF_A_RUN:
        storage.delete(folders.file(name))
    if storage.exists(folders.file(layout.TUNE)):
        for place in (folders.model, folders.checkpoints):
            storage.delete(storage.join(place, layout.TRIALS))
    for name in _OF_A_SEARCH:
        storage.delete(folders.file(name))
    Checkpoints(folders.checkpoints).clear()
    storage.delete(storage.join(folders.checkpoints, layout.CONFIG))


def clear_model(folders: Folders) -> None:
    """Deletes a finished model, COMPLETED first, and what was said of it."""
    for name in (*reversed(PUBLISHED), *_EVALUATIONS):
        storage.delete(folders.file(name))


def claim(folders: Folders, config: TrainConfig, dataset: Dataset, warm: Warm | None) -> None:
    """Says in the checkpoint folder what its checkpoints will be of.

    Raises:
      ValueError: if checkpoints of another configuration or dataset are there.
      songs.storage.StorageError: if the directories cannot be written.
    """
    for folder in (folders.model, folders.checkpoints, folders.tensorboard):
        storage.check_writable(folder)
        # What a killed run left half written: checkpoints are large.
        storage.sweep(folder)
    storage.delete(folders.file(layout.DIVERGED))
    claimed = storage.join(folders.checkpoints, layout.CONFIG)
    if Checkpoints(folders.checkpoints).steps():
        settings = layout.read_json(claimed)
        if settings != settings_of(config, dataset, warm):
            changed = difference(settings, config, dataset, warm)
            raise ValueError(f"the checkpoint in {folders.checkpoints} was made {changed}; {WAY_OUT}")
        return
    layout.write_json(claimed, settings_of(config, dataset, warm))


def remember_sampling(folders: Folders, recipe: str) -> None:
    """Says in the model directory how the recipe that the model is trained by samples it, if it does."""
    name, settings = recipes.sampling(recipe)
    if name:
        layout.write_json(folders.file(layout.SAMPLING), {"recipe": name, "settings": settings})


def mark_diverged(folders: Folders, config: TrainConfig, dataset: Dataset, warm: Warm | None, said: str) -> None:
    """Leaves word that the run's loss became no number, so that a search need not try it again."""
    layout.write_json(folders.file(layout.DIVERGED), {**marks_of(config, dataset, warm), "error": said})


def has_diverged(folders: Folders, config: TrainConfig, dataset: Dataset, warm: Warm | None) -> bool:
    """Whether such word of this very run is there."""
    path = folders.file(layout.DIVERGED)
    return storage.exists(path) and layout.read_json(path).items() >= marks_of(config, dataset, warm).items()


WAY_OUT = "give another --model_dir or --overwrite"


def settings_of(config: TrainConfig, dataset: Dataset, warm: Warm | None) -> dict[str, object]:
    """What a run is asked for, and of which dataset."""
    return {"train": config.as_dict(), "content": dataset.content, "warm_start": warm.request if warm else None}


def difference(settings: dict[str, object], config: TrainConfig, dataset: Dataset, warm: Warm | None) -> str:
    """What is another in earlier settings, as the end of a sentence."""
    if settings.get("content") != dataset.content:
        return f"from another dataset than {dataset.folder}"
    if settings.get("warm_start") != (warm.request if warm else None):
        return "with another --warm_start"
    before, now = dict(settings.get("train", {})), config.as_dict()  # type: ignore[call-overload]
    changed = [key for key in now if before.get(key) != now[key]]
    return "with " + ", ".join(f"--{key} {before.get(key)} instead of {now[key]}" for key in changed)
