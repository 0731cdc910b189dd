"""A retraining run: its request, the state that it started from, the flags that it was judged by, and its lock."""

import contextlib
import dataclasses
import fcntl
import itertools
import os
import pathlib
from collections.abc import Iterable, Iterator, Sequence

from nabi.workspace import paths, recipes, storage
from pipelines.reading import sources
from pipelines.retraining.jobs import JobFlags


@dataclasses.dataclass(frozen=True)
class RetrainRequest:
    """Input and settings of a run.

    Attributes:
      inputs: input of preprocess.
      recipe: a recipe's name or file, or None.
      job_flags: job -> additional flags of that job.
      name: the run's name, a fingerprint of the input files and of `settings`.
      settings: fingerprint of the flags and the recipe as far as they decide the models; sampling and judging do not.
      sampling: fingerprint of the flags and the recipe as far as they decide how songs are sampled.
    """

    inputs: tuple[str, ...]
    recipe: str | None
    job_flags: JobFlags
    name: str
    settings: str
    sampling: str

    @classmethod
    def create(
        cls,
        inputs: Sequence[str] | None,
        recipe: str | None,
        job_flags: JobFlags,
        *,
        output: str,
        fresh: bool = False,
    ) -> "RetrainRequest":
        """Lists the input files and fingerprints them with the settings.

        Args:
          inputs: input of preprocess; None takes the recipe's.
          recipe: a recipe's name or file, or None.
          job_flags: job -> additional flags of that job.
          output: the retraining directory.
          fresh: true trains from random weights although there is a champion.

        Raises:
          ValueError, StorageError: if input or recipe are wrong.
        """
        table = recipes.read(recipe.partition(":")[0]) if recipe else {}
        given = tuple(inputs or table.get("preprocess", {}).get("input", ()))
        if not given:
            raise ValueError("give --input (files, folders, globs, or corpus:bach-chorales), or a recipe that has one")
        files = sources.expand(given)
        _refuse_own_songs(given, {source.path.rpartition("/")[0] for source in files}, output)
        listing = paths.fingerprint_all(map(dataclasses.astuple, files))
        runs = recipes.plan(recipe) if recipe else []
        model_tables = {key: value for key, value in table.items() if key not in ("description", "generate")}
        model_flags = {job: list(flags) for job, flags in job_flags.items() if job not in ("gate", "generate")}
        models = list(dict.fromkeys(run.model for run in runs))
        settings = paths.fingerprint([model_tables, models, model_flags, *(["fresh"] if fresh else [])])
        samplings = [row for row in table.get("generate", []) if row["name"] in {run.name for run in runs}]
        sampling = paths.fingerprint([samplings, list(job_flags.get("generate", ()))])
        return cls(given, recipe, job_flags, paths.fingerprint([listing, settings]), settings, sampling)


def _refuse_own_songs(inputs: Iterable[str], folders: Iterable[str], output: str) -> None:
    """Raises ValueError if songs that runs generate are in the input, or would be in that of the next run.

    Args:
      inputs: files, folders and patterns as given.
      folders: folders that hold a file of the input.
      output: the retraining directory.
    """
    runs = _absolute(storage.join(output, paths.RUNS))
    above_runs = (path for path in inputs if f"{runs}/".startswith(f"{_absolute(path)}/"))
    below_runs = (path for path in folders if f"{_absolute(path)}/".startswith(f"{runs}/"))
    if path := next(itertools.chain(above_runs, below_runs), ""):
        raise ValueError(
            f"the songs that --output {output} gets would be input, by {path}: models would be trained on what models "
            "before them made; give an --output outside of --input"
        )


def _absolute(path: str) -> str:
    return path.rstrip("/") if storage.scheme_of(path) else str(pathlib.Path(path).resolve()).rstrip("/")


def begin(folder: str, request: RetrainRequest, champion: str) -> dict[str, str]:
    """Writes the state that a run starts from, unless it has started before: after a kill it goes on with the same.

    Args:
      folder: the run's directory.
      request: the run's request.
      champion: name of the present champion; "": none.

    Returns:
      See `begun`.
    """
    path = storage.join(folder, paths.REQUEST)
    if not storage.exists(path):
        state = {"settings": request.settings, "sampling": request.sampling, "champion": champion}
        paths.write_json(path, state)
    return begun(folder)


def begun(folder: str) -> dict[str, str]:
    """Reads the state that a run started from: `settings` and `sampling` of its request, and the `champion` then."""
    return paths.read_object(storage.join(folder, paths.REQUEST), "settings", "sampling", "champion")


def same_settings(folder: str, request: RetrainRequest) -> bool:
    """Returns true if a run has the settings of a request; the input files may differ."""
    path = storage.join(folder, paths.REQUEST)
    return storage.exists(path) and paths.read_json(path).get("settings") == request.settings


def same_songs(folder: str, other: str) -> bool:
    """Returns true if the datasets of two runs are finished and have the same content, by its fingerprint."""
    marks = [paths.completed(storage.join(run, paths.DATA)) for run in (folder, other)]
    contents = [mark and mark["content"] for mark in marks]
    return contents[0] is not None and contents[0] == contents[1]


def judged_by(folder: str) -> list[str] | None:
    """Returns the gate's flags that a run was judged by; None if it was not judged, or the flags are not known."""
    path = storage.join(folder, paths.GATE, paths.REQUEST)
    return paths.read_object(path, "flags")["flags"] if storage.exists(path) else None


def judge_by(folder: str, flags: Sequence[str]) -> None:
    """Writes down the gate's flags that a run was judged by."""
    paths.write_json(storage.join(folder, paths.GATE, paths.REQUEST), {"flags": list(flags)})


@contextlib.contextmanager
def exclusive(output: str) -> Iterator[None]:
    """Locks a local retraining directory against other retraining jobs of this machine while the context lasts.

    The kernel releases the lock when this process and the job that it has started have both ended: a job is killed with
    its parent, but may live a moment longer. A bucket has no lock: there, schedulers keep jobs apart
    (`max_concurrent_run_count=1`), and only promotion is safe against a concurrent one.

    Raises:
      ValueError: if another job works there.
      StorageError: if nothing can be written there.
    """
    if storage.scheme_of(output):
        yield
        return
    # Not the directory itself, which `storage.write_if_unchanged` locks for a moment.
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
