"""The jobs of a run, as a scheduler starts them: by module name, each in a process of its own."""

import collections
import dataclasses
import logging
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from songs import layout, recipes, storage

_LAST_LINES = 20

PREPROCESS, TRAIN, GENERATE, COMPARE = "preprocess", "train", "generate", "compare"
_MODULES = {
    PREPROCESS: "pipelines.preprocess",
    TRAIN: "trainer.task",
    GENERATE: "generator.generate",
    COMPARE: "generator.compare",
}
# Those that take flags and a recipe's table.
WITH_FLAGS = (PREPROCESS, TRAIN, GENERATE)


class JobFailedError(Exception):
    """A job ended with an exit status other than 0."""


@dataclasses.dataclass(frozen=True)
class Job:
    """One of the jobs.

    Attributes:
      name: a key of the modules above.
      folder: the directory that it makes; of `compare` the page.
      arguments: its flags.
    """

    name: str
    folder: str
    arguments: tuple[str, ...]

    @property
    def module(self) -> str:
        """What `python -m` runs."""
        return _MODULES[self.name]


def plan(folder: str, inputs: Sequence[str], recipe: str | None, more: Mapping[str, Sequence[str]]) -> tuple[Job, ...]:
    """The jobs of a run, in order: the dataset, then each model with its songs, then a page of all songs.

    The first songs and their model lie in `songs` and `model`, those of further runs of the recipe in `songs-NAME`
    and `model-NAME`.

    Args:
      folder: the run's directory.
      inputs: of preprocess.
      recipe: a recipe's name or file, `NAME:run` for one of its runs, or None.
      more: job -> flags of that job.

    Raises:
      ValueError: if there is no such recipe or run.
    """
    wanted = recipes.plan(recipe) if recipe else [recipes.Songs("", "")]
    name = recipe.partition(":")[0] if recipe else ""
    dataset = storage.join(folder, layout.DATA)
    given = [flag for pattern in inputs for flag in ("--input", pattern)]
    jobs = [Job(PREPROCESS, dataset, (*_recipe(name), *given, "--output", dataset, *more.get(PREPROCESS, ())))]
    models, songs = _places(folder, wanted)
    for run, place in models.items():
        flags = (*_recipe(name, run), "--data", dataset, "--model_dir", place, *more.get(TRAIN, ()))
        jobs.append(Job(TRAIN, place, flags))
        for made in (made for made in wanted if made.model == run):
            flags = (*_recipe(name, made.name), "--model", place, "--output", songs[made.name], *more.get(GENERATE, ()))
            jobs.append(Job(GENERATE, songs[made.name], flags))
    if len(songs) > 1:
        jobs.append(_page(folder, songs))
    return tuple(jobs)


def _places(folder: str, wanted: Sequence[recipes.Songs]) -> tuple[dict[str, str], dict[str, str]]:
    """The directories of models and songs by the names of their runs, the first of each without a name."""
    models = dict.fromkeys(made.model for made in wanted)
    songs = dict.fromkeys(made.name for made in wanted)
    return tuple(  # type: ignore[return-value]
        {name: storage.join(folder, base if index == 0 else f"{base}-{name}") for index, name in enumerate(names)}
        for base, names in ((layout.MODELS, models), (layout.SONGS, songs))
    )


def _page(folder: str, songs: Mapping[str, str]) -> Job:
    page = storage.join(folder, layout.INDEX)
    return Job(COMPARE, page, (*songs.values(), "--names", ",".join(songs), "--output", page))


def _recipe(name: str, run: str = "") -> list[str]:
    return ["--recipe", f"{name}:{run}" if run else name] if name else []


def start(job: Job) -> None:
    """Runs a job to its end, its output going to the terminal line by line; raises JobFailedError."""
    logging.info("\n%s: python -m %s %s", job.name, job.module, shlex.join(job.arguments))
    last: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)
    command = [sys.executable, "-m", job.module, *job.arguments]
    process: Any
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        try:
            for line in process.stdout:
                last.append(line)
                print(line, end="", flush=True)
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        raise JobFailedError(f"\n{job.name} failed with status {process.returncode}; its last lines:\n{''.join(last)}")
