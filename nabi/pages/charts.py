"""Draws charts as inline SVG that stretches to any width, with labels in HTML of fixed size; all text is escaped."""

import dataclasses
import math
from collections.abc import Sequence

from nabi.music import note_names
from nabi.pages.markup import text

_BLACK_KEYS = {1, 3, 6, 8, 10}
# Length of a chart's label in characters, at most.
_LABEL_SIGNS = 2_000


@dataclasses.dataclass(frozen=True)
class Bar:
    """A bar: its height and its tooltip."""

    value: float
    title: str


def bars(values: Sequence[Bar], label: str, ticks: Sequence[tuple[float, str]], below: str = "") -> str:
    """Draws upright bars.

    Args:
      values: bars from left to right.
      label: description for screen readers; the highest bar is added to it.
      ticks: (position 0..1, label) along the axis.
      below: HTML between bars and axis.
    """
    highest = max((bar.value for bar in values), default=0) or 1
    drawn = "".join(
        f'<g><title>{text(bar.title)}</title><rect class="reach" x="{index}" width="1" height="100"/>'
        f'<rect x="{index + 0.08:g}" y="{100 - height:g}" width=".84" height="{height:g}"/></g>'
        for index, bar in enumerate(values)
        # A value above 0 has a visible bar.
        for height in [round(max(100 * bar.value / highest, 0.8 if bar.value else 0), 2)]
    )
    return (
        f'<div class="chart"><p class="top">{highest:,}</p>'
        f'<svg class="bars" viewBox="0 0 {max(len(values), 1)} 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(with_highest(label, values), _LABEL_SIGNS)}">{_lines(len(values))}{drawn}</svg>{below}'
        f"{axis(ticks)}</div>"
    )


def with_highest(label: str, values: Sequence[Bar]) -> str:
    """Adds the highest bar's title to a chart's label."""
    highest = max(values, key=lambda bar: bar.value, default=None)
    return f"{label}. Highest: {highest.title}" if highest and highest.value else f"{label}. Nothing is counted"


def _lines(width: int) -> str:
    return "".join(f'<path class="grid" d="M0 {y}H{width}"/>' for y in (0, 50, 100))


def axis(ticks: Sequence[tuple[float, str]]) -> str:
    """Draws labels below a chart, each centred at its position 0..1, those at the ends kept inside."""
    spans = "".join(
        f'<span style="left:{100 * place:.2f}%;translate:-{shift}%">{text(label)}</span>'
        for place, label in ticks
        for shift in [100 * place if place in (0, 1) else 50]
    )
    return f'<div class="axis" aria-hidden="true">{spans}</div>'


def keyboard(low: int, high: int) -> str:
    """Draws the piano keys of MIDI numbers low..high - 1, each as wide as a bar."""
    black = "".join(f'<rect x="{key - low}" width="1" height="60"/>' for key in range(low, high) if _is_black(key))
    white = "".join(
        f'<path d="M{edge - low:g} {0 if key % 12 in (5, 0) else 60}V100"/>'
        for key in range(low + 1, high)
        # Two neighbouring white keys have a line between them; elsewhere it runs from the middle of a black key down.
        for edge in [key if key % 12 in (5, 0) else key + 0.5]
        if key % 12 in (5, 0) or _is_black(key)
    )
    return (
        f'<svg class="keys" viewBox="0 0 {high - low} 100" preserveAspectRatio="none" aria-hidden="true">'
        f"{white}{black}</svg>"
    )


def _is_black(key: int) -> bool:
    return key % 12 in _BLACK_KEYS


def curve(values: Sequence[int], label: str) -> str:
    """Draws descending values by rank, on two logarithmic axes.

    Args:
      values: the values, the highest first.
      label: description for screen readers.
    """
    ranks = sorted({round(len(values) ** (step / 120)) for step in range(121)}) if values else []
    width, height = math.log(max(len(values), 2)), math.log(max(max(values, default=1), 2))
    points = [(100 * math.log(rank) / width, 100 - 100 * math.log(values[rank - 1]) / height) for rank in ranks]
    path = "L".join(f"{x:.2f} {y:.2f}" for x, y in points)
    lines = "".join(
        f'<path class="grid" d="M0 {100 - 100 * math.log(10**decade) / height:.2f}H100"/>'
        for decade in range(int(height / math.log(10)) + 1)
    )
    ticks = [(math.log(10**decade) / width, f"{10**decade:,}") for decade in range(int(width / math.log(10)) + 1)]
    return (
        f'<div class="chart"><p class="top">{max(values, default=0):,}</p>'
        f'<svg class="curve" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="{text(label)}">'
        f'{lines}<path class="under" d="M0 100L{path}L100 100Z"/><path class="line" d="M{path}"/></svg>'
        f"{axis(ticks)}</div>"
    )


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of a plot.

    Attributes:
      name: its name in the legend.
      points: its points (x, y) from left to right; a single one is drawn as a dot, a line without any not at all.
      kind: its style: `first`, `second` or `third` by colour, or `faint`, dashed.
    """

    name: str
    points: Sequence[tuple[float, float]]
    kind: str = "first"


# Points of a line at most, so that the page stays small.
_LINE_POINTS = 600


def plot(lines: Sequence[Line], label: str, ticks: Sequence[tuple[float, str]], span: tuple[float, float]) -> str:
    """Draws lines over one another, with a vertical axis from 0 to the highest point.

    Args:
      lines: the lines.
      label: description for screen readers; the first, last and lowest value of each line are added to it.
      ticks: (x, label) along the axis.
      span: (smallest x, largest x).
    """
    shown = [line for line in lines if line.points]
    highest = max((y for line in shown for _, y in line.points), default=0) or 1
    left, width = span[0], (span[1] - span[0]) or 1
    step = round_step(highest)
    marks = [step * number for number in range(int(highest / step + 1e-9) + 1)]
    paths = "".join(
        f'<path class="{kind}" d="{_path(line.points, left, width, highest)}"/>'
        for line in shown
        for kind in [f"{line.kind} dot" if len(line.points) == 1 else line.kind]
    )
    grid = "".join(f'<path class="grid" d="M0 {100 - 100 * mark / highest:.2f}H100"/>' for mark in marks)
    heights = "".join(f'<span style="bottom:{100 * mark / highest:.2f}%">{mark:g}</span>' for mark in marks)
    legend = "".join(f'<span class="{line.kind}">{text(line.name)}</span>' for line in shown)
    return (
        f'<div class="plot"><div class="area"><div class="heights" aria-hidden="true">{heights}</div>'
        f'<svg class="lines" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(_with_courses(label, shown), _LABEL_SIGNS)}">{grid}{paths}</svg></div>'
        f"{axis([((x - left) / width, name) for x, name in ticks])}"
        f'<p class="legend">{legend}</p></div>'
    )


def _with_courses(label: str, lines: Sequence[Line]) -> str:
    """Adds the first, last and lowest value of each line to a plot's label."""
    return ". ".join([label, *(f"{line.name}: {_course([y for _, y in line.points])}" for line in lines)])


def _course(heights: Sequence[float]) -> str:
    if len(set(heights)) == 1:
        return f"{heights[0]:.4g}"
    return f"from {heights[0]:.4g} to {heights[-1]:.4g}, lowest {min(heights):.4g}"


def _path(points: Sequence[tuple[float, float]], left: float, width: float, highest: float) -> str:
    drawn = [f"{100 * (x - left) / width:.2f} {100 - 100 * y / highest:.2f}" for x, y in _thinned(points)]
    # A line of length 0 is drawn as its round end.
    return f"M{'L'.join(drawn * 2 if len(drawn) == 1 else drawn)}"


def round_step(highest: float) -> float:
    """Returns a round step for an axis up to `highest`, which holds 2 to 5 of it.

    >>> round_step(7.0), round_step(0.4)
    (2.0, 0.1)
    """
    power = 10.0 ** math.floor(math.log10(highest))
    return next(step for step in (power / 5, power / 2, power, 2 * power) if highest / step <= 5)


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """Returns at most `_LINE_POINTS` of the points, evenly spaced, the last one included."""
    step = -(-len(points) // _LINE_POINTS)
    return points[::-1][::step][::-1]


def meter(share: float) -> str:
    """Draws a horizontal bar that is filled to a share, 0..1."""
    return (
        '<svg class="meter" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="reach" width="100" height="1"/><rect width="{100 * share:.2f}" height="1"/></svg>'
    )


def octaves(counts: Sequence[int]) -> tuple[int, int]:
    """Returns the MIDI numbers low..high - 1 of the octaves, from C to B, that hold all counted pitches.

    Without any it is the octave from C4.

    Args:
      counts: notes of each MIDI number.
    """
    used = [pitch for pitch, count in enumerate(counts) if count]
    if not used:
        return 60, 72
    return used[0] // 12 * 12, min(used[-1] // 12 * 12 + 12, len(counts))


def pitches(counts: Sequence[int], label: str) -> str:
    """Draws the number of notes of each pitch, above a keyboard.

    Args:
      counts: notes of each MIDI number, [128].
      label: description for screen readers; the highest bar is added to it.
    """
    low, high = octaves(counts)
    values = [Bar(counts[key], f"{note_names.PITCH_NAMES[key]}: {counts[key]:,}") for key in range(low, high)]
    ticks = [((key - low + 0.5) / (high - low), note_names.PITCH_NAMES[key]) for key in range(low, high, 12)]
    return bars(values, label, ticks, keyboard(low, high))
