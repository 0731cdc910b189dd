"""Charts of the distributions of a job's songs, with outlines for the training and the validation songs."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nabi.analysis.histograms import MOST_NOTES, MOST_TWELFTHS, TWELFTHS, WIDEST
from nabi.analysis.style_reference import StyleReference
from nabi.music import note_names
from nabi.pages import charts, compared, markup
from nabi.pages.charts import Bar
from nabi.pages.compared import Outline

_DEGREES = ("1", "b2", "2", "b3", "3", "4", "#4", "5", "b6", "6", "b7", "7")
_OURS = "these songs"
_OUTLINES = {"training": "second", "validation": "faint"}
# Fewest bins of a chart, so that a distribution of one bin does not fill it.
_LEAST_BINS = 8


@dataclasses.dataclass(frozen=True)
class ChartFormat:
    """Labels of a distribution's chart.

    Attributes:
      title: name of the distribution.
      explained: what is counted, and by what.
      bin: number of a bin -> its name.
      labelled: bins that have a label along the axis.
    """

    title: str
    explained: str
    bin: Callable[[int], str]
    labelled: Sequence[int]


def _interval(bin_number: int) -> str:
    semitones = bin_number - WIDEST - 1
    if abs(semitones) > WIDEST:
        return f"more than {WIDEST} {'up' if semitones > 0 else 'down'}"
    return f"{semitones:+d}" if semitones else "0"


def _duration(bin_number: int) -> str:
    if bin_number == MOST_TWELFTHS:
        return f"more than {MOST_TWELFTHS // TWELFTHS}"
    return note_names.duration_name(bin_number + 1, TWELFTHS)


def _number(bin_number: int) -> str:
    return f"{bin_number} or more" if bin_number == MOST_NOTES else str(bin_number)


FORMATS = {
    "degrees": ChartFormat(
        "Degrees", "notes by semitones above the tonic of their song's key", _DEGREES.__getitem__, range(12)
    ),
    "intervals": ChartFormat(
        "Melodic intervals",
        "semitones from each onset's highest note to the next one's",
        _interval,
        range(1, 2 * WIDEST + 2, 6),
    ),
    "durations": ChartFormat(
        "Durations", "notes by their length in quarter notes", _duration, (2, *range(11, MOST_TWELFTHS, 12))
    ),
    "density": ChartFormat(
        "Density", "quarter notes of time by how many notes begin in them", _number, range(0, 16, 3)
    ),
    "polyphony": ChartFormat("Polyphony", "time by how many pitches sound", _number, range(0, 16, 3)),
    "pitches": ChartFormat(
        "Pitches", "notes by pitch, which depends on keys", note_names.PITCH_NAMES.__getitem__, range(0, 128, 12)
    ),
    "pitch_classes": ChartFormat(
        "Pitch classes", "notes by name, which depends on keys", note_names.PITCH_CLASSES.__getitem__, range(12)
    ),
}


def all_of(summary: Mapping[str, Any], reference: StyleReference | None) -> dict[str, str]:
    """Draws the charts of all distributions: name -> HTML."""
    return {name: _figure(name, summary["distributions"][name]["counts"], reference) for name in FORMATS}


def _figure(name: str, counts: Sequence[int], reference: StyleReference | None) -> str:
    labels = FORMATS[name]
    sets = {_OURS: counts, **_others(name, reference)}
    low, high = _span(name, list(sets.values()))
    shares = {title: _shares(values)[low:high] for title, values in sets.items()}
    bars = [
        Bar(share, f"{labels.bin(low + index)}: {_tooltip(shares, index)}") for index, share in enumerate(shares[_OURS])
    ]
    outlines = [Outline(title, shares[title], kind) for title, kind in _OUTLINES.items() if title in shares]
    ticks = [((bin_ - low + 0.5) / (high - low), labels.bin(bin_)) for bin_ in labels.labelled if low <= bin_ < high]
    keys = charts.keyboard(low, high) if name == "pitches" else ""
    chart = compared.compared(_OURS, bars, outlines, f"{labels.title}: {labels.explained}", ticks, keys)
    return markup.figure(f"{labels.title} <small>{labels.explained}</small>", chart)


def _others(name: str, reference: StyleReference | None) -> dict[str, list[int]]:
    """Returns the counts of training and validation songs, where there are such songs."""
    sets = {"training": reference.train, "validation": reference.validation} if reference else {}
    return {title: profile.distributions[name].tolist() for title, profile in sets.items() if profile.songs}


def _span(name: str, sets: Sequence[Sequence[int]]) -> tuple[int, int]:
    """Selects the bins low..high - 1 to draw: those at the end that no set uses are left out."""
    used = [sum(counts) for counts in zip(*sets, strict=True)]
    if name == "pitches":
        return charts.octaves(used)
    if name not in ("durations", "density", "polyphony"):
        return 0, len(used)
    last = max((index for index, count in enumerate(used) if count), default=0)
    return 0, max(last + 1, _LEAST_BINS)


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) or 1
    return [count / total for count in counts]


def _tooltip(shares: Mapping[str, Sequence[float]], index: int) -> str:
    return ", ".join(f"{title} {100 * values[index]:.1f} %" for title, values in shares.items())
