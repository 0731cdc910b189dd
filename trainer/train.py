"""Trains a model on a dataset: survey, loop, final figures, export."""

import contextlib
import dataclasses
import math
import signal
import threading
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from songs import layout
from trainer import batches, export, folder
from trainer.checkpoint import Best, Checkpoints
from trainer.config import TrainConfig
from trainer.dataset import Dataset
from trainer.history import HISTORY_COLUMNS, TIMING_COLUMNS, Reporter, Table, mean_training_loss, say
from trainer.scoring import Evaluator, first_songs
from trainer.step import Learner, make_strategy
from trainer.survey import Survey, take


class DivergedError(ArithmeticError):
    """The loss is no number any more."""


class StoppedError(Exception):
    """SIGTERM or Ctrl-C came; `signal` is its number. A checkpoint was left."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = number


def train(dataset: Dataset, folders: folder.Folders, config: TrainConfig) -> None:
    """Trains from the last checkpoint, or from the start, to a finished model directory.

    Raises:
      ValueError: if the dataset is damaged or the machine lacks the replicas.
      DivergedError: if the loss becomes infinite or no number.
      StoppedError: after SIGTERM or Ctrl-C.
    """
    strategy = make_strategy(config.replicas, config.batch_size)
    survey = take(dataset, last_only=config.target == "last")
    run = Run(dataset, folders, config, survey=survey, strategy=strategy)
    run.resume()
    with _signals() as caught:
        run.loop(caught)
    export.finish(
        folders, run.best, config=config, dataset=dataset, survey=survey, history=run.history, steps=run.steps_done
    )


class Run:
    """A training run between two kills."""

    def __init__(
        self,
        dataset: Dataset,
        folders: folder.Folders,
        config: TrainConfig,
        *,
        survey: Survey,
        strategy: tf.distribute.Strategy,
    ) -> None:
        self._dataset, self._config, self._survey = dataset, config, survey
        self.learner = Learner(strategy, config, vocabulary_size=len(dataset.vocabulary), blocked=dataset.blocked)
        self.best = Best(self.learner.model)
        self._checkpoints = Checkpoints(folders.checkpoints, self.learner, self.best)
        self.history = Table(folders.file(layout.HISTORY), HISTORY_COLUMNS)
        self._timing = Table(folders.file(layout.TIMING), TIMING_COLUMNS)
        self._events = tf.summary.create_file_writer(folders.tensorboard)
        self.steps_done = 0
        self._evaluator = None
        held_out = survey.windows["validation"]
        if len(held_out):
            sample = first_songs(held_out, config.evaluation_tokens)
            self._evaluator = Evaluator(self.learner.model, sample, last_only=survey.last_only)

    def resume(self) -> None:
        """Takes the last checkpoint back, and the rows of history.csv up to it."""
        self.steps_done = self._checkpoints.restore()
        for table in (self.history, self._timing):
            table.restore(self.steps_done)
        if self.steps_done:
            say(f"resumed at step {self.steps_done}")

    def loop(self, caught: list[int]) -> None:
        """Trains until the last step or an early stop; leaves a checkpoint when a signal was caught."""
        config = self._config
        iterator = self.learner.distribute(
            batches.training_batches(
                self._dataset,
                windows=self._survey.training_windows,
                batch_size=config.batch_size,
                seed=config.seed,
                full_only=self._survey.last_only,
                first_step=self.steps_done,
            )
        )
        reporter = Reporter(config.steps, self.steps_done)
        clock = Stopwatch(self._timing)
        while self.steps_done < config.steps and not self._stopped():
            target = next_row(self.steps_done, config)
            self._advance(iterator, target, reporter=reporter, clock=clock)
            if caught or target % config.checkpoint_every == 0 or target == config.steps or self._stopped():
                self._save()
            if self._stopped():
                say(f"stopped early: no better loss in the last {self.best.stale} evaluations")
            if caught:
                raise StoppedError(caught[0])

    def _advance(self, iterator: Iterator, target: int, *, reporter: Reporter, clock: "Stopwatch") -> None:
        """Trains up to the next row of history.csv and writes that row."""
        sums = self.learner.run(iterator, target - self.steps_done)
        require_finite(sums[:, 0], self.steps_done, self._config)
        loss, tokens, unknown = (float(value) for value in sums.sum(axis=0))
        self.steps_done = target
        row = self.history.append(
            step=target,
            epoch=(target - 1) // batches.steps_in_epoch(self._survey.training_windows, self._config.batch_size) + 1,
            train_loss_nats=loss / tokens if tokens else None,
            train_tokens=int(tokens),
            unknown_tokens=int(unknown),
        )
        clock.lap(target, tokens)
        reporter.report(target, loss=loss / max(tokens, 1), tokens=tokens)
        if target % self._config.evaluate_every == 0 or target == self._config.steps:
            self._evaluate(row)
        self._write_events(row)

    def _evaluate(self, row: dict) -> None:
        if self._evaluator:
            score = self._evaluator.score(self.learner.model)
            row["validation_loss_nats"], row["validation_accuracy"] = (
                round(score.loss_nats, 6),
                round(score.accuracy, 6),
            )
            loss = score.loss_nats
        else:
            every = self._config.evaluate_every
            loss = mean_training_loss(self.history, after=(self.steps_done - 1) // every * every)
        if not math.isfinite(loss):
            raise DivergedError(f"the validation loss became {loss} at step {self.steps_done}: {_CALMER}")
        better = self.best.update(self.learner.model, step=self.steps_done, loss=loss)
        split = "validation" if self._evaluator else "training (there is no validation split)"
        verdict = "the best so far" if better else f"{self.best.loss:.4f} at step {self.best.step} is better"
        say(f"step {self.steps_done}/{self._config.steps}  {split} loss {loss:.4f} nats: {verdict}")

    def _stopped(self) -> bool:
        return 0 < self._config.early_stopping <= self.best.stale

    def _save(self) -> None:
        # The rows go first: a checkpoint must never be ahead of them.
        self.history.write()
        self._timing.write()
        self._events.flush()
        self._checkpoints.save(self.steps_done)

    def _write_events(self, row: dict) -> None:
        scalars = {name: value for name, value in row.items() if name.endswith(("nats", "accuracy")) and value}
        with self._events.as_default(step=self.steps_done):
            for name, value in scalars.items():
                tf.summary.scalar(name, value)
            tf.summary.scalar("tokens_per_second", self._timing.rows[-1]["tokens_per_second"])


@dataclasses.dataclass
class Stopwatch:
    """Fills timing.csv; a resumed run goes on counting."""

    timing: Table

    def __post_init__(self) -> None:
        self._started = tf.timestamp().numpy()
        self._before = float(self.timing.rows[-1]["seconds"]) if self.timing.rows else 0.0
        self._lap = self._before

    def lap(self, step: int, tokens: float) -> None:
        """A row for the tokens since the last one."""
        seconds = self._before + float(tf.timestamp().numpy() - self._started)
        self.timing.append(step=step, seconds=seconds, tokens_per_second=tokens / max(seconds - self._lap, 1e-9))
        self._lap = seconds


_CALMER = "try a lower --learning_rate or a lower --clip_norm, from another --model_dir or with --overwrite"


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
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

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
