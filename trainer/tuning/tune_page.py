"""`tune.html`: the trials of a search, on one self-contained page."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from nabi.pages import headings, markup, scatter, template
from nabi.pages.markup import text
from nabi.pages.scatter import Dot
from trainer.tuning import trials_table
from trainer.tuning.search import Range, Setting, describe
from trainer.tuning.trial import TrialResult

TEMPLATE = "tune.html"

# Most labels along an axis.
_MOST_TICKS = 7


def page(folder: str, request: Mapping[str, Any], ranges: Mapping[str, Range], results: Sequence[TrialResult]) -> str:
    """Renders the page as HTML.

    Args:
      folder: the model directory.
      request: the content of tune.json, see `search_plan.SearchPlan.request`.
      ranges: searched settings -> their ranges.
      results: of the trials that have ended, by number; at least one.
    """
    filled = {
        "title": f"{text(headings.name_of(folder))}: search",
        "summary": "".join(f"<span>{fact}</span>" for fact in _headline(request, results)),
        "trials": table(results),
        "order": _by_number(results),
        "settings": "".join(markup.figure(f"<code>{key}</code>", picture(key, ranges[key], results)) for key in ranges),
        "made": _made(request),
    }
    return template.document("trainer.tuning", TEMPLATE, filled)


def _headline(request: Mapping[str, Any], results: Sequence[TrialResult]) -> list[str]:
    best, diverged = trials_table.ordered(results)[0], sum(result.diverged for result in results)
    progress = f"{len(results)} of {markup.count(request['trials'], 'trial')}"
    facts = ["no model yet" if best.diverged else f"best: {best.loss:.4f} nats a token, trial {best.number}", progress]
    return [*facts, f"{diverged} diverged"] if diverged else facts


def table(results: Sequence[TrialResult]) -> str:
    """Tabulates the trials, the best first."""
    heads = ["Trial", "Loss", *results[0].settings, "Steps", "Best step", "Parameters", "Seconds"]
    ranked = trials_table.ordered(results)
    rows = [_row(result, result is ranked[0] and not result.diverged) for result in ranked]
    return markup.table("Trials, the best first", heads, rows, "scrolling")


def _row(result: TrialResult, best: bool) -> list[str]:
    loss = "diverged" if result.diverged else f"{result.loss:.4f}"
    counts = ["–" if value is None else f"{value:,}" for value in (result.steps, result.best_step, result.parameters)]
    seconds = "–" if result.seconds is None else f"{result.seconds:,.1f}"
    name = f'<b class="best">{result.number}, the best</b>' if best else str(result.number)
    return [name, f"<b>{loss}</b>" if best else loss, *map(describe, result.settings.values()), *counts, seconds]


def picture(key: str, legal: Range, results: Sequence[TrialResult]) -> str:
    """Plots the loss of each trial against its value of a setting."""
    dots = [(place(legal, result.settings[key]), result) for result in results]
    return _drawn(dots, f"Loss in nats a token against {key}", ticks(legal))


def _by_number(results: Sequence[TrialResult]) -> str:
    interval = -(-len(results) // _MOST_TICKS)
    places = {result.number: _inside((result.number - 0.5) / len(results)) for result in results}
    dots = [(places[result.number], result) for result in results]
    marks = [(places[result.number], str(result.number)) for result in results[::interval]]
    return _drawn(dots, "Loss in nats a token by trial", marks)


def _drawn(dots: Sequence[tuple[float, TrialResult]], label: str, marks: Sequence[tuple[float, str]]) -> str:
    """Plots trials; the best is drawn last, over the others."""
    best = trials_table.ordered([result for _, result in dots])[0]
    ordered = sorted(dots, key=lambda dot: dot[1] is best)
    limit = _loss_limit([result.loss for _, result in dots])
    return scatter.scatter([_dot(x, result, result is best, limit) for x, result in ordered], label, marks)


def _loss_limit(losses: Sequence[float]) -> float:
    """Returns the loss above which a trial is drawn on the upper edge, as its height would flatten the others."""
    lowest, median = min(losses), statistics.median_low(losses)
    return lowest + 4 * (median - lowest) if lowest < median < math.inf else math.inf


def _dot(x: float, result: TrialResult, best: bool, limit: float) -> Dot:
    loss = "diverged" if result.diverged else f"{result.loss:.4f} nats"
    title = f"trial {result.number}: {loss}, {trials_table.settings(result.settings)}"
    if result.diverged or result.loss > limit:
        return Dot(x, None, title, "faint")
    return Dot(x, result.loss, title, "second best" if best else "first")


def place(legal: Range, value: Setting) -> float:
    """Returns a value's place on the axis of its range, 0..1."""
    if legal.choices:
        return (legal.choices.index(value) + 0.5) / len(legal.choices)
    low, high, value = (math.log(part) if legal.log else part for part in (legal.low, legal.high, value))
    return _inside((value - low) / (high - low))


def _inside(share: float) -> float:
    """Moves a share of an axis inwards, so that half a dot fits at both ends."""
    return 0.03 + 0.94 * share


def ticks(legal: Range) -> list[tuple[float, str]]:
    """Chooses the labelled values of a range's axis: (place, label) of each."""
    if legal.log:
        powers = range(math.floor(math.log10(legal.low)), math.ceil(math.log10(legal.high)) + 1)
        # Parsed from text, so that 0.0003 is the same number as in the range.
        values = [float(f"{digit}e{power}") for power in powers for digit in (1, 3)]
        return [(place(legal, value), f"{value:g}") for value in values if legal.low <= value <= legal.high]
    if legal.choices:
        return [(place(legal, value), describe(value)) for value in legal.choices]
    count = round((legal.high - legal.low) / legal.step)
    interval = -(-(count + 1) // _MOST_TICKS)
    values = [legal.low + legal.step * number for number in range(0, count + 1, interval)]
    return [(place(legal, value), f"{value:g}") for value in values]


def _made(request: Mapping[str, Any]) -> str:
    """Lists the searched settings with their ranges, and the settings that all trials have in common."""
    fixed = {key: describe(value) for key, value in request["train"].items() if key not in request["searched"]}
    facts = [*request["searched"].items(), *fixed.items()]
    return f"<dl>{''.join(f'<dt>{text(key)}</dt><dd>{text(value)}</dd>' for key, value in facts)}</dl>"
