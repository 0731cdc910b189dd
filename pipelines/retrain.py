"""`python -m pipelines.retrain`: preprocess, train, judge, promote, generate, by hand or on a schedule."""

import logging
import shlex
import sys
import time
from collections.abc import Callable, Sequence

from nabi.beam.options import hush_imports
from nabi.workspace import champion, job_exit, logs, paths, recipes, storage
from nabi.workspace.commands import Parser
from pipelines.retraining import jobs, runs, steps
from pipelines.retraining.jobs import JobFlags
from pipelines.retraining.runs import RetrainRequest

_EXAMPLES = """examples:
  python -m pipelines.retrain --recipe chorales --output runs/chorales
  python -m pipelines.retrain --recipe piano --input ~/midi --output runs/mine \\
      --preprocess="--direct_num_workers=2 --direct_running_mode=multi_processing" \\
      --train="--steps=500" --generate="--num_songs=40 --seed=7"
  python -m pipelines.retrain --recipe piano --input ~/midi --output runs/mine --watch 60
  python -m pipelines.retrain --output runs/mine --rollback

Run again with the same input and settings, it skips what is finished and goes on where it was stopped. With another
--generate alone it samples from the model that is there, into a directory beside the first songs. With new or changed
files it reads those, trains from the champion's weights, asks both models about songs that neither knew, and promotes
the new one if it is better (python -m trainer.gate --help has the checks and their thresholds, for --gate).
OUTPUT/champion names the run whose model and songs are to be used; only a promotion or a rollback changes it.
"""


def flags() -> Parser:
    """Returns the parser of this job's flags."""
    parser = Parser(
        "python -m pipelines.retrain",
        description="Runs the jobs in order into OUTPUT/runs/REQUEST, and names the best run OUTPUT/champion.",
        examples=_EXAMPLES,
    )
    add = parser.add_argument
    add("--input", action="append", help="as of pipelines.preprocess; may come from the recipe")
    add("--output", required=True, help="the retraining directory, local or gs://")
    add(
        "--recipe",
        help=f"settings of all jobs: {', '.join(recipes.names())}, or a TOML file; all its runs, or with :RUN one",
    )
    add("--fresh", action="store_true", help="train from first weights, not from the champion's")
    add("--watch", type=float, metavar="MINUTES", help="run for ever, looking for new files every so many minutes")
    add("--rollback", action="store_true", help="make the champion before this one the champion again, and do no more")
    for job in jobs.WITH_FLAGS:
        add(f"--{job}", default="", metavar="FLAGS", help=f"more flags for the {job} job, in quotes")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses flags and runs; exits with 2 for a wrong flag, with 1 if a job fails or another run was promoted first."""
    logs.start()
    # Checking Beam's own flags imports Beam, which prints warnings.
    hush_imports()
    try:
        chosen = flags().parse_args(arguments)
        if chosen.watch is not None and not chosen.watch > 0:
            raise ValueError(f"--watch {chosen.watch:g} must be above 0 minutes")
        output = storage.folder(chosen.output)
        if chosen.rollback:
            logs.say(f"the champion is {champion.rollback(output).run} again")
            return
        job_flags = {job: _split(f"--{job}", getattr(chosen, job)) for job in jobs.WITH_FLAGS}
        work = {"inputs": chosen.input, "output": output, "recipe": chosen.recipe, "job_flags": job_flags}
        if chosen.watch is None:
            run(**work, fresh=chosen.fresh)
        else:
            watch(lambda: run(**work, fresh=chosen.fresh), chosen.watch)
    except (jobs.JobFailedError, storage.ChangedError) as error:
        logs.complain(str(error))
        sys.exit(1)
    except (ValueError, storage.StorageError) as error:
        logs.complain(f"retrain: {error}")
        sys.exit(2)


def _split(flag: str, text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ValueError(f"{flag} {text!r} must be flags as a terminal takes them ({error})") from error


def run(
    *,
    inputs: Sequence[str] | None,
    output: str,
    recipe: str | None,
    job_flags: JobFlags,
    fresh: bool = False,
) -> str:
    """Builds a run's dataset, trains and judges its model, and samples songs if it is promoted; skips finished jobs.

    Args:
      inputs: see `pipelines.reading.sources.expand`; None takes the recipe's.
      output: the retraining directory.
      recipe: a recipe's name or file, with `:run` for one of its runs alone, or None.
      job_flags: job -> additional flags of that job, for each of its runs.
      fresh: true trains from random weights although there is a champion to start from.

    Returns:
      The run's directory.

    Raises:
      ValueError, StorageError: if input or recipe are wrong, or another job works in the directory.
      storage.ChangedError: if another run was promoted while this one was judged.
      jobs.JobFailedError: if a job fails, with its last line.
    """
    min_gate_songs = check(output, inputs, recipe, job_flags)
    request = RetrainRequest.create(inputs, recipe, job_flags, output=output, fresh=fresh)
    with runs.exclusive(output):
        steps.run_jobs(request, output, fresh=fresh, min_gate_songs=min_gate_songs)
    return storage.join(output, paths.RUNS, request.name)


def check(output: str, inputs: Sequence[str] | None, recipe: str | None, job_flags: JobFlags) -> int:
    """Checks the flags of all jobs before the first of them starts; see `run`.

    Returns:
      The smallest number of songs that the gate judges by (`--min_gate_songs`).

    Raises:
      ValueError: if a job's flags are wrong, with the job's name and its message.
    """
    plan = jobs.plan(output, inputs or (jobs.RECIPES_OWN,), recipe, job_flags)
    for job in (plan.dataset, plan.model, plan.trial, *plan.songs):
        jobs.check(job)
    min_gate_songs: int = jobs.check(jobs.gate(output, "", job_flags)).min_gate_songs
    return min_gate_songs


def watch(work: Callable[[], object], minutes: float) -> None:
    """Calls `work` every so many minutes, for ever; failures are logged and retried.

    Raises:
      ValueError: if the first call raises it; later ones are logged, since a missing folder may come back.
    """
    is_first = True
    while True:
        began = time.monotonic()
        try:
            work()
        except (jobs.JobFailedError, storage.StorageError, storage.FullDiskError) as error:
            logging.error("%s", error)
        except ValueError as error:
            if is_first:
                raise
            logging.error("%s", error)
        is_first = False
        wait = max(60 * minutes - (time.monotonic() - began), 0)
        logging.info("looking again in %.1f minutes", wait / 60)
        time.sleep(wait)


if __name__ == "__main__":
    job_exit.run(main, "retrain")
