"""The trials of a search as tables: trials.csv, and text for the terminal."""

import csv
import io
from collections.abc import Mapping, Sequence

from trainer.tuning.search import Setting, describe
from trainer.tuning.trial import TrialResult

# Most trials that are printed; trials.csv has all.
_MOST_LINES = 20


def ordered(results: Sequence[TrialResult]) -> list[TrialResult]:
    """Sorts trials by loss; of equal losses the earlier first, as a later trial may be a repetition without a model."""
    return sorted(results, key=lambda result: (result.loss, result.number))


def settings(chosen: Mapping[str, Setting]) -> str:
    """Formats settings, such as `units 256, dropout 0.2`."""
    return ", ".join(f"{key} {describe(value)}" for key, value in chosen.items())


def as_csv(results: Sequence[TrialResult]) -> str:
    """Formats trials.csv, a row for each trial, by number; settings have all digits, so that flags can repeat them."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n").writerow
    write(["trial", "outcome", "loss_nats", *results[0].settings, "steps", "best_step", "parameters", "seconds"])
    for result in results:
        outcome = ("diverged", "") if result.diverged else ("finished", f"{result.loss:.6f}")
        figures = ("" if value is None else value for value in (result.steps, result.best_step, result.parameters))
        write([result.number, *outcome, *result.settings.values(), *figures, _seconds(result)])
    return text.getvalue()


def as_text(results: Sequence[TrialResult]) -> str:
    """Formats the best trials as a terminal table, the best first."""
    heads = ["trial", "loss", *results[0].settings, "steps", "seconds"]
    shown = ordered(results)[:_MOST_LINES]
    rows = [heads, *(_cells(result) for result in shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    more = [f"({len(results) - len(shown)} more in trials.csv)"] if len(shown) < len(results) else []
    return "\n".join([*lines, *more, "(losses in nats a token)"])


def _cells(result: TrialResult) -> list[str]:
    loss = "diverged" if result.diverged else f"{result.loss:.4f}"
    steps = "" if result.steps is None else str(result.steps)
    return [str(result.number), loss, *map(describe, result.settings.values()), steps, _seconds(result)]


def _seconds(result: TrialResult) -> str:
    return "" if result.seconds is None else f"{result.seconds:.1f}"
