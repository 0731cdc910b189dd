"""A scatter plot, such as the loss of each trial against one of its settings."""

import dataclasses
import math
from collections.abc import Sequence

from nabi.pages.charts import axis, round_step
from nabi.pages.markup import count, text


@dataclasses.dataclass(frozen=True)
class Dot:
    """A dot.

    Attributes:
      place: position from left (0) to right (1).
      value: its height; None: above all others, on the upper edge.
      title: tooltip.
      kind: its style: `first`, `second` or `third` by colour, or `faint`.
    """

    place: float
    value: float | None
    title: str
    kind: str = "first"


def scatter(dots: Sequence[Dot], label: str, ticks: Sequence[tuple[float, str]]) -> str:
    """Draws dots, later ones over earlier ones; the vertical axis spans their heights, without 0.

    Args:
      dots: the dots.
      label: description for screen readers; the number of dots and the lowest one are added to it.
      ticks: (place 0..1, label) along the axis.
    """
    low, high = _span([dot.value for dot in dots if dot.value is not None])
    drawn = "".join(
        f'<path class="{dot.kind} dot" d="{_point(dot, low, high)}"><title>{text(dot.title)}</title></path>'
        for dot in dots
    )
    marks = [(_height(mark, low, high), f"{mark:.10g}") for mark in _marks(low, high)]
    grid = "".join(f'<path class="grid" d="M0 {100 - height:.2f}H100"/>' for height, _ in marks)
    heights = "".join(f'<span style="bottom:{height:.2f}%">{name}</span>' for height, name in marks)
    return (
        f'<div class="plot"><div class="area"><div class="heights" aria-hidden="true">{heights}</div>'
        f'<svg class="lines scatter" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(_with_lowest(label, dots))}">{grid}{drawn}</svg></div>{axis(ticks)}</div>'
    )


def _with_lowest(label: str, dots: Sequence[Dot]) -> str:
    """Adds the number of dots and the lowest one to a chart's label."""
    valued = [dot for dot in dots if dot.value is not None]
    lowest = min(valued, key=lambda dot: dot.value or 0, default=None)
    return f"{label}: {count(len(dots), 'dot')}" + (f". Lowest: {lowest.title}" if lowest else "")


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Returns the range of the vertical axis, with a margin; equal values lie in its middle."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.08 * (high - low) or 0.1 * abs(low) or 1.0
    return low - room, high + room


def _height(value: float, low: float, high: float) -> float:
    return 100 * (value - low) / (high - low)


def _point(dot: Dot, low: float, high: float) -> str:
    height = 100.0 if dot.value is None else _height(dot.value, low, high)
    point = f"{100 * dot.place:.2f} {100 - height:.2f}"
    # A line of length 0 is drawn as its round end.
    return f"M{point}L{point}"


def _marks(low: float, high: float) -> list[float]:
    """Returns round numbers between two heights, for the grid."""
    step = round_step(high - low)
    return [step * number for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
