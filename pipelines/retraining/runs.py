"""A run of the retraining job: what was asked for, what it set out from, and how it was judged."""

import contextlib
import dataclasses
import fcntl
import itertools
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from nabi.workspace import paths, recipes, storage
from pipelines.reading import sources


@dataclasses.dataclass(frozen=True)
class RetrainRequest:
    """What was asked for.

    Attributes:
      inputs: of preprocess.
      recipe: a recipe's name or file, or None.
      more: job -> flags of that job.
      name: the fingerprint of the files that the inputs name, and of the settings.
      settings: the fingerprint of what decides the models: flags and recipe, but not how songs are sampled from them,
        nor how they are judged.
      sampling: the fingerprint of how songs are sampled.
    """

    inputs: tuple[str, ...]
    recipe: str | None
    more: Mapping[str, Sequence[str]]
    name: str
    settings: str
    sampling: str

    @classmethod
    def of(
        cls,
        inputs: Sequence[str] | None,
        recipe: str | None,
        more: Mapping[str, Sequence[str]],
        *,
        output: str,
        fresh: bool = False,
    ) -> "RetrainRequest":
        """Lists the files.

        Args:
          inputs: of preprocess; None takes the recipe's.
          recipe: a recipe's name or file, or None.
          more: job -> flags of that job.
          output: the retraining directory.
          fresh: whether training begins with first weights, although there is a champion.

        Raises:
          ValueError, StorageError: if input or recipe are wrong.
        """
        table = recipes.read(recipe.partition(":")[0]) if recipe else {}
        given = tuple(inputs or table.get("preprocess", {}).get("input", ()))
        if not given:
            raise ValueError("give --input (files, folders, globs, or corpus:bach-chorales), or a recipe that has one")
        found = sources.expand(given)
        _refuse_own_songs(given, {source.path.rpartition("/")[0] for source in found}, output)
        listing = paths.fingerprint_all(map(dataclasses.astuple, found))
        songs = recipes.plan(recipe) if recipe else []
        made_of = {key: value for key, value in table.items() if key not in ("description", "generate")}
        of_models = {job: list(flags) for job, flags in more.items() if job not in ("gate", "generate")}
        models = list(dict.fromkeys(one.model for one in songs))
        settings = paths.fingerprint([made_of, models, of_models, *(["fresh"] if fresh else [])])
        samplings = [row for row in table.get("generate", []) if row["name"] in {one.name for one in songs}]
        sampling = paths.fingerprint([samplings, list(more.get("generate", ()))])
        return cls(given, recipe, more, paths.fingerprint([listing, settings]), settings, sampling)


def _refuse_own_songs(inputs: Iterable[str], folders: Iterable[str], output: str) -> None:
    """Raises ValueError if the songs that runs make are among the input, or would be.

    Args:
      inputs: as they are given; a folder is searched below.
      folders: that hold a file of the input.
      output: the retraining directory.
    """
    runs = _place(storage.join(output, paths.RUNS))
    around = (path for path in inputs if f"{runs}/".startswith(f"{_place(path)}/"))
    within = (path for path in folders if f"{_place(path)}/".startswith(f"{runs}/"))
    if path := next(itertools.chain(around, within), ""):
        raise ValueError(
            f"the songs that --output {output} gets would be input, by {path}: models would be trained on what models "
            "before them made; give an --output outside of --input"
        )


def _place(path: str) -> str:
    return path.rstrip("/") if storage.scheme_of(path) else str(pathlib.Path(path).resolve()).rstrip("/")


def begin(folder: str, request: RetrainRequest, champion: str) -> dict[str, str]:
    """What a run set out with; written when it first starts, so that it goes on with the same after a kill.

    Args:
      folder: the run's directory.
      request: what was asked for.
      champion: the champion's name now; "": none.

    Returns:
      See `begun`.
    """
    path = storage.join(folder, paths.REQUEST)
    if not storage.exists(path):
        begun_with = {"settings": request.settings, "sampling": request.sampling, "champion": champion}
        paths.write_json(path, begun_with)
    return begun(folder)


def begun(folder: str) -> dict[str, str]:
    """With what a run first started: `settings` and `sampling` of its request, and the `champion` of that time."""
    return paths.read_object(storage.join(folder, paths.REQUEST), "settings", "sampling", "champion")


def same_settings(folder: str, request: RetrainRequest) -> bool:
    """Whether a run was made by the settings of a request, of whatever files."""
    path = storage.join(folder, paths.REQUEST)
    return storage.exists(path) and paths.read_json(path).get("settings") == request.settings


def same_songs(folder: str, other: str) -> bool:
    """Whether the datasets of two runs have the same songs, by the hash of their content."""
    marks = [paths.completed(storage.join(run, paths.DATA)) for run in (folder, other)]
    contents = [mark and mark["content"] for mark in marks]
    return contents[0] is not None and contents[0] == contents[1]


def judged_by(folder: str) -> list[str] | None:
    """The gate's flags that a run was judged by; None if it was not, or that is not known."""
    path = storage.join(folder, paths.GATE, paths.REQUEST)
    return paths.read_object(path, "flags")["flags"] if storage.exists(path) else None


def judge_by(folder: str, flags: Sequence[str]) -> None:
    """Remembers the gate's flags that a run was judged by, once it is."""
    paths.write_json(storage.join(folder, paths.GATE, paths.REQUEST), {"flags": list(flags)})


@contextlib.contextmanager
def alone(output: str) -> Iterator[None]:
    """Keeps other retraining jobs of this machine out of a local directory while this one works in it.

    The kernel ends the lock with the process, however it ends, and with the job that it has started: that one is killed
    with it, which may take the moment in which the next would begin beside it. A bucket has none: there, schedulers
    keep jobs apart (`max_concurrent_run_count=1`), and promotion alone is safe from others.

    Raises:
      ValueError: if another job works there.
      StorageError: if nothing can be written there.
    """
    if storage.scheme_of(output):
        yield
        return
    # Not the directory itself: `storage.write_if_unchanged` locks that one for a moment.
    folder = pathlib.Path(storage.join(output, paths.RUNS))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        if storage.is_full(error):
            raise
        raise storage.StorageError(f"cannot write below --output {output}: {error.strerror or error}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(
                f"another retraining job works in --output {output}: wait for it, or stop it, and its jobs with it"
            ) from None
        os.set_inheritable(descriptor, True)
        yield
    finally:
        os.close(descriptor)
