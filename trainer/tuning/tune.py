"""Search for settings (`--tune`): one trial after the other, a table of them, and the best as the model."""

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
    """The search cannot go on now; `status` is the exit status that says so."""

    def __init__(self, said: str, status: int) -> None:
        super().__init__(said)
        self.status = status


def run(wanted: SearchPlan, *, overwrite: bool) -> int:
    """Searches, or goes on with a search, to a finished model directory.

    Args:
      wanted: the search.
      overwrite: replaces what an earlier run left there.

    Returns:
      The exit status: 0, 1 if all trials diverged, 128 + the number of the signal that ended it, else that of the trial
      that failed.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, what the user has to change.
    """
    if overwrite:
        model_folder.clear(wanted.folders)
    elif search_plan.is_done(wanted):
        say(f"{wanted.folders.model} already holds the best of this search: nothing to do")
        return 0
    search_plan.claim(wanted)
    say(f"searching {listed(wanted.ranges)}")
    try:
        results = _search(wanted)
    except EndedError as end:
        logs.complain(str(end))
        return end.status
    return _finish(wanted, results)


def _search(wanted: SearchPlan) -> list[TrialResult]:
    """Every trial's result, in their order; those of an earlier run of the command are read back."""
    search, child = Search(wanted.ranges, wanted.base.seed), ChildProcess()
    results: list[TrialResult] = []
    took: list[float] = []
    with child.signals():
        for number in range(1, wanted.trials + 1):
            trial, began = wanted.trial(number, search.ask()), time.monotonic()
            known = _known(trial, results)
            results.append(known or _train(trial, wanted, child))
            search.tell(results[-1].loss)
            # Only a training that goes on needs them, and they are larger than all else.
            storage.delete(trial.folders.checkpoints)
            if not known:
                took.append(time.monotonic() - began)
                _publish_tables(wanted, results)
            say(_line(results, wanted.trials) + _left(took, wanted.trials - number))
    return results


def _known(trial: Trial, results: Sequence[TrialResult]) -> TrialResult | None:
    """The result of a trial that has ended, or of an earlier one with the same settings: it would be the same."""
    same = next((result for result in results if result.settings == trial.settings), None)
    return dataclasses.replace(same, number=trial.number) if same else trial.result()


def _train(trial: Trial, wanted: SearchPlan, child: ChildProcess) -> TrialResult:
    """Trains in a process of its own, which leaves nothing of TensorFlow's memory and threads to the next."""
    name = f"trial {trial.number}/{wanted.trials}"
    say(f"{name}: {trials_table.settings(trial.settings)}")
    status = child.run(trial.command(), lambda line: say(f"{name}  {logs.message_of(line)}"))
    if child.caught:
        raise EndedError(f"train stopped: {job_exit.AGAIN}", 128 + child.caught[0])
    result = trial.result()
    if result is None:
        # As a shell tells of a signal.
        status = 128 - status if status < 0 else status
        again = f"{job_exit.AGAIN}, or give by a flag what it failed with, in another --model_dir"
        raise EndedError(f"error: {name} ended with exit status {status}, see above: {again}", status)
    return result


def _line(results: Sequence[TrialResult], trials: int) -> str:
    """What the last trial came to, beside the best."""
    last, best = results[-1], trials_table.ordered(results)[0]
    loss = "diverged" if last.diverged else f"loss {last.loss:.4f} nats"
    beside = ", the best so far" if best is last else f"; best so far: {best.loss:.4f} nats of trial {best.number}"
    return f"trial {last.number}/{trials}: {loss}" + ("" if best.diverged else beside)


def _left(took: Sequence[float], trials: int) -> str:
    """How long so many trials will take, by how long those before took."""
    return f", about {clock(sum(took) / len(took) * trials)} left" if took and trials else ""


def _publish_tables(wanted: SearchPlan, results: Sequence[TrialResult]) -> None:
    """Table and page, for reading while the search goes on too."""
    storage.write_text(wanted.folders.file(paths.TRIALS_TABLE), trials_table.as_csv(results))
    page = tune_page.page(wanted.folders.model, wanted.request(), wanted.ranges, results)
    storage.write_text(wanted.folders.file(paths.TUNE_PAGE), page)


def _finish(wanted: SearchPlan, results: Sequence[TrialResult]) -> int:
    _publish_tables(wanted, results)
    say(trials_table.as_text(results))
    say(wanted.folders.file(paths.TUNE_PAGE))
    best = trials_table.ordered(results)[0]
    if best.diverged:
        logs.complain(
            "error: every trial diverged, so there is no model: give a lower --learning_rate or --clip_norm, in "
            "another --model_dir or with --overwrite"
        )
        return 1
    _publish(wanted, best)
    say(f"the model of trial {best.number} is in {wanted.folders.model}")
    return 0


def _publish(wanted: SearchPlan, best: TrialResult) -> None:
    """Makes the search's directory the model directory of its best trial; COMPLETED comes last."""
    source, target = wanted.trial(best.number, best.settings).folders, wanted.folders
    model_folder.clear_model(target)
    found = {"tune": {"trial": best.number, "trials": wanted.trials}}
    paths.write_json(target.file(paths.CONFIG), paths.read_json(source.file(paths.CONFIG)) | found)
    for name in model_folder.PUBLISHED:
        if name != paths.CONFIG:
            storage.write_bytes(target.file(name), storage.read_bytes(source.file(name)))
