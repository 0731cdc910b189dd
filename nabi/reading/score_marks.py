"""Reads what a score says besides notes: tempo, meter, key, and how loud its dynamics are."""

import bisect
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from music21 import dynamics, key, meter, tempo

from nabi.music.about import About
from nabi.music.performance_steps import DEFAULT_VELOCITY
from nabi.music.timeline import Timeline
from nabi.reading import midi_meta
from nabi.reading.repeats import MeasureTimes

# (measure, start in it in quarter notes, element); measure -1 is outside of any.
Element = tuple[int, Fraction, Any]


def described(about: About, elements: Iterable[Element], semitones: int) -> About:
    """Fills gaps of `about` from a staff's start; the key signature of a transposed staff as it sounds."""
    for measure, start, element in elements:
        if measure > 0 or start > 0:
            continue
        if isinstance(element, tempo.MetronomeMark) and about.tempo is None:
            about = dataclasses.replace(about, tempo=_quarters_a_minute(element))
        elif isinstance(element, meter.TimeSignature) and about.time_signature is None:
            about = dataclasses.replace(about, time_signature=_time_signature(element))
        elif isinstance(element, key.KeySignature) and about.key_signature is None:
            about = dataclasses.replace(about, key_signature=_key_signature(element, semitones))
    return about


def _quarters_a_minute(mark: tempo.MetronomeMark) -> float | None:
    """Reads a tempo in quarter notes a minute; None for words only, for which music21 guesses a number."""
    quarters = None if mark.numberImplicit and mark.numberSounding is None else mark.getQuarterBPM()
    # The range of a MIDI file's tempo; see nabi.reading.midi_meta.
    return round(float(quarters), 2) if quarters and 3.58 <= quarters <= 60_000_000 else None


def _time_signature(signature: meter.TimeSignature) -> str | None:
    """Writes a time signature such as `6/8`; None unless the denominator is a power of 2."""
    power = signature.denominator.bit_length() - 1
    sound = signature.denominator == 1 << power and 0 < signature.numerator < 256
    return midi_meta.time_signature(bytes([signature.numerator, power])) if sound else None


def _key_signature(signature: key.KeySignature, semitones: int) -> str | None:
    """Writes a key signature such as `Bb major`; any mode but minor becomes the major key of its sharps and flats."""
    # A semitone up is seven fifths up; twelve fifths are an enharmonic change.
    sharps = signature.sharps + (7 * semitones + 6) % 12 - 6
    return midi_meta.key_signature(bytes([sharps % 256, getattr(signature, "mode", None) == "minor"]))


class Loudness:
    """The velocities of a staff: a mark such as `mf` holds up to the next one, whatever is repeated between them."""

    def __init__(self, elements: Iterable[Element]) -> None:
        """Reads the marks of a staff.

        Args:
          elements: of the staff. A mark's velocity is music21's `volumeScalar` of 127, 70 for `mf`.
        """
        marks = sorted(
            ((measure, start), max(1, round(127 * element.volumeScalar)))
            for measure, start, element in elements
            if isinstance(element, dynamics.Dynamic)
        )
        self._places = [place for place, _ in marks]
        self._velocities = [velocity for _, velocity in marks]

    def velocity(self, measure: int, start: Fraction, note: Any) -> int:
        """Returns a note's own velocity if it has one, or that of the mark before it, or 90."""
        if (own := note.volume.velocity) is not None:
            return min(max(int(own), 1), 127)
        before = bisect.bisect_right(self._places, (measure, start))
        return self._velocities[before - 1] if before else DEFAULT_VELOCITY


class Marks:
    """Collects tempo, meter and key of a score's staves over time; of meter and key the first staff's that has any."""

    def __init__(self, tick: Callable[[Fraction], int]) -> None:
        """Starts without any; `tick` rounds quarter notes to ticks."""
        self._tick = tick
        self._tempi: list[tuple[int, ...]] = []
        self._meters: list[tuple[int, ...]] = []
        self._keys: list[tuple[int, ...]] = []

    def add(self, elements: Sequence[Element], layout: MeasureTimes, semitones: int) -> None:
        """Adds the marks of a staff that sounds so many semitones higher than it is written."""
        meters: list[tuple[int, ...]] = []
        keys: list[tuple[int, ...]] = []
        by_measure: dict[int, list[tuple[Fraction, Any]]] = {}
        for measure, start, element in elements:
            by_measure.setdefault(measure, []).append((start, element))
        for measure, base in [(-1, Fraction(0)), *layout.passes]:
            for start, element in by_measure.get(measure, ()):
                tick = self._tick(base + start)
                if isinstance(element, tempo.MetronomeMark) and (quarters := _quarters_a_minute(element)):
                    self._tempi.append((tick, round(60_000_000 / quarters)))
                elif isinstance(element, meter.TimeSignature) and (text := _time_signature(element)):
                    meters.append((tick, *map(int, text.split("/"))))
                elif isinstance(element, key.KeySignature) and (text := _key_signature(element, semitones)):
                    keys.append((tick, *midi_meta.VALUES[midi_meta.KEY_SIGNATURE](midi_meta.key_signature_bytes(text))))
        self._meters = self._meters or meters
        self._keys = self._keys or keys

    def timeline(self) -> Timeline:
        """Returns the marks of all staves."""
        return Timeline.of(self._tempi, self._meters, self._keys)
