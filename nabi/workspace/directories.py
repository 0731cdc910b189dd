"""Finds the dataset, model or songs directory that a path names, also in what retrain made, or says what is there."""

import dataclasses
import itertools

from nabi.workspace import champion, file_endings, paths, storage
from nabi.workspace.storage import packs


@dataclasses.dataclass(frozen=True)
class DirectoryKind:
    """A kind of directory.

    Attributes:
      name: its name in messages.
      place: its directory's name in a run of retrain.
      mark: a file that only this kind has, from its beginning or when it is finished.
      made_by: the command that makes one.
    """

    name: str
    place: str
    mark: str
    made_by: str

    @property
    def accepted(self) -> str:
        """Description of the paths that `find` takes."""
        own = f", its {self.mark}, a pack (X{packs.ENDING})" if self.mark == paths.MODEL else ""
        return f"a {self.name.removesuffix(' directory')} directory{own} or what retrain made: a run, or its --output"


MODEL = DirectoryKind("model", paths.MODELS, paths.MODEL, "python -m trainer.task")
DATASET = DirectoryKind("dataset", paths.DATA, paths.DATASET, "python -m pipelines.preprocess")
SONGS = DirectoryKind("songs directory", paths.SONGS, paths.MADE_BY, "python -m generator.generate")
_KINDS = (MODEL, DATASET, SONGS)
_MUSIC = (*file_endings.MIDI, *file_endings.SCORES, *file_endings.ARCHIVES)
# Files of a folder that are searched for music.
_MOST_FILES = 100


def model(path: str) -> str:
    """Returns the model directory that a path names; see `find`."""
    return find(path, MODEL)


def find(path: str, kind: DirectoryKind) -> str:
    """Returns the finished directory of a kind that a path names.

    Args:
      path: such a directory, a run of retrain that has one, a retraining directory (its champion's is taken), or for
        a model its `model.keras` or a pack of it, whose files are read as those of a directory; local or remote.
      kind: the kind of directory.

    Raises:
      ValueError: if there is none, with what is there and what is expected.
      nabi.workspace.storage.StorageError: if the path cannot be read.
    """
    path = storage.folder(path)
    if kind is MODEL and path.rpartition("/")[2] == paths.MODEL:
        path = path.rpartition("/")[0] or "."
    if paths.completed(path) is not None and not any(_is(path, other) for other in _KINDS if other is not kind):
        return path
    run = _run_of(path, kind)
    directory = storage.join(run, kind.place) if run else path
    if not run or paths.completed(directory) is None:
        raise ValueError(f"{_state(directory, kind)}; give {kind.accepted}")
    return directory


def _run_of(path: str, kind: DirectoryKind) -> str:
    """Returns the directory of the run that a path names; "" if it names none."""
    champion_run = champion.read(path).run if storage.exists(storage.join(path, paths.CHAMPION)) else ""
    if champion_run:
        return storage.join(path, paths.RUNS, champion_run)
    is_run = storage.exists(storage.join(path, kind.place)) and not any(_is(path, other) for other in _KINDS)
    return path if is_run else ""


def _is(path: str, kind: DirectoryKind) -> bool:
    return storage.exists(storage.join(path, kind.mark))


def _state(path: str, kind: DirectoryKind) -> str:
    """Describes what is at a path where a directory of a kind is expected, with what to do next."""
    if not storage.exists(path):
        return f"the {kind.name} {path} does not exist, or is empty: run `{kind.made_by}` first"
    other = next((other for other in _KINDS if other is not kind and _is(path, other)), None)
    if other:
        return f"{path} is a {other.name}, no {kind.name}"
    if storage.exists(storage.join(path, paths.RUNS)):
        return f"{path} is a retraining directory without a champion: start `python -m pipelines.retrain` again"
    if _is(path, kind) or _begun(path):
        return f"the {kind.name} {path} is not finished: run `{kind.made_by}` on it again"
    return f"{path} is no {kind.name}{_music(path) or _files(path)}"


def _begun(path: str) -> bool:
    marks = (paths.UNFINISHED, paths.CHECKPOINTS, paths.CONFIG)
    return any(storage.exists(storage.join(path, mark)) for mark in marks)


def _music(path: str) -> str:
    """Describes a folder of music and what to do with it; "" if there is none."""
    names = [info.path for info in itertools.islice(storage.match(path), _MOST_FILES)]
    music = next((name for name in names if name.lower().endswith(_MUSIC)), "")
    if not music:
        return ""
    return (
        f" but music ({music.rpartition('/')[2]}): first make a dataset of it with `python -m pipelines.preprocess "
        f"--input {path} --output DATASET`"
    )


def _files(path: str) -> str:
    first = next((info.path for info in storage.match(path)), path)
    return f": it has {first.removeprefix(f'{path}/')}" if first != path else ", but a file"
