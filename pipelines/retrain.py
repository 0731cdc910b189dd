"""`python -m pipelines.retrain`: preprocess, train, promote, generate, by hand or on a schedule."""

import argparse
import collections
import dataclasses
import logging
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from pipelines import sources
from songs import layout, recipes, storage

_EXAMPLES = """examples:
  python -m pipelines.retrain --recipe chorales --output runs/chorales
  python -m pipelines.retrain --recipe piano --input ~/midi --output runs/mine \\
      --preprocess="--direct_num_workers=2 --direct_running_mode=multi_processing" \\
      --train="--steps=500" --generate="--num_songs=40 --seed=7"

Run again with the same input and settings, it skips what is finished and goes on where it was stopped.
"""

_LAST_LINES = 20
_MODULES = {"preprocess": "pipelines.preprocess", "train": "trainer.task", "generate": "generator.generate"}
_FOLDERS = (layout.DATA, layout.MODELS, layout.SONGS)


class JobFailedError(Exception):
    """A job ended with an exit status other than 0."""


@dataclasses.dataclass(frozen=True)
class Job:
    """One of the three jobs.

    Attributes:
      name: `preprocess`, `train` or `generate`.
      module: what `python -m` runs.
      folder: the directory that it makes.
      arguments: its flags.
    """

    name: str
    module: str
    folder: str
    arguments: tuple[str, ...]


def flags() -> argparse.ArgumentParser:
    """The flags of this job."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.retrain",
        description="Runs the three jobs in order into OUTPUT/runs/REQUEST, and names the run OUTPUT/champion.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--input", action="append", help="as of pipelines.preprocess; may come from the recipe")
    add("--output", required=True, help="the retraining directory, local or gs://")
    add("--recipe", help=f"settings of all three jobs: {', '.join(recipes.names())}, or a TOML file; flags win")
    for job in _MODULES:
        add(f"--{job}", default="", metavar="FLAGS", help=f"more flags for the {job} job, in quotes")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads flags and runs; exits with 2 for a wrong flag, with the failed job's status if one fails."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    # As an interrupt from the keyboard, so that the running job is stopped too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = flags().parse_args(arguments)
    try:
        more = {job: shlex.split(getattr(chosen, job)) for job in _MODULES}
        run(inputs=chosen.input, output=storage.folder(chosen.output), recipe=chosen.recipe, more=more)
    except JobFailedError as error:
        sys.exit(str(error))
    except (ValueError, storage.StorageError) as error:
        print(f"retrain: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit("stopped: the same command goes on from here")


def run(*, inputs: Sequence[str] | None, output: str, recipe: str | None, more: dict[str, list[str]]) -> str:
    """Makes a run's dataset, model and songs, skipping what is finished.

    Args:
      inputs: see `pipelines.sources.expand`; None takes the recipe's.
      output: the retraining directory.
      recipe: a recipe's name or file, or None.
      more: job -> flags of that job.

    Returns:
      The run's directory.

    Raises:
      ValueError, StorageError: if input or recipe are wrong.
      JobFailedError: if a job fails, with its last lines.
    """
    settings = recipes.read(recipe.partition(":")[0]) if recipe else {}
    given = list(inputs or settings.get("preprocess", {}).get("input", []))
    if not given:
        raise ValueError("give --input (files, folders, globs, or corpus:bach-chorales), or a recipe that has one")
    listing = [dataclasses.astuple(source) for source in sources.expand(given)]
    request = layout.fingerprint([listing, settings, recipe, more])
    folder = storage.join(output, layout.RUNS, request)
    for job in jobs(folder, given, {name: _recipe(recipe, settings, name) for name in _MODULES}, more):
        if layout.completed(job.folder) is not None:
            logging.info("%s: %s is finished, skipped", job.name, job.folder)
        else:
            _run(job)
        if job.name == "train":
            _promote(output, request)
    print(report(folder), flush=True)
    return folder


def jobs(
    folder: str, inputs: Sequence[str], recipe_flags: dict[str, list[str]], more: dict[str, list[str]]
) -> Iterator[Job]:
    """The jobs of a run, in order.

    Args:
      folder: the run's directory.
      inputs: of preprocess.
      recipe_flags: job -> its `--recipe`.
      more: job -> flags of that job.
    """
    made = {name: storage.join(folder, place) for name, place in zip(_MODULES, _FOLDERS, strict=True)}
    own = {
        "preprocess": [*(flag for pattern in inputs for flag in ("--input", pattern)), "--output", made["preprocess"]],
        "train": ["--data", made["preprocess"], "--model_dir", made["train"]],
        "generate": ["--model", made["train"], "--output", made["generate"]],
    }
    for name, module in _MODULES.items():
        yield Job(name, module, made[name], (*recipe_flags[name], *own[name], *more.get(name, [])))


def report(folder: str) -> str:
    """Where a run's songs, model and dataset lie."""
    lines = (
        ("songs", storage.join(folder, layout.SONGS, layout.INDEX)),
        ("model", storage.join(folder, layout.MODELS)),
        ("dataset", storage.join(folder, layout.DATA)),
    )
    return "\n".join(["", *(f"{name:8} {path}" for name, path in lines)])


def _recipe(recipe: str | None, settings: dict[str, Any], job: str) -> list[str]:
    """A job's `--recipe`: of NAME:run the run goes to the jobs that have one of that name."""
    name, _, run_name = (recipe or "").partition(":")
    runs = settings.get(job, [])
    there = isinstance(runs, list) and any(row.get("name") == run_name for row in runs)
    return ["--recipe", f"{name}:{run_name}" if there else name] if recipe else []


def _run(job: Job) -> None:
    """Runs a job to its end, its output going to the terminal line by line."""
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


def _promote(output: str, request: str) -> None:
    """Names a run the champion, in one write."""
    layout.write_json(storage.join(output, layout.CHAMPION), {"run": request})


if __name__ == "__main__":
    main()
