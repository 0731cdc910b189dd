"""Search for settings (`--tune`): trains one trial after another, and publishes tables and the best model."""

import dataclasses
import time
from collections.abc import Sequence

from nabi.workspace import job_exit, logs, paths, storage
from nabi.workspace.logs import say
from nabi.workspace.subprocesses import ChildProcess
from trainer.training import model_folder
from trainer.training.history import clock
from trainer.tuning import search_plan, trials_table, tune_page
from trainer.tuning.search import Search, listed
from trainer.tuning.search_plan import SearchPlan
from trainer.tuning.trial import Trial, TrialResult


class EndedError(Exception):
    """The search ends before its last trial, with the exit status `status`."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def run(plan: SearchPlan, *, overwrite: bool) -> int:
    """Runs or resumes a search, to a finished model directory.

    Args:
      plan: of the search.
      overwrite: deletes the files of an earlier run or search first.

    Returns:
      The exit status: 0, 1 if all trials diverged, 128 + the number of the signal that ended it, else that of the trial
      that failed.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, what the user has to change.
    """
    if overwrite:
        model_folder.clear(plan.folders)
    elif search_plan.is_done(plan):
        say(f"{plan.folders.model} already holds the best of this search: nothing to do")
        return 0
    search_plan.claim(plan)
    say(f"searching {listed(plan.ranges)}")
    try:
        results = _search(plan)
    except EndedError as end:
        logs.complain(str(end))
        return end.status
    return _finish(plan, results)


def _search(plan: SearchPlan) -> list[TrialResult]:
    """Returns every trial's result, by number; trains those that no earlier run of the command has trained."""
    search, child = Search(plan.ranges, plan.base.seed), ChildProcess()
    results: list[TrialResult] = []
    durations: list[float] = []
    with child.signals():
        for number in range(1, plan.trials + 1):
            trial, began = plan.trial(number, search.ask()), time.monotonic()
            known = _known(trial, results)
            results.append(known or _train(trial, plan, child))
            search.tell(results[-1].loss)
            # Only an unfinished training needs them, and they are larger than all other files.
            storage.delete(trial.folders.checkpoints)
            if not known:
                durations.append(time.monotonic() - began)
                _publish_tables(plan, results)
            say(_line(results, plan.trials) + _time_left(durations, plan.trials - number))
    return results


def _known(trial: Trial, results: Sequence[TrialResult]) -> TrialResult | None:
    """Returns the result of a trial that has ended, or of one with the same settings, which would be the same."""
    same = next((result for result in results if result.settings == trial.settings), None)
    return dataclasses.replace(same, number=trial.number) if same else trial.result()


def _train(trial: Trial, plan: SearchPlan, child: ChildProcess) -> TrialResult:
    """Trains in a process of its own, so that TensorFlow's memory and threads are free for the next trial."""
    name = f"trial {trial.number}/{plan.trials}"
    say(f"{name}: {trials_table.settings(trial.settings)}")
    status = child.run(trial.command(), lambda line: say(f"{name}  {logs.message_of(line)}"))
    if child.caught:
        raise EndedError(f"train stopped: {job_exit.AGAIN}", 128 + child.caught[0])
    result = trial.result()
    if result is None:
        # A shell's exit status of a process that a signal ended.
        status = 128 - status if status < 0 else status
        again = f"{job_exit.AGAIN}, or give by a flag what it failed with, in another --model_dir"
        raise EndedError(f"error: {name} ended with exit status {status}, see above: {again}", status)
    return result


def _line(results: Sequence[TrialResult], trials: int) -> str:
    """Describes the last trial's result beside the best."""
    last, best = results[-1], trials_table.ordered(results)[0]
    loss = "diverged" if last.diverged else f"loss {last.loss:.4f} nats"
    beside = ", the best so far" if best is last else f"; best so far: {best.loss:.4f} nats of trial {best.number}"
    return f"trial {last.number}/{trials}: {loss}" + ("" if best.diverged else beside)


def _time_left(durations: Sequence[float], trials: int) -> str:
    """Estimates the time of the remaining trials by the mean of those before, in seconds each."""
    return f", about {clock(sum(durations) / len(durations) * trials)} left" if durations and trials else ""


def _publish_tables(plan: SearchPlan, results: Sequence[TrialResult]) -> None:
    """Publishes table and page, which can be read while the search goes on."""
    storage.write_text(plan.folders.file(paths.TRIALS_TABLE), trials_table.as_csv(results))
    page = tune_page.page(plan.folders.model, plan.request(), plan.ranges, results)
    storage.write_text(plan.folders.file(paths.TUNE_PAGE), page)


def _finish(plan: SearchPlan, results: Sequence[TrialResult]) -> int:
    _publish_tables(plan, results)
    say(trials_table.as_text(results))
    say(plan.folders.file(paths.TUNE_PAGE))
    best = trials_table.ordered(results)[0]
    if best.diverged:
        logs.complain(
            "error: every trial diverged, so there is no model: give a lower --learning_rate or --clip_norm, in "
            "another --model_dir or with --overwrite"
        )
        return 1
    _publish(plan, best)
    say(f"the model of trial {best.number} is in {plan.folders.model}")
    return 0


def _publish(plan: SearchPlan, best: TrialResult) -> None:
    """Copies the best trial's model directory to the search's own; COMPLETED comes last."""
    source, target = plan.trial(best.number, best.settings).folders, plan.folders
    model_folder.clear_model(target)
    tune = {"tune": {"trial": best.number, "trials": plan.trials}}
    paths.write_json(target.file(paths.CONFIG), paths.read_json(source.file(paths.CONFIG)) | tune)
    for name in model_folder.PUBLISHED:
        if name != paths.CONFIG:
            storage.write_bytes(target.file(name), storage.read_bytes(source.file(name)))
