"""Search for settings (`--tune`): one trial after the other, a table of them, and the best as the model."""

import dataclasses
import sys
import time
from collections.abc import Mapping, Sequence

from songs import layout, storage
from trainer import trials_table, tune_page, tuning
from trainer.child import Child
from trainer.history import clock, say
from trainer.search import Search, Setting, told
from trainer.trial import Result, Trial


class EndedError(Exception):
    """The search cannot go on now; `status` is the exit status that says so."""

    def __init__(self, said: str, status: int) -> None:
        super().__init__(said)
        self.status = status


def run(wanted: tuning.Tuning, *, overwrite: bool) -> int:
    """Searches, or goes on with a search, to a finished model directory.

    Args:
      wanted: the search.
      overwrite: replaces what an earlier run left there.

    Returns:
      The exit status: 0, 1 if all trials diverged, 128 + the number of the signal that ended it, else that of the trial
      that failed.

    Raises:
      ValueError, songs.storage.StorageError: in one sentence, what the user has to change.
    """
    if overwrite:
        tuning.clear(wanted)
    elif tuning.is_done(wanted):
        say(f"{wanted.folders.model} already holds the best of this search: nothing to do")
        return 0
    tuning.claim(wanted)
    say("searching " + ", ".join(f"{key} {wanted}" for key, wanted in wanted.ranges.items()))
    try:
        results = _search(wanted)
    except EndedError as end:
        print(end, file=sys.stderr)
        return end.status
    say(trials_table.as_text(results))
    say(wanted.folders.file(layout.TUNE_PAGE))
    best = trials_table.ordered(results)[0]
    if best.diverged:
        print("error: every trial diverged: give a lower --learning_rate or --clip_norm", file=sys.stderr)
        return 1
    _publish(wanted, best)
    say(f"the model of trial {best.number} is in {wanted.folders.model}")
    return 0


def _search(wanted: tuning.Tuning) -> list[Result]:
    """Every trial's result, in their order; those of an earlier run of the command are read back."""
    search, child, results = Search(wanted.ranges, wanted.base.seed), Child(), []
    took: list[float] = []
    with child.signals():
        for number in range(1, wanted.trials + 1):
            trial = wanted.trial(number, search.ask())
            result = _known(trial, wanted, results)
            if result is None:
                began = time.monotonic()
                result = _train(trial, wanted, child)
                took.append(time.monotonic() - began)
            storage.delete(trial.folders.checkpoints)
            search.tell(result.loss)
            results.append(result)
            say(_line(results, wanted.trials) + _left(took, wanted.trials - number))
            _tell(wanted, results)
    return results


def _known(trial: Trial, wanted: tuning.Tuning, results: Sequence[Result]) -> Result | None:
    """The result of a trial that has ended, or of an earlier one with the same settings: it would be the same."""
    same = next((result for result in results if result.settings == trial.settings), None)
    return dataclasses.replace(same, number=trial.number) if same else trial.result(wanted.dataset, wanted.warm)


def _train(trial: Trial, wanted: tuning.Tuning, child: Child) -> Result:
    """Trains in a process of its own, which leaves nothing of TensorFlow's memory and threads to the next."""
    name = f"trial {trial.number}/{wanted.trials}"
    say(f"{name}: {_settings(trial.settings)}")
    status = child.run(trial.command(wanted.dataset, wanted.warm), lambda line: say(f"{name}  {line}"))
    if child.caught:
        raise EndedError("stopped: start the same command again to go on", 128 + child.caught[0])
    result = trial.result(wanted.dataset, wanted.warm)
    if result is None:
        status = 128 - status if status < 0 else status
        raise EndedError(
            f"error: {name} failed with exit status {status}, see above: start the same command again to go on", status
        )
    return result


def _line(results: Sequence[Result], trials: int) -> str:
    """What the last trial came to, beside the best."""
    last, best = results[-1], trials_table.ordered(results)[0]
    loss = "diverged" if last.diverged else f"loss {last.loss:.4f} nats"
    beside = f"trial {best.number} has {best.loss:.4f}" if best is not last else "the best so far"
    return f"trial {last.number}/{trials}: {loss}" + ("" if best.diverged else f", {beside}")


def _left(took: Sequence[float], trials: int) -> str:
    """How long so many trials will take, by how long those before took."""
    return f", about {clock(sum(took) / len(took) * trials)} left" if took and trials else ""


def _settings(settings: Mapping[str, Setting]) -> str:
    return ", ".join(f"{key} {told(value)}" for key, value in settings.items())


def _tell(wanted: tuning.Tuning, results: Sequence[Result]) -> None:
    """Publishes the table, for reading while the search goes on too."""
    storage.write_text(wanted.folders.file(layout.TRIALS_TABLE), trials_table.as_csv(results))
    page = tune_page.page(wanted.folders.model, wanted.request(), results, wanted.ranges)
    storage.write_text(wanted.folders.file(layout.TUNE_PAGE), page)


# All of a model directory but what is of the run itself: its checkpoints and its events.
_COPIED = (layout.MODEL, layout.VOCABULARY, layout.METRICS, layout.HISTORY, layout.TIMING, layout.CURVES)


def _publish(wanted: tuning.Tuning, best: Result) -> None:
    """Makes the search's directory the model directory of its best trial; COMPLETED comes last."""
    source, target = wanted.trial(best.number, best.settings).folders, wanted.folders
    for name in _COPIED:
        storage.write_bytes(target.file(name), storage.read_bytes(source.file(name)))
    found = {"trial": best.number, "trials": wanted.trials}
    layout.write_json(target.file(layout.CONFIG), {**layout.read_json(source.file(layout.CONFIG)), "tune": found})
    layout.complete(target.model, layout.completed(source.model) or {})
