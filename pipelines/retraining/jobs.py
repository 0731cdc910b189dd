"""The jobs of a run, as a scheduler starts them: by module name, each in a process of its own."""

import dataclasses
import importlib
import logging
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from nabi.workspace import logs, paths, recipes, retraining_steps, storage
from nabi.workspace.retraining_steps import GATE, GENERATE, PREPROCESS, SAMPLE, TRAIN
from nabi.workspace.subprocesses import ChildProcess

COMPARE = "compare"
_MODULES = {**retraining_steps.MODULES, COMPARE: "generator.compare"}
# Those whose flags may be given by hand; the first three also take a recipe's table.
WITH_FLAGS = (PREPROCESS, TRAIN, GENERATE, GATE)
# Stands for an input that a recipe gives.
RECIPES_OWN = "recipe"


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


@dataclasses.dataclass(frozen=True)
class Plan:
    """The jobs of a run, in order.

    Attributes:
      dataset: makes the dataset.
      model: trains the first model of the recipe, the challenger.
      trial: samples the songs that the challenger is judged by.
      songs: what is left when it is promoted: its songs, the other models with theirs, and a page of all.
    """

    dataset: Job
    model: Job
    trial: Job
    songs: tuple[Job, ...]

    @property
    def page(self) -> str:
        """The page of the songs."""
        last = self.songs[-1]
        return last.folder if last.name == COMPARE else storage.join(self.songs[0].folder, paths.INDEX)


def plan(
    folder: str,
    inputs: Sequence[str],
    recipe: str | None,
    more: Mapping[str, Sequence[str]],
    *,
    champion: str = "",
    warm: bool = False,
    label: str = "",
) -> Plan:
    """What a run does.

    The first songs and their model lie in `songs` and `model`, those of further runs of the recipe in `songs-NAME`
    and `model-NAME`; with a label in `songs-LABEL` and `songs-NAME-LABEL`.

    Args:
      folder: the run's directory.
      inputs: of preprocess.
      recipe: a recipe's name or file, `NAME:run` for one of its runs, or None.
      more: job -> flags of that job.
      champion: the directory of the run whose songs need not be read again; "": none.
      warm: whether its models are started from.
      label: tells songs of one model from others of it; "": the first ones.

    Raises:
      ValueError: if there is no such recipe or run.
    """
    wanted = recipes.plan(recipe) if recipe else [recipes.GenerateRun("", "")]
    name = recipe.partition(":")[0] if recipe else ""
    models = _places(folder, paths.MODELS, [one.model for one in wanted])
    songs = _places(folder, paths.SONGS, [one.name for one in wanted], label)
    trained = {run: _train(name, run, place, folder, more, champion if warm else "") for run, place in models.items()}

    def generate(one: recipes.GenerateRun, step: str, place: str) -> Job:
        values = {"model": models[one.model], "songs": place, "gate_songs": place}
        return _job(step, place, values, _recipe(name, one.name), more)

    made = [generate(one, GENERATE, songs[one.name]) for one in wanted]
    first = wanted[0]
    of_model = {run: [job for job, one in zip(made, wanted, strict=True) if one.model == run] for run in models}
    others = [job for run in list(models)[1:] for job in (trained[run], *of_model[run])]
    return Plan(
        dataset=_preprocess(name, inputs, folder, more, champion),
        model=trained[first.model],
        trial=generate(first, SAMPLE, storage.join(folder, paths.GATE_SONGS)),
        songs=(*of_model[first.model], *others, *([_page(folder, songs, label)] if len(songs) > 1 else [])),
    )


def gate(folder: str, champion: str, more: Mapping[str, Sequence[str]]) -> Job:
    """The job that judges a run's model against the champion's, or where there is none ("") by itself.

    Args:
      folder: the run's directory.
      champion: that of the champion.
      more: see `plan`.
    """
    values = retraining_steps.places(folder, champion)
    return _job(GATE, values["gate"], values, [], more, against=bool(champion))


def check(job: Job) -> Any:
    """The settings that a job's flags ask for, checked by the job itself before any work; nothing for a page.

    Raises:
      ValueError: as the job would, naming the flag of `retrain` that is wrong.
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
    given: Sequence[str],
    more: Mapping[str, Sequence[str]],
    *,
    against: bool = False,
) -> Job:
    """A row of the table of steps as a job.

    Args:
      step: its name.
      folder: the directory that it makes.
      values: of the names in its flags.
      given: flags that come first.
      more: see `plan`; of a flag given twice the later one holds.
      against: whether there is a champion to beat.
    """
    row = retraining_steps.BY_NAME[step]
    return Job(row.job, folder, row.arguments(values, [*given, *more.get(row.job, ())], against=against))


def _preprocess(name: str, inputs: Sequence[str], folder: str, more: Mapping[str, Sequence[str]], champion: str) -> Job:
    values = retraining_steps.places(folder, champion)
    given = [*_recipe(name), *(flag for pattern in inputs for flag in ("--input", pattern))]
    return _job(PREPROCESS, values["data"], values, given, more, against=bool(champion))


def _train(name: str, run: str, place: str, folder: str, more: Mapping[str, Sequence[str]], start: str) -> Job:
    """The training of a model, from the model of the same name of another run if that has one."""
    before = storage.join(start, place.rpartition("/")[2]) if start else ""
    values = {**retraining_steps.places(folder), "model": place, "champion_model": before}
    warm = bool(before) and paths.completed(before) is not None
    return _job(TRAIN, place, values, _recipe(name, run), more, against=warm)


def _places(folder: str, base: str, names: Sequence[str], label: str = "") -> dict[str, str]:
    """The directories of models or songs by the names of their runs, the first of them without its name."""
    parts = {name: (base, name if index else "", label) for index, name in enumerate(dict.fromkeys(names))}
    return {name: storage.join(folder, "-".join(filter(None, named))) for name, named in parts.items()}


def _page(folder: str, songs: Mapping[str, str], label: str) -> Job:
    page = storage.join(folder, paths.INDEX.replace(".", f"-{label}.") if label else paths.INDEX)
    return Job(COMPARE, page, (*songs.values(), "--names", ",".join(songs), "--output", page))


def _recipe(name: str, run: str = "") -> list[str]:
    return ["--recipe", f"{name}:{run}" if run else name] if name else []


def start(job: Job) -> None:
    """Runs a job to its end, its output going to the terminal line by line; raises JobFailedError.

    SIGTERM and Ctrl-C are passed on to it, and act as usual when it has ended.
    """
    logging.info("\n%s: python -m %s %s", job.name, job.module, shlex.join(job.arguments))
    child, last = ChildProcess(), [""]

    def show(line: str) -> None:
        last[0] = logs.message_of(line) or last[0]
        print(line, flush=True)

    with child.signals():
        # A job keeps the lock of `runs.alone`, whatever becomes of this process.
        status = child.run([sys.executable, "-m", job.module, *job.arguments], show)
    if child.caught:
        signal.raise_signal(child.caught[0])
    if status:
        reason = last[0].removeprefix(f"{job.name} failed: ").removeprefix(f"{job.name}: ")
        raise JobFailedError(f"{job.name} failed with status {status}: {reason}")
