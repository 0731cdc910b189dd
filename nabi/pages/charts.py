"""Charts as inline SVG that stretches to any width, with labels in HTML that keep their size; all text is escaped."""

import dataclasses
import math
from collections.abc import Sequence

from nabi.music import note_names
from nabi.music.song import Song
from nabi.pages.markup import count, text

# What a piano roll shows of a song, in quarter notes: 16 bars of 4/4.
ROLL_QUARTERS = 64
# Between a note and the next of its pitch, in quarter notes.
_GAP_QUARTERS = 1 / 12
# Notes drawn of a song at most, so that the page stays small.
_ROLL_NOTES = 3_000
_BLACK_KEYS = {1, 3, 6, 8, 10}
# Of a chart's label, which tells what the chart shows.
_LABEL_SIGNS = 2_000


@dataclasses.dataclass(frozen=True)
class Bar:
    """A bar: its height and what is said of it under the pointer."""

    value: float
    title: str


def bars(values: Sequence[Bar], label: str, ticks: Sequence[tuple[float, str]], below: str = "") -> str:
    """Draws upright bars.

    Args:
      values: from left to right.
      label: a sentence of what the chart shows, for those who do not see it; the highest bar is added to it.
      ticks: (position 0..1, label) along the axis.
      below: HTML between bars and axis.
    """
    highest = max((bar.value for bar in values), default=0) or 1
    drawn = "".join(
        f'<g><title>{text(bar.title)}</title><rect class="reach" x="{index}" width="1" height="100"/>'
        f'<rect x="{index + 0.08:g}" y="{100 - height:g}" width=".84" height="{height:g}"/></g>'
        for index, bar in enumerate(values)
        # A bar that is not 0 is seen.
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
    """Labels below a chart, each centred at its position 0..1, those at the ends kept inside."""
    spans = "".join(
        f'<span style="left:{100 * place:.2f}%;translate:-{shift}%">{text(label)}</span>'
        for place, label in ticks
        for shift in [100 * place if place in (0, 1) else 50]
    )
    return f'<div class="axis" aria-hidden="true">{spans}</div>'


def keyboard(low: int, high: int) -> str:
    """The keys of MIDI numbers low..high - 1, each as wide as its bar."""
    black = "".join(f'<rect x="{key - low}" width="1" height="60"/>' for key in range(low, high) if _is_black(key))
    white = "".join(
        f'<path d="M{edge - low:g} {0 if key % 12 in (5, 0) else 60}V100"/>'
        for key in range(low + 1, high)
        # Between two white keys the line is theirs; a black key covers its neighbours' border.
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
    """Falling values by rank on two logarithmic axes: a rank's place is its logarithm."""
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
    """A line of a plot: its name in the legend, its points (x, y) from left to right, and how it is drawn.

    Attributes:
      name: what it shows.
      points: none is left out, a single one is a dot.
      kind: `first`, `second` or `third` by colour, or `faint`, dashed.
    """

    name: str
    points: Sequence[tuple[float, float]]
    kind: str = "first"


# Points of a line at most, so that the page stays small.
_LINE_POINTS = 600


def plot(lines: Sequence[Line], label: str, ticks: Sequence[tuple[float, str]], span: tuple[float, float]) -> str:
    """Draws lines over one another, the upright axis from 0 up to the highest point.

    Args:
      lines: to draw.
      label: what is plotted, for those who do not see it; where each line begins and ends is added to it.
      ticks: (x, label) along the axis.
      span: the least and the largest x.
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
        f'aria-label="{text(_told(label, shown), _LABEL_SIGNS)}">{grid}{paths}</svg></div>'
        f"{axis([((x - left) / width, name) for x, name in ticks])}"
        f'<p class="legend">{legend}</p></div>'
    )


def _told(label: str, lines: Sequence[Line]) -> str:
    """Adds to a plot's label where each of its lines begins, ends and is lowest."""
    return ". ".join([label, *(f"{line.name}: {_course([y for _, y in line.points])}" for line in lines)])


def _course(heights: Sequence[float]) -> str:
    if len(set(heights)) == 1:
        return f"{heights[0]:.4g}"
    return f"from {heights[0]:.4g} to {heights[-1]:.4g}, lowest {min(heights):.4g}"


def _path(points: Sequence[tuple[float, float]], left: float, width: float, highest: float) -> str:
    drawn = [f"{100 * (x - left) / width:.2f} {100 - 100 * y / highest:.2f}" for x, y in _thinned(points)]
    # A line of no length shows its round end.
    return f"M{'L'.join(drawn * 2 if len(drawn) == 1 else drawn)}"


def round_step(highest: float) -> float:
    """A round number of which 2 to 5 fit into `highest`."""
    power = 10.0 ** math.floor(math.log10(highest))
    return next(step for step in (power / 5, power / 2, power, 2 * power) if highest / step <= 5)


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """At most so many of the points, at even distances, the last among them."""
    every = -(-len(points) // _LINE_POINTS)
    return points[::-1][::every][::-1]


def meter(share: float) -> str:
    """A bar lying down, `share` (0..1) of its width."""
    return (
        '<svg class="meter" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="reach" width="100" height="1"/><rect width="{100 * share:.2f}" height="1"/></svg>'
    )


def roll(song: Song, name: str) -> str:
    """Draws a song's beginning: time to the right, pitch upwards, lines at each C and every 4 bars of 4/4.

    Args:
      song: of at least one note; silence that is longer than the picture is left out, by whole lines.
      name: what the song is called, for those who do not see it.
    """
    quarter, most = song.ticks_per_quarter, ROLL_QUARTERS * song.ticks_per_quarter
    gap = _GAP_QUARTERS * quarter
    start, duration, pitch = (column[:_ROLL_NOTES].tolist() for column in song.notes())
    silent = start[0] // (16 * quarter) * 16 * quarter if start[0] >= most else 0
    notes_shown = zip((onset - silent for onset in start), duration, pitch, strict=True)
    shown = [note for note in notes_shown if note[0] < most]
    low, high = min(note[2] for note in shown) - 2, max(note[2] for note in shown) + 2
    # A tune of few pitches is not drawn as a row of bricks.
    low, high = min(low, (low + high) // 2 - 14), max(high, (low + high) // 2 + 14)
    end = min(max(note[0] + note[1] for note in shown), most)
    notes = "".join(
        f"M{begin} {high - key}h{max(min(length, end - begin) - gap, gap / 2):g}" for begin, length, key in shown
    )
    lines = "".join(f"M0 {high - key + 0.5:g}h{end}" for key in range(low, high) if key % 12 == 0)
    lines += "".join(f"M{at} -1v{high - low + 2}" for at in range(0, end, 16 * quarter)[1:])
    return (
        f'<svg class="roll" viewBox="0 -1 {end} {high - low + 2}" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(_heard(name, [note[2] for note in shown], end / quarter))}">'
        f'<path class="grid" d="{lines}"/><path class="notes" d="{notes}"/></svg>'
    )


def _heard(name: str, keys: Sequence[int], quarters: float) -> str:
    """Tells of a roll how many notes it shows, between which pitches, and in how much time."""
    low, high = note_names.PITCH_NAMES[min(keys)], note_names.PITCH_NAMES[max(keys)]
    time = f"{quarters:.3g} quarter notes of time"
    return f"Piano roll of {name}: {count(len(keys), 'note')}, {low} to {high}, in {time}"


def octaves(counts: Sequence[int]) -> tuple[int, int]:
    """The whole octaves, as MIDI numbers low..high - 1, that hold every pitch counted; an octave from C4 if none."""
    used = [pitch for pitch, count in enumerate(counts) if count]
    if not used:
        return 60, 72
    return used[0] // 12 * 12, min(used[-1] // 12 * 12 + 12, len(counts))


def pitches(counts: Sequence[int], label: str) -> str:
    """How often each MIDI number was struck, above its keys."""
    low, high = octaves(counts)
    values = [Bar(counts[key], f"{note_names.PITCH_NAMES[key]}: {counts[key]:,}") for key in range(low, high)]
    ticks = [((key - low + 0.5) / (high - low), note_names.PITCH_NAMES[key]) for key in range(low, high, 12)]
    return bars(values, label, ticks, keyboard(low, high))
