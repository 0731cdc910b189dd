"""The model directory of a run: checks that the run may write there, claims it, and clears it."""

import dataclasses
import pathlib

from nabi.music import windows
from nabi.workspace import paths, recipes, storage
from trainer.config import TrainConfig
from trainer.data.dataset import Dataset
from trainer.training.checkpoint import Checkpoints
from trainer.training.warm_start import WarmStart

# Files that a finished run publishes, COMPLETED last.
PUBLISHED = (
    paths.MODEL, paths.VOCABULARY, paths.CONFIG, paths.METRICS, paths.HISTORY, paths.TIMING, paths.CURVES,
    paths.COPIES, paths.REFERENCE, paths.COMPLETED,
)  # fmt: skip
_EVALUATIONS = tuple(paths.evaluation_name(split, ending) for split in windows.SPLITS for ending in ("html", "json"))
_OF_A_RUN = (paths.CHECKPOINTS, paths.TENSORBOARD, paths.DIVERGED, paths.SAMPLING)
_OF_A_SEARCH = (paths.TRIALS_TABLE, paths.TUNE_PAGE, paths.TUNE)


@dataclasses.dataclass(frozen=True)
class RunFolders:
    """The directories that a run writes to.

    Attributes:
      model: the model directory.
      checkpoints: for the checkpoints of an unfinished run.
      tensorboard: for event files.
    """

    model: str
    checkpoints: str
    tensorboard: str

    def file(self, name: str) -> str:
        """Returns the path of a file in the model directory."""
        return storage.join(self.model, name)

    @classmethod
    def of(cls, model: str, checkpoints: str | None = None, tensorboard: str | None = None) -> "RunFolders":
        """Makes the folders of a model directory; those that are not given lie in it."""
        return cls(
            storage.folder(model),
            storage.folder(checkpoints) if checkpoints else storage.join(model, paths.CHECKPOINTS),
            storage.folder(tensorboard) if tensorboard else storage.join(model, paths.TENSORBOARD),
        )


def require_apart(folders: RunFolders, dataset: Dataset, warm: WarmStart | None) -> None:
    """Checks that the run's folders hold nothing that it needs or that is not its own, before it writes or deletes.

    Raises:
      ValueError: if the model directory is the dataset's or that of the model to start from, or if the checkpoint
        folder is the model directory or holds another job's result or configuration.
    """
    model, checkpoints = _absolute(folders.model), _absolute(folders.checkpoints)
    if model == _absolute(dataset.folder):
        raise ValueError(f"--model_dir {folders.model} is the dataset: give a directory of its own")
    trials = f"{model}/{paths.TRIALS}/"
    if warm and (model == _absolute(warm.folder) or f"{_absolute(warm.folder)}/".startswith(trials)):
        raise ValueError(
            f"--warm_start {warm.folder} would be written over by --model_dir {folders.model}: give another --model_dir"
        )
    if checkpoints == model:
        raise ValueError(f"--checkpoint_dir {folders.checkpoints} is the --model_dir: give a directory of its own")
    config_path = storage.join(folders.checkpoints, paths.CONFIG)
    ours = not storage.exists(config_path) or _is_claim(paths.read_json(config_path))
    if not ours or storage.exists(storage.join(folders.checkpoints, paths.COMPLETED)):
        raise ValueError(
            f"--checkpoint_dir {folders.checkpoints} holds files that are no checkpoints: give a directory of its own"
        )


def _absolute(path: str) -> str:
    """Resolves a path, so that two paths of the same directory are equal."""
    return path.rstrip("/") if storage.scheme_of(path) else str(pathlib.Path(path).resolve())


def _is_claim(value: object) -> bool:
    """Returns True for content that `claim` writes: any other config.json is another job's."""
    return isinstance(value, dict) and value.keys() == {"train", "content", "warm_start"}


def marks_of(config: TrainConfig, dataset: Dataset, warm: WarmStart | None) -> dict[str, str]:
    """Returns the fingerprints of a finished model: `request`, of its settings, and `content`, of its dataset."""
    request = paths.fingerprint(settings_of(config, dataset, warm))
    return {"request": request, "content": dataset.content}


def is_done(folders: RunFolders, config: TrainConfig, dataset: Dataset, warm: WarmStart | None) -> bool:
    """Returns True if the directory already holds the model that this run would make.

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
    """Deletes an earlier run or search: its files by their names, and no other file."""
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
    """Deletes a finished model, COMPLETED first, and its evaluations."""
    for name in (*reversed(PUBLISHED), *_EVALUATIONS):
        storage.delete(folders.file(name))


def claim(folders: RunFolders, config: TrainConfig, dataset: Dataset, warm: WarmStart | None) -> None:
    """Writes the run's settings to the checkpoint folder, so that no other run resumes from its checkpoints.

    Raises:
      ValueError: if checkpoints of another configuration or dataset are there.
      nabi.workspace.storage.StorageError: if the directories cannot be written.
    """
    for folder in (folders.model, folders.checkpoints, folders.tensorboard):
        storage.check_writable(folder)
        # A killed run may have left half-written files, and checkpoints are large.
        storage.sweep(folder)
    storage.delete(folders.file(paths.DIVERGED))
    config_path = storage.join(folders.checkpoints, paths.CONFIG)
    if Checkpoints(folders.checkpoints).steps():
        settings = paths.read_json(config_path)
        if settings != settings_of(config, dataset, warm):
            changed = difference(settings, config, dataset, warm)
            raise ValueError(f"the checkpoint in {folders.checkpoints} was made {changed}; {WAY_OUT}")
        return
    paths.write_json(config_path, settings_of(config, dataset, warm))


def remember_sampling(folders: RunFolders, recipe: str) -> None:
    """Writes to the model directory the sampling settings of the recipe that the model is trained by, if it has any."""
    name, settings = recipes.sampling(recipe)
    if name:
        paths.write_json(folders.file(paths.SAMPLING), {"recipe": name, "settings": settings})


def mark_diverged(
    folders: RunFolders, config: TrainConfig, dataset: Dataset, warm: WarmStart | None, message: str
) -> None:
    """Records that the run diverged, so that a search need not try it again."""
    paths.write_json(folders.file(paths.DIVERGED), {**marks_of(config, dataset, warm), "error": message})


def has_diverged(folders: RunFolders, config: TrainConfig, dataset: Dataset, warm: WarmStart | None) -> bool:
    """Returns True if `mark_diverged` recorded this run, with the same settings and dataset."""
    path = folders.file(paths.DIVERGED)
    return storage.exists(path) and paths.read_json(path).items() >= marks_of(config, dataset, warm).items()


WAY_OUT = "give another --model_dir or --overwrite"


def settings_of(config: TrainConfig, dataset: Dataset, warm: WarmStart | None) -> dict[str, object]:
    """Returns everything that a run's result depends on: its settings, dataset and model to start from."""
    return {"train": config.as_dict(), "content": dataset.content, "warm_start": warm.request if warm else None}


def difference(settings: dict[str, object], config: TrainConfig, dataset: Dataset, warm: WarmStart | None) -> str:
    """Describes how earlier settings differ from those of a run, as the end of a sentence."""
    if settings.get("content") != dataset.content:
        return f"from another dataset than {dataset.folder}"
    if settings.get("warm_start") != (warm.request if warm else None):
        return "with another --warm_start"
    before, now = dict(settings.get("train", {})), config.as_dict()  # type: ignore[call-overload]
    changed = [key for key in now if before.get(key) != now[key]]
    return "with " + ", ".join(f"--{key} {before.get(key)} instead of {now[key]}" for key in changed)
