"""A chart that compares distributions: bars of one under the outlines of others."""

import dataclasses
from collections.abc import Sequence

from nabi.pages.charts import Bar, axis, with_highest
from nabi.pages.markup import text

# Height of a chart without values, to divide by.
_LEAST = 1e-9


@dataclasses.dataclass(frozen=True)
class Outline:
    """A distribution drawn as an outline.

    Attributes:
      name: its name in the legend.
      shares: its shares of the bars' bins, 0..1.
      kind: its style: `second` or `third` by colour, or `faint`, dashed.
    """

    name: str
    shares: Sequence[float]
    kind: str = "second"


def compared(
    name: str,
    bars: Sequence[Bar],
    outlines: Sequence[Outline],
    label: str,
    ticks: Sequence[tuple[float, str]],
    below: str = "",
) -> str:
    """Draws upright bars of shares, and the outlines of other distributions over them on the same scale.

    Args:
      name: name of the bars' distribution in the legend.
      bars: bars from left to right; the values are shares, 0..1.
      outlines: the other distributions, with as many bins.
      label: description for screen readers; the highest bar is added to it.
      ticks: (position 0..1, label) along the axis.
      below: HTML between bars and axis.
    """
    values = [*(bar.value for bar in bars), *(share for outline in outlines for share in outline.shares)]
    highest = max(values, default=0) or _LEAST
    drawn = "".join(_bar(place, bar, highest) for place, bar in enumerate(bars))
    lines = "".join(f'<path class="{line.kind}" d="{_steps(line.shares, highest)}"/>' for line in outlines)
    grid = "".join(f'<path class="grid" d="M0 {y}H{len(bars)}"/>' for y in (0, 50, 100))
    entries = [("first", name), *((line.kind, line.name) for line in outlines)]
    spans = "".join(f'<span class="{kind}">{text(entry)}</span>' for kind, entry in entries)
    legend = f'<p class="legend">{spans}</p>' if outlines else ""
    return (
        f'<div class="chart"><p class="top">{100 * highest:.3g} %</p>'
        f'<svg class="bars compared" viewBox="0 0 {max(len(bars), 1)} 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(with_highest(label, bars))}">{grid}{drawn}{lines}</svg>{below}{axis(ticks)}{legend}</div>'
    )


def _bar(place: int, bar: Bar, highest: float) -> str:
    height = 100 * bar.value / highest
    return (
        f'<g><title>{text(bar.title)}</title><rect class="reach" x="{place}" width="1" height="100"/>'
        f'<rect x="{place + 0.08:g}" y="{100 - height:.2f}" width=".84" height="{height:.2f}"/></g>'
    )


def _steps(shares: Sequence[float], highest: float) -> str:
    """Returns the SVG path of an outline, with steps at the bins' edges, from 0 to 0."""
    steps = "".join(f"V{100 - 100 * share / highest:.2f}H{place + 1}" for place, share in enumerate(shares))
    return f"M0 100{steps}V100"
