"""The model directory before and after training: may this run use it, and what does it belong to."""

import dataclasses
import pathlib

from nabi.music import windows
from nabi.workspace import paths, recipes, storage
from trainer.config import TrainConfig
from trainer.data.dataset import Dataset
from trainer.training.checkpoint import Checkpoints
from trainer.training.warm_start import WarmStart

# What a finished run publishes, COMPLETED last.
PUBLISHED = (
    paths.MODEL, paths.VOCABULARY, paths.CONFIG, paths.METRICS, paths.HISTORY, paths.TIMING, paths.CURVES,
    paths.COPIES, paths.REFERENCE, paths.COMPLETED,
)  # fmt: skip
_EVALUATIONS = tuple(paths.evaluation_name(split, ending) for split in windows.SPLITS for ending in ("html", "json"))
_OF_A_RUN = (paths.CHECKPOINTS, paths.TENSORBOARD, paths.DIVERGED, paths.SAMPLING)
_OF_A_SEARCH = (paths.TRIALS_TABLE, paths.TUNE_PAGE, paths.TUNE)


@dataclasses.dataclass(frozen=True)
class RunFolders:
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
    def of(cls, model: str, checkpoints: str | None = None, tensorboard: str | None = None) -> "RunFolders":
        """The folders of a model directory, in it where none is given."""
        return cls(
            storage.folder(model),
            storage.folder(checkpoints) if checkpoints else storage.join(model, paths.CHECKPOINTS),
            storage.folder(tensorboard) if tensorboard else storage.join(model, paths.TENSORBOARD),
        )


def require_apart(folders: RunFolders, dataset: Dataset, warm: WarmStart | None) -> None:
    """Refuses to write, and with --overwrite to delete, where something else lies that the run needs or does not own.

    Raises:
      ValueError: if the model directory is the dataset's or that of the model to start from, or if the checkpoint
        folder is the model directory or holds another job's result or configuration.
    """
    model, checkpoints = _place(folders.model), _place(folders.checkpoints)
    if model == _place(dataset.folder):
        raise ValueError(f"--model_dir {folders.model} is the dataset: give a directory of its own")
    trials = f"{model}/{paths.TRIALS}/"
    if warm and (model == _place(warm.folder) or f"{_place(warm.folder)}/".startswith(trials)):
        raise ValueError(
            f"--warm_start {warm.folder} would be written over by --model_dir {folders.model}: give another --model_dir"
        )
    if checkpoints == model:
        raise ValueError(f"--checkpoint_dir {folders.checkpoints} is the --model_dir: give a directory of its own")
    claimed = storage.join(folders.checkpoints, paths.CONFIG)
    ours = not storage.exists(claimed) or _is_claim(paths.read_json(claimed))
    if not ours or storage.exists(storage.join(folders.checkpoints, paths.COMPLETED)):
        raise ValueError(
            f"--checkpoint_dir {folders.checkpoints} holds files that are no checkpoints: give a directory of its own"
        )


def _place(path: str) -> str:
    """A path that is the same for the same place, however it is written."""
    return path.rstrip("/") if storage.scheme_of(path) else str(pathlib.Path(path).resolve())


def _is_claim(value: object) -> bool:
    """Whether that is what `claim` writes: anything else called config.json is another's."""
    return isinstance(value, dict) and value.keys() == {"train", "content", "warm_start"}


def marks_of(config: TrainConfig, dataset: Dataset, warm: WarmStart | None) -> dict[str, str]:
    """The fingerprints of a finished model: what was asked for, and of which dataset."""
    request = paths.fingerprint(settings_of(config, dataset, warm))
    return {"request": request, "content": dataset.content}


def is_done(folders: RunFolders, config: TrainConfig, dataset: Dataset, warm: WarmStart | None) -> bool:
    """Whether the directory already holds what this run would make.

    Raises:
      ValueError: if it holds a finished model of another configuration or dataset.
    """
    marks = paths.completed(folders.model)
    if marks is None:
        if storage.exists(folders.file(paths.TUNE)):
            raise ValueError(f"{folders.model} holds an unfinished search: go on with its --tune, or {WAY_OUT}")
        return False
    if marks == marks_of(config, dataset, warm):
        return True
    settings = paths.read_object(folders.file(paths.CONFIG), "train", "content", "warm_start")
    raise ValueError(f"{folders.model} holds a model {difference(settings, config, dataset, warm)}; {WAY_OUT}")


def clear(folders: RunFolders) -> None:
    """Deletes an earlier run or search: its files by their names, and nothing else that may lie there."""
    clear_model(folders)
    for name in _OF_A_RUN:
        storage.delete(folders.file(name))
    if storage.exists(folders.file(paths.TUNE)):
        for place in (folders.model, folders.checkpoints):
            storage.delete(storage.join(place, paths.TRIALS))
    for name in _OF_A_SEARCH:
        storage.delete(folders.file(name))
    Checkpoints(folders.checkpoints).clear()
    storage.delete(storage.join(folders.checkpoints, paths.CONFIG))


def clear_model(folders: RunFolders) -> None:
    """Deletes a finished model, COMPLETED first, and what was said of it."""
    for name in (*reversed(PUBLISHED), *_EVALUATIONS):
        storage.delete(folders.file(name))


def claim(folders: RunFolders, config: TrainConfig, dataset: Dataset, warm: WarmStart | None) -> None:
    """Says in the checkpoint folder what its checkpoints will be of.

    Raises:
      ValueError: if checkpoints of another configuration or dataset are there.
      nabi.workspace.storage.StorageError: if the directories cannot be written.
    """
    for folder in (folders.model, folders.checkpoints, folders.tensorboard):
        storage.check_writable(folder)
        # What a killed run left half written: checkpoints are large.
        storage.sweep(folder)
    storage.delete(folders.file(paths.DIVERGED))
    claimed = storage.join(folders.checkpoints, paths.CONFIG)
    if Checkpoints(folders.checkpoints).steps():
        settings = paths.read_json(claimed)
        if settings != settings_of(config, dataset, warm):
            changed = difference(settings, config, dataset, warm)
            raise ValueError(f"the checkpoint in {folders.checkpoints} was made {changed}; {WAY_OUT}")
        return
    paths.write_json(claimed, settings_of(config, dataset, warm))


def remember_sampling(folders: RunFolders, recipe: str) -> None:
    """Says in the model directory how the recipe that the model is trained by samples it, if it does."""
    name, settings = recipes.sampling(recipe)
    if name:
        paths.write_json(folders.file(paths.SAMPLING), {"recipe": name, "settings": settings})


def mark_diverged(
    folders: RunFolders, config: TrainConfig, dataset: Dataset, warm: WarmStart | None, said: str
) -> None:
    """Leaves word that the run's loss became no number, so that a search need not try it again."""
    paths.write_json(folders.file(paths.DIVERGED), {**marks_of(config, dataset, warm), "error": said})


def has_diverged(folders: RunFolders, config: TrainConfig, dataset: Dataset, warm: WarmStart | None) -> bool:
    """Whether such word of this very run is there."""
    path = folders.file(paths.DIVERGED)
    return storage.exists(path) and paths.read_json(path).items() >= marks_of(config, dataset, warm).items()


WAY_OUT = "give another --model_dir or --overwrite"


def settings_of(config: TrainConfig, dataset: Dataset, warm: WarmStart | None) -> dict[str, object]:
    """What a run is asked for, and of which dataset."""
    return {"train": config.as_dict(), "content": dataset.content, "warm_start": warm.request if warm else None}


def difference(settings: dict[str, object], config: TrainConfig, dataset: Dataset, warm: WarmStart | None) -> str:
    """What is another in earlier settings, as the end of a sentence."""
    if settings.get("content") != dataset.content:
        return f"from another dataset than {dataset.folder}"
    if settings.get("warm_start") != (warm.request if warm else None):
        return "with another --warm_start"
    before, now = dict(settings.get("train", {})), config.as_dict()  # type: ignore[call-overload]
    changed = [key for key in now if before.get(key) != now[key]]
    return "with " + ", ".join(f"--{key} {before.get(key)} instead of {now[key]}" for key in changed)
