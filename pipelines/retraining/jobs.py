"""Plans the jobs of a retraining run and starts them as a scheduler would: modules, each in its own process."""

import dataclasses
import importlib
import logging
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nabi.workspace import logs, paths, recipes, retraining_steps, storage
from nabi.workspace.retraining_steps import GATE, GENERATE, PREPROCESS, SAMPLE, TRAIN
from nabi.workspace.subprocesses import ChildProcess

# Job -> additional flags of that job.
JobFlags = Mapping[str, Sequence[str]]

COMPARE = "compare"
_MODULES = {**retraining_steps.MODULES, COMPARE: "generator.compare"}
# Jobs that take flags from `retrain`'s command line; the first three also take a recipe's table.
WITH_FLAGS = (PREPROCESS, TRAIN, GENERATE, GATE)
# A stand-in for the recipe's input where only flags are checked.
RECIPES_OWN = "recipe"


class JobFailedError(Exception):
    """Raised when a job ended with an exit status other than 0."""


@dataclasses.dataclass(frozen=True)
class Job:
    """A job with its flags.

    Attributes:
      name: a step's job, such as `train`, or `compare`.
      folder: the directory that it makes; for `compare` the page.
      arguments: its flags.
    """

    name: str
    folder: str
    arguments: tuple[str, ...]

    @property
    def module(self) -> str:
        """Name of the module that `python -m` runs."""
        return _MODULES[self.name]


@dataclasses.dataclass(frozen=True)
class Plan:
    """The jobs of a run, in order.

    Attributes:
      dataset: builds the dataset.
      model: trains the recipe's first model, the challenger.
      trial: samples the songs that the challenger is judged by.
      songs: the jobs after its promotion: sample its songs, train and sample the other models, and make the page of
        all songs.
    """

    dataset: Job
    model: Job
    trial: Job
    songs: tuple[Job, ...]

    @property
    def page(self) -> str:
        """Path of the page of the songs."""
        last = self.songs[-1]
        return last.folder if last.name == COMPARE else storage.join(self.songs[0].folder, paths.INDEX)


def plan(
    folder: str,
    inputs: Sequence[str],
    recipe: str | None,
    job_flags: JobFlags,
    *,
    champion: str = "",
    warm: bool = False,
    label: str = "",
) -> Plan:
    """Plans the jobs of a run; see `_directories` for the directories that they make.

    Args:
      folder: the run's directory.
      inputs: input of preprocess.
      recipe: a recipe's name or file, `NAME:run` for one of its runs, or None.
      job_flags: additional flags of jobs.
      champion: directory of the run whose songs need not be read again; "": none.
      warm: true starts training from the champion's models.
      label: part of the directories' names for songs sampled with changed settings; "": the first songs.

    Raises:
      ValueError: if there is no such recipe or run.
    """
    runs = recipes.plan(recipe) if recipe else [recipes.GenerateRun("", "")]
    name = recipe.partition(":")[0] if recipe else ""
    models = _directories(folder, paths.MODELS, [run.model for run in runs])
    songs = _directories(folder, paths.SONGS, [run.name for run in runs], label)
    start_run = champion if warm else ""
    trainings = {model: _train(name, model, path, folder, job_flags, start_run) for model, path in models.items()}
    samplings = [_generate(GENERATE, name, run, models[run.model], songs[run.name], job_flags) for run in runs]
    page = [_page(folder, songs, label)] if len(songs) > 1 else []
    model, gate_songs = runs[0].model, storage.join(folder, paths.GATE_SONGS)
    return Plan(
        dataset=_preprocess(name, inputs, folder, job_flags, champion),
        model=trainings[model],
        trial=_generate(SAMPLE, name, runs[0], models[model], gate_songs, job_flags),
        songs=(*_by_model(runs, trainings, samplings), *page),
    )


def _by_model(
    runs: Sequence[recipes.GenerateRun], trainings: Mapping[str, Job], samplings: Sequence[Job]
) -> Iterator[Job]:
    """Yields the first model's sampling jobs, then the training and the sampling jobs of each other model.

    Args:
      runs: the recipe's runs.
      trainings: model -> its training job.
      samplings: the sampling job of each run.
    """
    for number, (model, training) in enumerate(trainings.items()):
        if number:
            yield training
        yield from (job for run, job in zip(runs, samplings, strict=True) if run.model == model)


def gate(folder: str, champion: str, job_flags: JobFlags) -> Job:
    """Returns the job that judges a run's model against the champion's, or without a champion by itself.

    Args:
      folder: the run's directory.
      champion: the champion's run directory; "": none.
      job_flags: see `plan`.
    """
    values = retraining_steps.places(folder, champion)
    return _job(GATE, values["gate"], values, [], job_flags, against=bool(champion))


def check(job: Job) -> Any:
    """Lets a job check its own flags before any work, and returns its settings; None for a page.

    Raises:
      ValueError: if a flag is wrong, with the job's name and its message.
    """
    if job.name == COMPARE:
        return None
    try:
        return importlib.import_module(job.module).check(job.arguments)
    except ValueError as error:
        raise ValueError(f"{job.name}: {error}") from error


def _job(
    step: str,
    folder: str,
    values: Mapping[str, str],
    flags: Sequence[str],
    job_flags: JobFlags,
    *,
    against: bool = False,
) -> Job:
    """Makes the job of a step from the table of steps.

    Args:
      step: the step's name.
      folder: the directory that it makes.
      values: values of the names in its flags.
      flags: flags that come before those of `job_flags`.
      job_flags: see `plan`; of a flag given twice the later one holds.
      against: true if there is a champion to start from, or to be judged against.
    """
    row = retraining_steps.BY_NAME[step]
    return Job(row.job, folder, row.arguments(values, [*flags, *job_flags.get(row.job, ())], against=against))


def _preprocess(name: str, inputs: Sequence[str], folder: str, job_flags: JobFlags, champion: str) -> Job:
    values = retraining_steps.places(folder, champion)
    flags = [*_recipe(name), *(flag for pattern in inputs for flag in ("--input", pattern))]
    return _job(PREPROCESS, values["data"], values, flags, job_flags, against=bool(champion))


def _train(name: str, model: str, path: str, folder: str, job_flags: JobFlags, start_run: str) -> Job:
    """Returns the job that trains a model, from the model of the same name in `start_run` if that has one."""
    start_model = storage.join(start_run, path.rpartition("/")[2]) if start_run else ""
    values = {**retraining_steps.places(folder), "model": path, "champion_model": start_model}
    warm = bool(start_model) and paths.completed(start_model) is not None
    return _job(TRAIN, path, values, _recipe(name, model), job_flags, against=warm)


def _generate(step: str, name: str, run: recipes.GenerateRun, model: str, path: str, job_flags: JobFlags) -> Job:
    """Returns the job that samples songs of a recipe's run from the model directory `model` into `path`."""
    values = {"model": model, "songs": path, "gate_songs": path}
    return _job(step, path, values, _recipe(name, run.name), job_flags)


def _directories(folder: str, base: str, names: Sequence[str], label: str = "") -> dict[str, str]:
    """Returns name -> directory of models or songs: `base` for the first name, `base-NAME` for the others.

    With a label they end with `-LABEL`.
    """
    parts = {name: (base, name if index else "", label) for index, name in enumerate(dict.fromkeys(names))}
    return {name: storage.join(folder, "-".join(filter(None, words))) for name, words in parts.items()}


def _page(folder: str, songs: Mapping[str, str], label: str) -> Job:
    page = storage.join(folder, paths.INDEX.replace(".", f"-{label}.") if label else paths.INDEX)
    return Job(COMPARE, page, (*songs.values(), "--names", ",".join(songs), "--output", page))


def _recipe(name: str, run: str = "") -> list[str]:
    return ["--recipe", f"{name}:{run}" if run else name] if name else []


def start(job: Job) -> None:
    """Runs a job to its end, printing its output line by line.

    SIGTERM and Ctrl-C are passed on to the job and act on this process when it has ended.

    Raises:
      JobFailedError: if its exit status is not 0, with its last message.
    """
    logging.info("\n%s: python -m %s %s", job.name, job.module, shlex.join(job.arguments))
    child, last_message = ChildProcess(), [""]

    def show(line: str) -> None:
        """Prints a line and remembers its message."""
        last_message[0] = logs.message_of(line) or last_message[0]
        print(line, flush=True)

    with child.signals():
        # The job inherits the lock of `runs.exclusive` and holds it even if this process dies.
        status = child.run([sys.executable, "-m", job.module, *job.arguments], show)
    if child.caught:
        signal.raise_signal(child.caught[0])
    if status:
        reason = last_message[0].removeprefix(f"{job.name} failed: ").removeprefix(f"{job.name}: ")
        raise JobFailedError(f"{job.name} failed with status {status}: {reason}")
