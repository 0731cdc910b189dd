"""`python -m pipelines.retrain`: preprocess, train, promote, generate, by hand or on a schedule."""

import argparse
import dataclasses
import logging
import shlex
import signal
import sys
from collections.abc import Sequence

from pipelines import jobs, sources
from songs import layout, recipes, storage

_EXAMPLES = """examples:
  python -m pipelines.retrain --recipe chorales --output runs/chorales
  python -m pipelines.retrain --recipe piano --input ~/midi --output runs/mine \\
      --preprocess="--direct_num_workers=2 --direct_running_mode=multi_processing" \\
      --train="--steps=500" --generate="--num_songs=40 --seed=7"

Run again with the same input and settings, it skips what is finished and goes on where it was stopped.
"""


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
    add(
        "--recipe",
        help=f"settings of all three jobs: {', '.join(recipes.names())}, or a TOML file; all its runs, or with :RUN "
        "one",
    )
    for job in jobs.WITH_FLAGS:
        add(f"--{job}", default="", metavar="FLAGS", help=f"more flags for the {job} job, in quotes")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads flags and runs; exits with 2 for a wrong flag, with the failed job's status if one fails."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    # As an interrupt from the keyboard, so that the running job is stopped too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = flags().parse_args(arguments)
    try:
        more = {job: shlex.split(getattr(chosen, job)) for job in jobs.WITH_FLAGS}
        run(inputs=chosen.input, output=storage.folder(chosen.output), recipe=chosen.recipe, more=more)
    except jobs.JobFailedError as error:
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
      recipe: a recipe's name or file, with `:run` for one of its runs alone, or None.
      more: job -> flags of that job, of all its runs.

    Returns:
      The run's directory.

    Raises:
      ValueError, StorageError: if input or recipe are wrong.
      jobs.JobFailedError: if a job fails, with its last lines.
    """
    settings = recipes.read(recipe.partition(":")[0]) if recipe else {}
    given = list(inputs or settings.get("preprocess", {}).get("input", []))
    if not given:
        raise ValueError("give --input (files, folders, globs, or corpus:bach-chorales), or a recipe that has one")
    listing = [dataclasses.astuple(source) for source in sources.expand(given)]
    request = layout.fingerprint([listing, settings, recipe, more])
    folder = storage.join(output, layout.RUNS, request)
    for job in jobs.plan(folder, given, recipe, more):
        if job.name != jobs.COMPARE and layout.completed(job.folder) is not None:
            logging.info("%s: %s is finished, skipped", job.name, job.folder)
        else:
            jobs.start(job)
        if job.folder == storage.join(folder, layout.MODELS):
            _promote(output, request)
    print(report(folder), flush=True)
    return folder


def report(folder: str) -> str:
    """Where a run's songs, model and dataset lie."""
    of_all = storage.join(folder, layout.INDEX)
    lines = (
        ("songs", of_all if storage.exists(of_all) else storage.join(folder, layout.SONGS, layout.INDEX)),
        ("model", storage.join(folder, layout.MODELS)),
        ("dataset", storage.join(folder, layout.DATA)),
    )
    return "\n".join(["", *(f"{name:8} {path}" for name, path in lines)])


def _promote(output: str, request: str) -> None:
    """Names a run the champion, in one write."""
    layout.write_json(storage.join(output, layout.CHAMPION), {"run": request})


if __name__ == "__main__":
    main()
