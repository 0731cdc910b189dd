"""Tables and progress lines of a run, readable while it goes on: history.csv, timing.csv, a line every few seconds."""

import csv
import dataclasses
import io
import time
from collections.abc import Mapping

from nabi.workspace import storage
from nabi.workspace.logs import say

HISTORY_COLUMNS = (
    "step",
    "epoch",
    "train_loss_nats",
    "validation_loss_nats",
    "validation_accuracy",
    "train_tokens",
    "unknown_tokens",
)
TIMING_COLUMNS = ("step", "seconds", "tokens_per_second", "waited_for_data")

# Digits after the decimal point.
_DIGITS = 6

Value = float | int | None


def history_columns(*, accuracy: bool) -> tuple[str, ...]:
    """Lists the columns of history.csv, with the training accuracy after its loss if that is logged."""
    after = HISTORY_COLUMNS.index("train_loss_nats") + 1
    return (*HISTORY_COLUMNS[:after], "train_accuracy", *HISTORY_COLUMNS[after:]) if accuracy else HISTORY_COLUMNS


class CsvTable:
    """A CSV file with one row a step, ascending; kept whole in memory and published whole."""

    def __init__(self, path: str, columns: tuple[str, ...]) -> None:
        self.path = path
        self.columns = columns
        self.rows: list[dict[str, Value]] = []

    def read(self) -> None:
        """Reads the rows of the file; raises ValueError if it is no such table."""
        rows = csv.DictReader(io.StringIO(storage.read_text(self.path)))
        try:
            # A file of an earlier version may lack columns; only the step is needed.
            self.rows = [self._row(row) for row in rows]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{self.path} is not a table of numbers with the columns {', '.join(self.columns)} ({error}): copy it "
                "again, or train again"
            ) from error

    def _row(self, texts: Mapping[str, str]) -> dict[str, Value]:
        return {column: _number(texts.get(column)) for column in self.columns} | {"step": int(texts["step"])}

    def append(self, **values: Value) -> dict[str, Value]:
        """Adds a row, rounded as it is written; columns that are not given stay empty."""
        row = {column: _rounded(values.pop(column, None)) for column in self.columns}
        if values:
            raise ValueError(f"{self.path} has no columns {sorted(values)}; it has {self.columns}")
        self.rows.append(row)
        return row

    def write(self) -> None:
        """Publishes the file."""
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _text(value) for key, value in row.items()} for row in self.rows)
        storage.write_text(self.path, text.getvalue())

    def column(self, name: str) -> tuple[list[Value], list[Value]]:
        """Returns the steps that have a value in a column, and the values."""
        rows = [row for row in self.rows if row[name] is not None]
        return [row["step"] for row in rows], [row[name] for row in rows]


def mean_training_loss(history: CsvTable, after: int) -> float:
    """Averages the training loss over the rows after a step, in nats a token."""
    rows = [row for row in history.rows if row["step"] > after and row["train_loss_nats"] is not None]
    tokens = sum(row["train_tokens"] for row in rows)
    return sum(row["train_loss_nats"] * row["train_tokens"] for row in rows) / max(tokens, 1)


@dataclasses.dataclass
class Reporter:
    """Prints the progress of a run, at most every `seconds`.

    Attributes:
      steps: steps of the whole run.
      first_step: steps done when this process started.
      seconds: least time between two lines.
    """

    steps: int
    first_step: int
    seconds: float = 3.0

    def __post_init__(self) -> None:
        self._started = self._printed = time.monotonic()
        self._tokens = 0.0

    def report(self, step: int, *, loss: float, tokens: float, accuracy: float | None = None) -> None:
        """Counts the tokens trained on since the last call, and prints a line if it is time."""
        self._tokens += tokens
        now = time.monotonic()
        if now - self._printed < self.seconds and step < self.steps:
            return
        rate = self._tokens / max(now - self._printed, 1e-9)
        left = (now - self._started) / max(step - self.first_step, 1) * (self.steps - step)
        ranked = "" if accuracy is None else f"  accuracy {accuracy:.3f}"
        say(f"step {step}/{self.steps}  loss {loss:.4f} nats{ranked}  {rate:,.0f} tokens/s  {clock(left)} left")
        self._printed, self._tokens = now, 0.0


def clock(seconds: float) -> str:
    """Formats a duration, such as `2:05` or `1:00:00`."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _rounded(value: Value) -> Value:
    return round(value, _DIGITS) if isinstance(value, float) else value


def _text(value: Value) -> str:
    if value is None:
        return ""
    return f"{value:.{_DIGITS}f}" if isinstance(value, float) else str(value)


def _number(text: str | None) -> Value:
    if not text:
        return None
    return float(text) if "." in text else int(text)
