"""Which directory a path means: what retrain made is found in it, and anything else is told for what it is."""

import dataclasses
import itertools

from nabi.workspace import champion, file_endings, paths, storage


@dataclasses.dataclass(frozen=True)
class DirectoryKind:
    """A kind of directory.

    Attributes:
      name: of it.
      place: its name in the directory of a run.
      mark: a file that only this kind has, as soon as it is begun or when it is whole.
      made_by: the command that makes one.
    """

    name: str
    place: str
    mark: str
    made_by: str

    @property
    def accepted(self) -> str:
        """What `find` takes, in words."""
        own = f", its {self.mark}," if self.mark == paths.MODEL else ""
        return f"a {self.name.removesuffix(' directory')} directory{own} or what retrain made: a run, or its --output"


MODEL = DirectoryKind("model", paths.MODELS, paths.MODEL, "python -m trainer.task")
DATASET = DirectoryKind("dataset", paths.DATA, paths.DATASET, "python -m pipelines.preprocess")
SONGS = DirectoryKind("songs directory", paths.SONGS, paths.MADE_BY, "python -m generator.generate")
_KINDS = (MODEL, DATASET, SONGS)
_MUSIC = (*file_endings.MIDI, *file_endings.SCORES, *file_endings.ARCHIVES)
# Files of a folder that are looked at before it is said to hold no music.
_MOST_FILES = 100


def model(path: str) -> str:
    """The model directory that a path means; see `find`."""
    return find(path, MODEL)


def find(path: str, kind: DirectoryKind) -> str:
    """The finished directory of a kind that a path means.

    Args:
      path: local or remote: such a directory, the directory of a run that has one, a retraining directory (its
        champion's), or of a model its `model.keras`.
      kind: of the directory.

    Raises:
      ValueError: if there is none, saying what is there and what is expected.
      nabi.workspace.storage.StorageError: if it cannot be looked at.
    """
    path = storage.folder(path)
    if kind is MODEL and path.rpartition("/")[2] == paths.MODEL:
        path = path.rpartition("/")[0] or "."
    if paths.completed(path) is not None and not any(_is(path, other) for other in _KINDS if other is not kind):
        return path
    run = _run_of(path, kind)
    found = storage.join(run, kind.place) if run else path
    if not run or paths.completed(found) is None:
        raise ValueError(f"{_state(found, kind)}; give {kind.accepted}")
    return found


def _run_of(path: str, kind: DirectoryKind) -> str:
    """The run that a path means; "" if it means none."""
    best = champion.read(path).run if storage.exists(storage.join(path, paths.CHAMPION)) else ""
    if best:
        return storage.join(path, paths.RUNS, best)
    is_run = storage.exists(storage.join(path, kind.place)) and not any(_is(path, other) for other in _KINDS)
    return path if is_run else ""


def _is(path: str, kind: DirectoryKind) -> bool:
    return storage.exists(storage.join(path, kind.mark))


def _state(path: str, kind: DirectoryKind) -> str:
    """What is at a path where a directory of a kind is looked for, in words."""
    if not storage.exists(path):
        return f"the {kind.name} {path} does not exist, or is empty: run `{kind.made_by}` first"
    other = next((one for one in _KINDS if one is not kind and _is(path, one)), None)
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
    """What to do with music; "" where there is none."""
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
