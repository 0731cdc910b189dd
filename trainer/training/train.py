"""Trains a model on a dataset: survey, loop, final figures, export."""

import contextlib
import math
import signal
from collections.abc import Iterator

import keras
import numpy as np
import numpy.typing as npt

from nabi.networks.song_memory import SongMemory
from nabi.workspace.logs import say
from trainer.config import TrainConfig
from trainer.data.batch_order import BatchPosition
from trainer.data.dataset import Dataset
from trainer.data.feed import Feed, ReadAhead, StepBatches
from trainer.data.input_features import table
from trainer.data.window_arrays import first_songs
from trainer.data.window_mode import WindowMode
from trainer.evaluation.dataset_survey import DatasetSurvey, survey_dataset
from trainer.evaluation.scoring import Evaluator, ScoringNetwork
from trainer.training import cluster, determinism, export, model_folder, strategy
from trainer.training.checkpoint import BestWeights, Checkpoints, Snapshot
from trainer.training.dataset_figures import Background, DatasetFigures
from trainer.training.history import mean_training_loss
from trainer.training.run_log import RunLog
from trainer.training.step import Learner
from trainer.training.stop_signals import first_signal
from trainer.training.training_network import first_network
from trainer.training.warm_start import WarmStart


class DivergedError(ArithmeticError):
    """The loss became infinite or not a number."""


class StoppedError(Exception):
    """SIGTERM or Ctrl-C came, whose number is `signal`; the run saved a checkpoint."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = number


@strategy.one_sentence_errors()
def train(
    dataset: Dataset, folders: model_folder.RunFolders, config: TrainConfig, warm: WarmStart | None = None
) -> None:
    """Trains from the last checkpoint, or from the start, to a finished model directory.

    Raises:
      ValueError: if the dataset is damaged, the machine lacks the replicas or the memory, or several machines run with
        different settings.
      trainer.training.strategy.LostMachineError: if one of several machines ended.
      DivergedError: if the loss becomes infinite or not a number.
      StoppedError: after SIGTERM or Ctrl-C.
    """
    if config.deterministic:
        determinism.require()
    replicas = strategy.make_strategy(config.replicas, config.batch_size)
    request = model_folder.marks_of(config, dataset, warm)["request"]
    strategy.require_agreement(replicas, "settings and dataset (by their fingerprint)", int(request[:8], 16))
    survey = survey_dataset(dataset, WindowMode.from_config(config.as_dict()))
    start = _first_network(config, dataset)
    if warm:
        say(warm.into(start, dataset.vocabulary))
    run = TrainingRun(
        dataset, folders, config, survey=survey, start=start, learner=Learner(replicas, config, start), request=request
    )
    run.resume()
    strategy.require_agreement(replicas, "step to go on from", run.steps_done)
    # Of several machines one writes.
    ahead = Background(lambda: DatasetFigures.measure(dataset, survey)) if run.writes else contextlib.nullcontext()
    with ahead as figures, first_signal() as caught:
        run.loop(caught)
    if figures:
        start.set_weights(run.best.weights)
        export.finish(
            folders,
            start,
            run.best.step,
            network=run.network,
            figures=figures.result(),
            config=config,
            dataset=dataset,
            survey=survey,
            history=run.log.history,
            warm=warm,
        )


def _first_network(config: TrainConfig, dataset: Dataset) -> keras.Model:
    features = table(config.input_features, dataset.vocabulary, dataset.encoding)
    memory = SongMemory.of(dataset.vocabulary, dataset.encoding) if config.memory else None
    return first_network(config, len(dataset.vocabulary), dataset.blocked, features, memory)


class TrainingRun:
    """The part of a training run that one process does: from a checkpoint, or the start, to the end or a signal."""

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
        self._feed = Feed(
            dataset, config.batch_size, config.seed, survey.window_mode, config.random_windows, learner.rows
        )
        self._feed.require_drawable(survey.training_windows)
        self.best = BestWeights(learner.weights())
        self._checkpoints = Checkpoints(folders.checkpoints)
        # All machines have the same results, and one of them writes.
        self.writes = cluster.is_chief()
        self.log = RunLog(folders, config, writes=self.writes)
        self.steps_done, self._position = 0, BatchPosition()
        self.network = ScoringNetwork(start)
        self._evaluator = None
        held_out, last_only = survey.windows["validation"], survey.window_mode.last_only
        if held_out.scored(last_only).any():
            sample = first_songs(held_out, config.evaluation_tokens, last_only)
            self._evaluator = Evaluator(self.network, sample, last_only=last_only, carried=survey.carried("validation"))

    def resume(self) -> None:
        """Restores the last whole checkpoint, if there is one, with the rows of history.csv up to it.

        Raises:
          ValueError: if it belongs to another run, or every checkpoint is damaged.
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
        self.log.restore(snapshot.rows)
        say(f"resumed at step {self.steps_done}")

    def loop(self, caught: list[int]) -> None:
        """Trains until the last step or an early stop; saves a checkpoint, and raises StoppedError, on a signal."""
        config = self._config
        batches = ReadAhead(self._feed.steps(self._position, step_counts(self.steps_done, config)))
        self.log.begin(self.steps_done, batches)
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
        loss, tokens, unknown, *correct = (float(value) for value in sums.sum(axis=0))
        self.steps_done += len(sums)
        self._position = steps.after
        epoch = int(steps.epochs[-1]) + 1
        figures = {"loss": loss, "tokens": tokens, "unknown": unknown, "correct": correct[0] if correct else None}
        row = self.log.record(self.steps_done, epoch, **figures)
        if self.steps_done % self._config.evaluate_every == 0 or self.steps_done == self._config.steps:
            self._evaluate(row)
        self.log.show(row)

    def _evaluate(self, row: dict) -> None:
        if self._evaluator:
            score = self._evaluator.score(self._learner.weights())
            # Machines may round differently; the mean makes all of them stop at the same step.
            loss, accuracy = self._learner.mean(score.loss_nats), self._learner.mean(score.accuracy)
            row["validation_loss_nats"], row["validation_accuracy"] = round(loss, 6), round(accuracy, 6)
        else:
            interval = self._config.evaluate_every
            loss = mean_training_loss(self.log.history, after=(self.steps_done - 1) // interval * interval)
        if not math.isfinite(loss):
            raise DivergedError(f"the validation loss became {loss} at step {self.steps_done}: {_WAY_OUT}")
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
                self.log.rows(),
                self._request,
            )
        )
        self.log.write(at_once=last)


_WAY_OUT = "try a lower --learning_rate or a lower --clip_norm, from another --model_dir or with --overwrite"


def step_counts(step: int, config: TrainConfig) -> Iterator[int]:
    """Yields the number of steps from each row of history.csv to the next, from a step on."""
    while step < config.steps:
        row = next_row(step, config)
        yield row - step
        step = row


def next_row(step: int, config: TrainConfig) -> int:
    """Returns the next step with a row in history.csv: a multiple of one of the three intervals, or the last step."""
    intervals = (config.log_every, config.evaluate_every, config.checkpoint_every)
    return min(config.steps, *((step // interval + 1) * interval for interval in intervals))


def require_finite(losses: npt.NDArray[np.float64], first: int, config: TrainConfig) -> None:
    """Raises DivergedError that names the first step whose loss is infinite or not a number.

    Args:
      losses: float64 [S], of the S steps after step `first`.
      first: number of steps done before them.
      config: of the run.
    """
    for offset, loss in enumerate(losses):
        if not math.isfinite(loss):
            raise DivergedError(
                f"the training loss became {loss} at step {first + offset + 1} with --learning_rate "
                f"{config.learning_rate} and --clip_norm {config.clip_norm}: {_WAY_OUT}"
            )
