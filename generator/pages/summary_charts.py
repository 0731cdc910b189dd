"""The distributions of a job's songs as charts, with the outlines of the training and the validation songs'."""

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
# Bins of a chart at least, so that a distribution of one bin is no wall.
_LEAST_BINS = 8


@dataclasses.dataclass(frozen=True)
class Shown:
    """How a distribution is shown.

    Attributes:
      title: its name.
      explained: what is counted.
      bin: number -> name of a bin.
      labelled: the bins that have a label along the axis.
    """

    title: str
    explained: str
    bin: Callable[[int], str]
    labelled: Sequence[int]


def _interval(place: int) -> str:
    semitones = place - WIDEST - 1
    if abs(semitones) > WIDEST:
        return f"more than {WIDEST} {'up' if semitones > 0 else 'down'}"
    return f"{semitones:+d}" if semitones else "0"


def _duration(place: int) -> str:
    if place == MOST_TWELFTHS:
        return f"more than {MOST_TWELFTHS // TWELFTHS}"
    return note_names.duration_name(place + 1, TWELFTHS)


def _number(place: int) -> str:
    return f"{place} or more" if place == MOST_NOTES else str(place)


SHOWN = {
    "degrees": Shown(
        "Degrees", "notes by semitones above the tonic of their song's key", _DEGREES.__getitem__, range(12)
    ),
    "intervals": Shown(
        "Melodic intervals",
        "semitones from each onset's highest note to the next one's",
        _interval,
        range(1, 2 * WIDEST + 2, 6),
    ),
    "durations": Shown(
        "Durations", "notes by their length in quarter notes", _duration, (2, *range(11, MOST_TWELFTHS, 12))
    ),
    "density": Shown("Density", "quarter notes of time by how many notes begin in them", _number, range(0, 16, 3)),
    "polyphony": Shown("Polyphony", "time by how many pitches sound", _number, range(0, 16, 3)),
    "pitches": Shown(
        "Pitches", "notes by pitch, which depends on keys", note_names.PITCH_NAMES.__getitem__, range(0, 128, 12)
    ),
    "pitch_classes": Shown(
        "Pitch classes", "notes by name, which depends on keys", note_names.PITCH_CLASSES.__getitem__, range(12)
    ),
}


def all_of(summary: Mapping[str, Any], reference: StyleReference | None) -> dict[str, str]:
    """Name of a distribution -> its chart, as HTML."""
    return {name: _figure(name, summary["distributions"][name]["counts"], reference) for name in SHOWN}


def _figure(name: str, counts: Sequence[int], reference: StyleReference | None) -> str:
    shown = SHOWN[name]
    sets = {_OURS: counts, **_others(name, reference)}
    low, high = _span(name, list(sets.values()))
    shares = {title: _shares(of_set)[low:high] for title, of_set in sets.items()}
    bars = [
        Bar(share, f"{shown.bin(low + place)}: {_said(shares, place)}") for place, share in enumerate(shares[_OURS])
    ]
    outlines = [Outline(title, shares[title], kind) for title, kind in _OUTLINES.items() if title in shares]
    ticks = [((place - low + 0.5) / (high - low), shown.bin(place)) for place in shown.labelled if low <= place < high]
    keys = charts.keyboard(low, high) if name == "pitches" else ""
    drawn = compared.compared(_OURS, bars, outlines, f"{shown.title}: {shown.explained}", ticks, keys)
    return markup.figure(f"{shown.title} <small>{shown.explained}</small>", drawn)


def _others(name: str, reference: StyleReference | None) -> dict[str, list[int]]:
    """The counts of training and validation songs, where there are any."""
    sets = {"training": reference.train, "validation": reference.validation} if reference else {}
    return {title: portrait.distributions[name].tolist() for title, portrait in sets.items() if portrait.songs}


def _span(name: str, sets: Sequence[Sequence[int]]) -> tuple[int, int]:
    """The bins low..high - 1 that are drawn: without those at the end that no set uses."""
    used = [sum(counts) for counts in zip(*sets, strict=True)]
    if name == "pitches":
        return charts.octaves(used)
    if name not in ("durations", "density", "polyphony"):
        return 0, len(used)
    last = max((place for place, count in enumerate(used) if count), default=0)
    return 0, max(last + 1, _LEAST_BINS)


def _shares(counts: Sequence[int]) -> list[float]:
    every = sum(counts) or 1
    return [count / every for count in counts]


def _said(shares: Mapping[str, Sequence[float]], place: int) -> str:
    return ", ".join(f"{title} {100 * of_set[place]:.1f} %" for title, of_set in shares.items())
