"""`python -m pipelines.promote --output DIR --run NAME`: names a run the champion, if it was judged to be better.

`pipelines.retrain` ends with this; schedulers that run each job on another machine call it as a step of its own.
"""

import dataclasses
from collections.abc import Sequence

from nabi.workspace import champion, job_exit, logs, paths, storage
from nabi.workspace.commands import Parser, refusing


@refusing("promote")
def main(arguments: Sequence[str] | None = None) -> int:
    """Promotes a run; exits with 0 (promoted or not), 1 (another run was promoted meanwhile) or 2 (wrong use)."""
    parser = Parser("python -m pipelines.promote", description=__doc__)
    parser.add_argument("--output", required=True, help="the retraining directory, local or gs://")
    parser.add_argument("--run", required=True, help="name of the run, a directory of OUTPUT/runs")
    chosen = parser.parse_args(arguments)
    try:
        logs.say(promote(storage.folder(chosen.output), chosen.run).message)
    except storage.ChangedError as error:
        logs.complain(f"promote failed: {error}")
        return 1
    return 0


@dataclasses.dataclass(frozen=True)
class Promotion:
    """Outcome of a promotion.

    Attributes:
      is_champion: true if the run is the champion now.
      message: the outcome and its reasons, as sentences.
      failed_checks: true if the run became the first champion although checks of the gate failed.
    """

    is_champion: bool
    message: str
    failed_checks: bool = False


def promote(output: str, run: str) -> Promotion:
    """Makes a run the champion if `trainer.gate` judged it better, or if there is no champion and the gate lets it.

    Args:
      output: the retraining directory, local or gs://.
      run: name of the run, a directory of `output`/runs.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: if the run's model is not finished, or was not judged against
        the champion of now (by itself, where there is none).
      nabi.workspace.storage.ChangedError: if another run was promoted meanwhile.
    """
    current = champion.read(output)
    paths.require_completed(storage.join(output, paths.RUNS, run, paths.MODELS), "model", "python -m trainer.task")
    if current.run == run:
        return Promotion(True, f"run {run} is the champion already")
    if run in (*current.before, *current.withdrawn):
        return Promotion(False, f"run {run} was the champion before {current.run}, and is not promoted again by itself")
    judgement = champion.judgement(output, run, current.run)
    if judgement is None:
        against = f"against the champion {current.run}" if current.run else "by itself, as a first champion is"
        raise ValueError(f"run {run} was not judged {against}: run `python -m trainer.gate` first")
    reasons = [*judgement["reasons"], storage.join(output, paths.RUNS, run, paths.GATE, paths.DECISION_PAGE)]
    if not judgement["promote"]:
        result = f"{current.run} stays the champion" if current.run else "and there is no champion (--first_must_pass)"
        return Promotion(False, "\n  ".join([f"run {run} is not promoted, {result}:", *reasons]))
    champion.promote(output, run, current)
    if not judgement["passed"]:
        warning = (
            f"warning: run {run} is the first champion, there being no other to sample from, although checks failed:"
        )
        return Promotion(True, "\n  ".join([warning, *reasons]), failed_checks=True)
    return Promotion(True, f"run {run} is the champion{f' after {current.run}' if current.run else ''}")


if __name__ == "__main__":
    job_exit.run(main, "promote")
