"""What a run leaves while it goes on: history.csv, timing.csv, TensorBoard, and a line every few seconds."""

import math
import time

from nabi.workspace import paths
from trainer.config import TrainConfig
from trainer.data.feed import ReadAhead
from trainer.training.history import TIMING_COLUMNS, CsvTable, Reporter, Value, history_columns
from trainer.training.model_folder import RunFolders
from trainer.training.tensorboard_log import TensorBoardLog

# Seconds from one publication of the tables to the next: they are written whole, and a small network may leave a
# checkpoint every tenth of a second. What a kill loses of them is in the checkpoint.
_TABLES_EVERY = 3.0


class RunLog:
    """The records of a run; `begin` comes before the first step of each process.

    Attributes:
      history: what the model came to; depends on nothing but the request.
      timing: how long it took.
    """

    def __init__(self, folders: RunFolders, config: TrainConfig, *, writes: bool) -> None:
        """Opens the records.

        Args:
          folders: where they lie.
          config: of the run.
          writes: whether this process publishes them; of several machines one does.
        """
        self.history = CsvTable(folders.file(paths.HISTORY), history_columns(accuracy=config.log_accuracy))
        self.timing = CsvTable(folders.file(paths.TIMING), TIMING_COLUMNS)
        self._board = TensorBoardLog(folders.tensorboard, config) if writes else None
        self._steps = config.steps
        self._published = -math.inf

    def restore(self, rows: dict[str, list]) -> None:
        """Takes back what `rows` gave."""
        self.history.rows, self.timing.rows = rows["history"], rows["timing"]

    def rows(self) -> dict[str, list]:
        """Of both tables, for a checkpoint."""
        return {"history": self.history.rows, "timing": self.timing.rows}

    def begin(self, step: int, batches: ReadAhead) -> None:
        """Starts the clock, at the seconds where an earlier process stopped."""
        self._batches = batches
        self._reporter = Reporter(self._steps, step)
        before = float(self.timing.rows[-1]["seconds"] or 0) if self.timing.rows else 0.0
        self._started, self._lap, self._waited = time.monotonic() - before, before, 0.0

    def record(
        self, step: int, epoch: int, *, loss: float, tokens: float, unknown: float, right: float | None = None
    ) -> dict[str, Value]:
        """The rows of the steps since the last ones; returns that of history.csv, which an evaluation may add to.

        Args:
          step: the last of them.
          epoch: of that step, from 1.
          loss: summed, in nats.
          tokens: valid targets.
          unknown: targets that the vocabulary does not know.
          right: valid targets that were ranked first; None: nobody counted them.
        """
        seconds = time.monotonic() - self._started
        passed = max(seconds - self._lap, 1e-9)
        waited = (self._batches.waited - self._waited) / passed
        self._lap, self._waited = seconds, self._batches.waited
        self.timing.append(step=step, seconds=seconds, tokens_per_second=tokens / passed, waited_for_data=waited)
        # Where nobody counted there is no such column.
        shares = {} if right is None else {"train_accuracy": right / tokens if tokens else None}
        self._reporter.report(step, loss=loss / max(tokens, 1), tokens=tokens, accuracy=shares.get("train_accuracy"))
        return self.history.append(
            step=step,
            epoch=epoch,
            train_loss_nats=loss / tokens if tokens else None,
            train_tokens=int(tokens),
            unknown_tokens=int(unknown),
            **shares,
        )

    def show(self, row: dict[str, Value]) -> None:
        """Gives TensorBoard the figures of a row that is complete."""
        if self._board:
            self._board.write(row, tokens_per_second=self.timing.rows[-1]["tokens_per_second"])

    def write(self, *, at_once: bool) -> None:
        """Publishes what TensorBoard has and, if it is time or `at_once`, both tables."""
        if self._board:
            self._board.flush()
        now = time.monotonic()
        if at_once or now - self._published >= _TABLES_EVERY:
            self._published = now
            self.history.write()
            self.timing.write()
