"""How pitches, chords and durations are written: `Eb5`, `C4.E4.G4`, `4.7.11`, `1/2`.

The table is fixed and our own: music21 spells B flat below middle C `B-3`, and its `B-1` means two pitches.
"""

import fractions
import functools
import re
from collections.abc import Iterable

PITCH_CLASSES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")

# MIDI number -> name, with 60 = C4 and 0 = C-1.
PITCH_NAMES = tuple(f"{PITCH_CLASSES[midi % 12]}{midi // 12 - 1}" for midi in range(128))

REST = "R"

# Not the tuple, which Python would read from its end for a number below 0.
_BY_NUMBER = dict(enumerate(PITCH_NAMES))
_MIDI_NUMBERS = {name: midi for midi, name in enumerate(PITCH_NAMES)}
_CLASSES = re.compile(r"\d{1,2}(\.\d{1,2})*")


def chord_name(pitches: Iterable[int]) -> str:
    """A note or a voiced chord: (60, 64, 67) -> `C4.E4.G4`; raises ValueError for a number outside 0..127."""
    try:
        return ".".join([_BY_NUMBER[pitch] for pitch in pitches])
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is no MIDI number in 0..127") from None


def parse_pitch(name: str) -> int:
    """The MIDI number of a note, `C4` -> 60; raises ValueError naming what is none."""
    if name not in _MIDI_NUMBERS:
        raise ValueError(f"{name!r} is no pitch name from C-1 to G9")
    return _MIDI_NUMBERS[name]


@functools.lru_cache(maxsize=65536)
def parse_chord(name: str) -> tuple[int, ...]:
    """MIDI numbers of a note or a voiced chord; raises ValueError naming what it could not read."""
    try:
        return tuple(_MIDI_NUMBERS[part] for part in name.split("."))
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} in {name!r} is no pitch name from C-1 to G9") from None


@functools.lru_cache(maxsize=65536)
def normal_order(pitches: tuple[int, ...]) -> tuple[int, ...]:
    """The pitch classes of a chord in normal order, as music21 gives it (Straus, Introduction to Post-Tonal Theory).

    Of all rotations of the sorted classes: the one that spans least from first to last; of those, the one packed
    most to the left as far as intervals from the first tell; of those, the one with the smallest first class.
    """
    classes = sorted({pitch % 12 for pitch in pitches})
    rotations = [tuple(classes[index:] + classes[:index]) for index in range(len(classes))]
    return min(rotations, key=_spans)


def _spans(rotation: tuple[int, ...]) -> tuple[object, ...]:
    intervals = [(pitch - rotation[0]) % 12 for pitch in rotation]
    return (intervals[-1], *intervals[1:-1], rotation[0])


def classes_name(pitches: tuple[int, ...]) -> str:
    """A chord's normal order: (64, 67, 71) -> `4.7.11`."""
    return ".".join(str(pitch_class) for pitch_class in normal_order(pitches))


def is_classes(name: str) -> bool:
    """Whether a name is a normal order rather than pitch names."""
    return _CLASSES.fullmatch(name) is not None


def parse_classes(name: str) -> tuple[int, ...]:
    """The lowest ascending voicing from C4 of a normal order; a single class is an octave, `0` -> (60, 72).

    Raises:
      ValueError: if a class is outside 0..11 or stands twice.
    """
    classes = [int(part) for part in name.split(".")]
    if max(classes) > 11 or len(set(classes)) < len(classes):
        raise ValueError(f"{name!r} is no chord: its classes must be different numbers in 0..11")
    if len(classes) == 1:
        return (60 + classes[0], 72 + classes[0])
    pitches = [60 + classes[0]]
    for pitch_class in classes[1:]:
        pitches.append(pitches[-1] + (pitch_class - pitches[-1]) % 12)
    return tuple(pitches)


@functools.lru_cache(maxsize=65536)
def duration_name(ticks: int, ticks_per_quarter: int) -> str:
    """Ticks as quarter notes: of 12 a quarter 6 -> `1/2`, 12 -> `1`, 16 -> `4/3`."""
    return str(fractions.Fraction(ticks, ticks_per_quarter))


@functools.lru_cache(maxsize=65536)
def parse_duration(name: str, ticks_per_quarter: int) -> int:
    """Ticks of a duration in quarter notes; raises ValueError if it is not above 0 or off the grid."""
    ticks = parse_quarters(name) * ticks_per_quarter
    if ticks <= 0 or ticks.denominator != 1:
        raise ValueError(f"{name!r} is not a multiple of 1/{ticks_per_quarter} of a quarter note above 0")
    return int(ticks)


def parse_quarters(name: str) -> fractions.Fraction:
    """A duration in quarter notes, exactly: `1/2`; raises ValueError if it is none."""
    try:
        return fractions.Fraction(name)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{name!r} is no duration such as 1/2") from None
