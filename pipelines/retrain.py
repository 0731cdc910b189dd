"""`python -m pipelines.retrain`: preprocess, train, judge, promote, generate, by hand or on a schedule."""

import logging
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from pipelines import jobs, promote, runs
from pipelines.runs import Request
from songs import champion, ending, layout, logs, recipes, storage
from songs.commands import Parser

_EXAMPLES = """examples:
  python -m pipelines.retrain --recipe chorales --output runs/chorales
  python -m pipelines.retrain --recipe piano --input ~/midi --output runs/mine \\
      --preprocess="--direct_num_workers=2 --direct_running_mode=multi_processing" \\
      --train="--steps=500" --generate="--num_songs=40 --seed=7"
  python -m pipelines.retrain --recipe piano --input ~/midi --output runs/mine --watch 60
  python -m pipelines.retrain --output runs/mine --rollback

Run again with the same input and settings, it skips what is finished and goes on where it was stopped. With new or
changed files it reads those, trains from the champion's weights, asks both models about songs that neither knew, and
promotes the new one if it is better (python -m trainer.gate --help has the checks and their thresholds, for --gate).
OUTPUT/champion names the run whose model and songs are to be used; only a promotion or a rollback changes it.
"""


def flags() -> Parser:
    """The flags of this job."""
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
    """Reads flags and runs; exits with 2 for a wrong flag, with 1 if a job fails or another run was promoted first."""
    logs.start()
    try:
        chosen = flags().parse_args(arguments)
        if chosen.watch is not None and not chosen.watch > 0:
            raise ValueError(f"--watch {chosen.watch:g} must be above 0 minutes")
        output = storage.folder(chosen.output)
        if chosen.rollback:
            logs.say(f"the champion is {champion.rollback(output).run} again")
            return
        more = {job: _split(f"--{job}", getattr(chosen, job)) for job in jobs.WITH_FLAGS}
        work = {"inputs": chosen.input, "output": output, "recipe": chosen.recipe, "more": more}
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
    more: Mapping[str, Sequence[str]],
    fresh: bool = False,
) -> str:
    """Makes a run's dataset and model, judges it, and if it is promoted its songs; skips what is finished.

    Args:
      inputs: see `pipelines.sources.expand`; None takes the recipe's.
      output: the retraining directory.
      recipe: a recipe's name or file, with `:run` for one of its runs alone, or None.
      more: job -> flags of that job, of all its runs.
      fresh: whether training begins with first weights, although there is a champion.

    Returns:
      The run's directory.

    Raises:
      ValueError, StorageError: if input or recipe are wrong, or another job works in the directory.
      storage.ChangedError: if another run was promoted while this one was judged.
      jobs.JobFailedError: if a job fails, with its last line.
    """
    request = Request.of(inputs, recipe, more, output=output, fresh=fresh)
    folder = storage.join(output, layout.RUNS, request.name)
    with runs.alone(output):
        _work(request, output, folder, fresh)
    return folder


def watch(work: Callable[[], object], minutes: float) -> None:
    """Works every so many minutes, for ever; a run that fails is told and tried again.

    Raises:
      ValueError: if what is asked for is wrong the first time; later it is told: a folder may come back.
    """
    looked = False
    while True:
        began = time.monotonic()
        try:
            work()
        except (jobs.JobFailedError, storage.StorageError, storage.FullDiskError) as error:
            logging.error("%s", error)
        except ValueError as error:
            if not looked:
                raise
            logging.error("%s", error)
        looked = True
        wait = max(60 * minutes - (time.monotonic() - began), 0)
        logging.info("looking again in %.1f minutes", wait / 60)
        time.sleep(wait)


def report(folder: str) -> str:
    """Where a run's songs, model and dataset lie."""
    of_all = storage.join(folder, layout.INDEX)
    lines = (
        ("songs", of_all if storage.exists(of_all) else storage.join(folder, layout.SONGS, layout.INDEX)),
        ("model", storage.join(folder, layout.MODELS)),
        ("dataset", storage.join(folder, layout.DATA)),
    )
    return "\n".join(["", *(f"{name:8} {path}" for name, path in lines)])


def _work(request: Request, output: str, folder: str, fresh: bool) -> None:
    now = champion.read(output)
    if now.run not in ("", request.name):
        _require_comparable(output, now.run)
    pinned = runs.begin(folder, request, "" if now.run == request.name else now.run)["champion"]
    before = storage.join(output, layout.RUNS, pinned) if pinned else ""
    if now.run == request.name:
        logging.info("the files and the settings are those of the champion %s", now.run)
    elif before and layout.completed(storage.join(before, layout.DATA)) is None:
        logging.info("the dataset of %s is not there any more: all files are read again", pinned)
        before = ""
    plan = jobs.plan(folder, request.inputs, request.recipe, request.more, champion=before, warm=not fresh)
    _do(plan.dataset)
    if known := _of_the_same_songs(request, output, folder, now):
        why = "" if known == now.run else ", which a rollback took back"
        logging.info("the songs and the settings are those of %s%s: the champion %s stays", known, why, now.run)
        return
    _do(plan.model)
    if _is_champion(request, output, folder, plan.trial):
        for job in plan.songs:
            _do(job)
        logs.say(report(folder))


def _require_comparable(output: str, run: str) -> None:
    """Raises ValueError if the champion is not there for a challenger to be judged against."""
    for place in (layout.MODELS, layout.DATA):
        path = storage.join(output, layout.RUNS, run, place)
        if layout.completed(path) is None:
            raise ValueError(
                f"{path} of the champion is not there any more, so that nothing can be judged against it: copy it "
                f"back, go back to the champion before it (--rollback), or delete {output}/{layout.CHAMPION} to begin "
                "without one"
            )


def _of_the_same_songs(request: Request, output: str, folder: str, now: champion.Champion) -> str:
    """The champion, or what a rollback withdrew, if it was made of a run's songs by its settings; "" if neither was."""
    for other in (now.run, *now.withdrawn):
        path = storage.join(output, layout.RUNS, other)
        different = other not in ("", request.name)
        if different and runs.same_settings(path, request) and runs.same_songs(folder, path):
            return other
    return ""


def _is_champion(request: Request, output: str, folder: str, trial: jobs.Job) -> bool:
    """Judges a run against the champion, unless that was done, and promotes it if it is better."""
    seen = champion.read(output)
    rival = seen.run not in ("", request.name) and request.name not in (*seen.before, *seen.withdrawn)
    asked = list(request.more.get(jobs.GATE, ()))
    if rival and (champion.judgement(output, request.name, seen.run) is None or runs.judged_by(folder) != asked):
        _do(trial)
        jobs.start(jobs.gate(folder, storage.join(output, layout.RUNS, seen.run), request.more))
        runs.judge_by(folder, asked)
    promotion = promote.promote(output, request.name)
    logging.info("\n%s", promotion.said)
    return promotion.done


def _do(job: jobs.Job) -> None:
    """Starts a job unless what it makes is finished; a page is made each time."""
    if job.name != jobs.COMPARE and layout.completed(job.folder) is not None:
        logging.info("%s: %s is finished, skipped", job.name, job.folder)
    else:
        jobs.start(job)


if __name__ == "__main__":
    ending.run(main, "retrain")
