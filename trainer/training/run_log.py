"""The log of a run in progress: history.csv, timing.csv, TensorBoard, and a printed line every few seconds."""

import math
import time

from nabi.workspace import paths
from trainer.config import TrainConfig
from trainer.data.feed import ReadAhead
from trainer.training.history import TIMING_COLUMNS, CsvTable, Reporter, Value, history_columns
from trainer.training.model_folder import RunFolders
from trainer.training.tensorboard_log import TensorBoardLog

# Seconds from one publication of the tables to the next: they are written whole, and a small network may save a
# checkpoint every tenth of a second. Rows that a kill loses are in the checkpoint.
_TABLES_EVERY = 3.0


class RunLog:
    """The tables, TensorBoard events and progress lines of a run; call `begin` before the first step of a process.

    Attributes:
      history: losses and accuracies by step; the same for every run of the same request.
      timing: seconds and speed by step.
    """

    def __init__(self, folders: RunFolders, config: TrainConfig, *, writes: bool) -> None:
        """Opens the log.

        Args:
          folders: of the run.
          config: of the run.
          writes: True if this process writes TensorBoard events; of several machines one does.
        """
        self.history = CsvTable(folders.file(paths.HISTORY), history_columns(accuracy=config.log_accuracy))
        self.timing = CsvTable(folders.file(paths.TIMING), TIMING_COLUMNS)
        self._board = TensorBoardLog(folders.tensorboard, config) if writes else None
        self._steps = config.steps
        self._published = -math.inf

    def restore(self, rows: dict[str, list]) -> None:
        """Restores the rows that `rows` returned."""
        self.history.rows, self.timing.rows = rows["history"], rows["timing"]

    def rows(self) -> dict[str, list]:
        """Returns the rows of both tables, for a checkpoint."""
        return {"history": self.history.rows, "timing": self.timing.rows}

    def begin(self, step: int, batches: ReadAhead) -> None:
        """Starts the clock at the seconds where an earlier process stopped, before step `step` + 1."""
        self._batches = batches
        self._reporter = Reporter(self._steps, step)
        before = float(self.timing.rows[-1]["seconds"] or 0) if self.timing.rows else 0.0
        self._started, self._lap, self._waited = time.monotonic() - before, before, 0.0

    def record(
        self, step: int, epoch: int, *, loss: float, tokens: float, unknown: float, correct: float | None = None
    ) -> dict[str, Value]:
        """Adds a row to both tables for the steps since the last rows, and prints a line if it is time.

        Args:
          step: the last of them.
          epoch: of that step, from 1.
          loss: summed over their tokens, in nats.
          tokens: number of valid targets.
          unknown: number of targets that the vocabulary lacks.
          correct: number of valid targets ranked first; None if they are not counted.

        Returns:
          The row of history.csv, to which an evaluation may add.
        """
        seconds = time.monotonic() - self._started
        passed = max(seconds - self._lap, 1e-9)
        waited = (self._batches.waited - self._waited) / passed
        self._lap, self._waited = seconds, self._batches.waited
        self.timing.append(step=step, seconds=seconds, tokens_per_second=tokens / passed, waited_for_data=waited)
        # Without --log_accuracy there is no such column.
        accuracy = {} if correct is None else {"train_accuracy": correct / tokens if tokens else None}
        self._reporter.report(step, loss=loss / max(tokens, 1), tokens=tokens, accuracy=accuracy.get("train_accuracy"))
        return self.history.append(
            step=step,
            epoch=epoch,
            train_loss_nats=loss / tokens if tokens else None,
            train_tokens=int(tokens),
            unknown_tokens=int(unknown),
            **accuracy,
        )

    def show(self, row: dict[str, Value]) -> None:
        """Writes a complete row of history.csv to TensorBoard."""
        if self._board:
            self._board.write(row, tokens_per_second=self.timing.rows[-1]["tokens_per_second"])

    def write(self, *, at_once: bool) -> None:
        """Flushes TensorBoard's events and, if it is time or `at_once`, publishes both tables."""
        if self._board:
            self._board.flush()
        now = time.monotonic()
        if at_once or now - self._published >= _TABLES_EVERY:
            self._published = now
            self.history.write()
            self.timing.write()
