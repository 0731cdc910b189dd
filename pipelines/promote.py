"""`python -m pipelines.promote --output DIR --run NAME`: names a run the champion, if it was judged to be better.

What `pipelines.retrain` does at its end, as a step of its own for schedulers that run each job on another machine.
"""

import dataclasses
from collections.abc import Sequence

from nabi.workspace import champion, job_exit, logs, paths, storage
from nabi.workspace.commands import Parser, refusing


@refusing("promote")
def main(arguments: Sequence[str] | None = None) -> int:
    """Promotes; the exit status: 0 (promoted or not), 1 (another run was promoted just now) or 2 (wrong use)."""
    parser = Parser("python -m pipelines.promote", description=__doc__)
    parser.add_argument("--output", required=True, help="the retraining directory, local or gs://")
    parser.add_argument("--run", required=True, help="name of the run, a directory of OUTPUT/runs")
    chosen = parser.parse_args(arguments)
    try:
        logs.say(promote(storage.folder(chosen.output), chosen.run).said)
    except storage.ChangedError as error:
        logs.complain(f"promote failed: {error}")
        return 1
    return 0


@dataclasses.dataclass(frozen=True)
class Promotion:
    """Whether a run is the champion now, and why.

    Attributes:
      done: whether it is.
      said: in words.
      doubted: whether it is although it failed, as a first one may.
    """

    done: bool
    said: str
    doubted: bool = False


def promote(output: str, run: str) -> Promotion:
    """Makes a run the champion if `trainer.gate` found it better, or there is none and it did not refuse the run.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: if the run's model is not finished, or was not judged against
      this
        champion, or by itself where there is none.
      nabi.workspace.storage.ChangedError: if another run was promoted just now.
    """
    seen = champion.read(output)
    paths.require_completed(storage.join(output, paths.RUNS, run, paths.MODELS), "model", "python -m trainer.task")
    if seen.run == run:
        return Promotion(True, f"run {run} is the champion already")
    if run in (*seen.before, *seen.withdrawn):
        return Promotion(False, f"run {run} was the champion before {seen.run}, and is not promoted again by itself")
    found = champion.judgement(output, run, seen.run)
    if found is None:
        against = f"against the champion {seen.run}" if seen.run else "by itself, as a first champion is"
        raise ValueError(f"run {run} was not judged {against}: run `python -m trainer.gate` first")
    why = [*found["reasons"], storage.join(output, paths.RUNS, run, paths.GATE, paths.DECISION_PAGE)]
    if not found["promote"]:
        then = f"{seen.run} stays the champion" if seen.run else "and there is no champion (--first_must_pass)"
        return Promotion(False, "\n  ".join([f"run {run} is not promoted, {then}:", *why]))
    champion.promote(output, run, seen)
    if not found["passed"]:
        first = (
            f"warning: run {run} is the first champion, there being no other to sample from, although checks failed:"
        )
        return Promotion(True, "\n  ".join([first, *why]), doubted=True)
    return Promotion(True, f"run {run} is the champion{f' after {seen.run}' if seen.run else ''}")


if __name__ == "__main__":
    job_exit.run(main, "promote")
