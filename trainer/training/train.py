"""Trains a model on a dataset: survey, loop, final figures, export."""

import contextlib
import math
import signal
import threading
from collections.abc import Iterator

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from nabi.workspace.logs import say
from trainer.config import TrainConfig
from trainer.data.batch_order import BatchPosition
from trainer.data.dataset import Dataset
from trainer.data.feed import Feed, ReadAhead, StepBatches
from trainer.data.input_features import table
from trainer.data.window_arrays import first_songs
from trainer.data.window_mode import WindowMode
from trainer.evaluation.dataset_survey import DatasetSurvey, survey_dataset
from trainer.evaluation.scoring import Evaluator
from trainer.training import cluster, export, model_folder, strategy
from trainer.training.checkpoint import BestWeights, Checkpoints, Snapshot
from trainer.training.history import mean_training_loss
from trainer.training.run_log import RunLog
from trainer.training.step import Learner, first_network
from trainer.training.warm_start import WarmStart


class DivergedError(ArithmeticError):
    """The loss is no number any more."""


class StoppedError(Exception):
    """SIGTERM or Ctrl-C came; `signal` is its number. A checkpoint was left."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = number


@strategy.in_words()
def train(
    dataset: Dataset, folders: model_folder.RunFolders, config: TrainConfig, warm: WarmStart | None = None
) -> None:
    """Trains from the last checkpoint, or from the start, to a finished model directory.

    Raises:
      ValueError: if the dataset is damaged, the machine lacks the replicas or the memory, or several machines do not do
        the same.
      trainer.training.strategy.LostMachineError: if one of several machines ended.
      DivergedError: if the loss becomes infinite or no number.
      StoppedError: after SIGTERM or Ctrl-C.
    """
    strategy.check_xla(config, len(tf.config.list_physical_devices("GPU")))
    made = strategy.make_strategy(config.replicas, config.batch_size)
    request = model_folder.marks_of(config, dataset, warm)["request"]
    strategy.agree(made, "settings and dataset (by their fingerprint)", int(request[:8], 16))
    survey = survey_dataset(dataset, WindowMode.from_config(config.as_dict()))
    features = table(config.input_features, dataset.vocabulary, dataset.encoding)
    start = first_network(config, len(dataset.vocabulary), dataset.blocked, features)
    if warm:
        say(warm.into(start, dataset.vocabulary))
    run = TrainingRun(
        dataset, folders, config, survey=survey, start=start, learner=Learner(made, config, start), request=request
    )
    run.resume()
    strategy.agree(made, "step to go on from", run.steps_done)
    with _signals() as caught:
        run.loop(caught)
    if run.writes:
        start.set_weights(run.best.weights)
        export.finish(
            folders,
            start,
            run.best.step,
            config=config,
            dataset=dataset,
            survey=survey,
            history=run.journal.history,
            warm=warm,
        )


class TrainingRun:
    """A training run between two kills."""

    def __init__(
        self,
        dataset: Dataset,
        folders: model_folder.RunFolders,
        config: TrainConfig,
        *,
        survey: DatasetSurvey,
        start: keras.Model,
        learner: Learner,
        request: str,
    ) -> None:
        self._config, self._survey, self._learner, self._request = config, survey, learner, request
        self._feed = Feed(dataset, config.batch_size, config.seed, survey.window_mode, config.random_windows)
        self._feed.require_drawable(survey.training_windows)
        self.best = BestWeights(learner.weights())
        self._checkpoints = Checkpoints(folders.checkpoints)
        # Of several machines one writes; the others would only overwrite it with the same.
        self.writes = cluster.is_chief()
        self.journal = RunLog(folders, config, writes=self.writes)
        self.steps_done, self._position = 0, BatchPosition()
        self._evaluator = None
        held_out, last_only = survey.windows["validation"], survey.window_mode.last_only
        if held_out.scored(last_only).any():
            sample = first_songs(held_out, config.evaluation_tokens, last_only)
            self._evaluator = Evaluator(start, sample, last_only=last_only, carried=survey.carried("validation"))

    def resume(self) -> None:
        """Takes the last whole checkpoint back, with the rows of history.csv up to it.

        Raises:
          ValueError: if it is of another run, or every one is damaged.
        """
        snapshot, damaged = self._checkpoints.latest()
        for warning in damaged:
            say(f"warning: {warning}")
        if snapshot is None:
            return
        if snapshot.request != self._request:
            raise ValueError(
                f"the checkpoint of step {snapshot.step} in {self._checkpoints.folder} is of a run with other settings "
                f"or of another dataset: {model_folder.WAY_OUT}"
            )
        self._learner.restore(snapshot.variables, snapshot.state)
        self.steps_done, self._position, self.best = snapshot.step, snapshot.position, snapshot.best
        self.journal.restore(snapshot.rows)
        say(f"resumed at step {self.steps_done}")

    def loop(self, caught: list[int]) -> None:
        """Trains until the last step or an early stop; leaves a checkpoint when a signal was caught."""
        config = self._config
        batches = ReadAhead(self._feed.steps(self._position, step_counts(self.steps_done, config)))
        self.journal.begin(self.steps_done, batches)
        try:
            while self.steps_done < config.steps and not self._stopped():
                self._advance(batches.next())
                stop = self._learner.any(bool(caught))
                if stop or self.steps_done % config.checkpoint_every == 0:
                    self._save(last=stop)
                if self._stopped():
                    say(f"stopped early: no better loss in the last {self.best.stale} evaluations")
                if stop:
                    raise StoppedError(caught[0] if caught else signal.SIGTERM)
        finally:
            batches.close()
        self._save(last=True)

    def _advance(self, steps: StepBatches) -> None:
        """Trains up to the next row of history.csv and writes that row."""
        sums = self._learner.run(steps)
        require_finite(sums[:, 0], self.steps_done, self._config)
        loss, tokens, unknown, *right = (float(value) for value in sums.sum(axis=0))
        self.steps_done += len(sums)
        self._position = steps.after
        epoch = int(steps.epochs[-1]) + 1
        figures = {"loss": loss, "tokens": tokens, "unknown": unknown, "right": right[0] if right else None}
        row = self.journal.record(self.steps_done, epoch, **figures)
        if self.steps_done % self._config.evaluate_every == 0 or self.steps_done == self._config.steps:
            self._evaluate(row)
        self.journal.show(row)

    def _evaluate(self, row: dict) -> None:
        if self._evaluator:
            score = self._evaluator.score(self._learner.weights())
            # All machines must agree on when to stop, however differently they round.
            loss, accuracy = self._learner.mean(score.loss_nats), self._learner.mean(score.accuracy)
            row["validation_loss_nats"], row["validation_accuracy"] = round(loss, 6), round(accuracy, 6)
        else:
            every = self._config.evaluate_every
            loss = mean_training_loss(self.journal.history, after=(self.steps_done - 1) // every * every)
        if not math.isfinite(loss):
            raise DivergedError(f"the validation loss became {loss} at step {self.steps_done}: {_CALMER}")
        better = self.best.update(self._learner.weights(), step=self.steps_done, loss=loss)
        split = "validation" if self._evaluator else "training (there is nothing to validate on)"
        verdict = "the best so far" if better else f"{self.best.loss:.4f} at step {self.best.step} is better"
        say(f"step {self.steps_done}/{self._config.steps}  {split} loss {loss:.4f} nats: {verdict}")

    def _stopped(self) -> bool:
        return 0 < self._config.early_stopping <= self.best.stale

    def _save(self, *, last: bool) -> None:
        state = self._learner.carried() if self._config.carry_state else []
        if not self.writes:
            return
        self._checkpoints.save(
            Snapshot(
                self.steps_done,
                self._position,
                [variable.numpy() for variable in self._learner.variables()],
                state,
                self.best,
                self.journal.rows(),
                self._request,
            )
        )
        self.journal.write(at_once=last)


_CALMER = "try a lower --learning_rate or a lower --clip_norm, from another --model_dir or with --overwrite"


def step_counts(step: int, config: TrainConfig) -> Iterator[int]:
    """Steps from each row of history.csv to the next, from a step on."""
    while step < config.steps:
        row = next_row(step, config)
        yield row - step
        step = row


def next_row(step: int, config: TrainConfig) -> int:
    """The next step that has a row in history.csv: a multiple of one of the three intervals, or the last step."""
    intervals = (config.log_every, config.evaluate_every, config.checkpoint_every)
    return min(config.steps, *((step // every + 1) * every for every in intervals))


def require_finite(losses: npt.NDArray[np.float64], first: int, config: TrainConfig) -> None:
    """Raises DivergedError naming the first step, counted from `first`, whose loss is infinite or no number."""
    for offset, loss in enumerate(losses):
        if not math.isfinite(loss):
            raise DivergedError(
                f"the training loss became {loss} at step {first + offset + 1} with --learning_rate "
                f"{config.learning_rate} and --clip_norm {config.clip_norm}: {_CALMER}"
            )


@contextlib.contextmanager
def _signals() -> Iterator[list[int]]:
    """Collects the first SIGTERM or Ctrl-C, so that the run can leave a checkpoint; a second one acts as usual."""
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    # Of what runs in the background a shell has Ctrl-C ignored.
    before = {number: handler for number, handler in handlers.items() if handler is not signal.SIG_IGN}

    def catch(number: int, frame: object) -> None:
        del frame
        caught.append(number)
        signal.signal(number, before[number])

    for number in before:
        signal.signal(number, catch)
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
