"""Names of pitches, chords and durations in tokens: `Eb5`, `C4.E4.G4`, `4.7.11`, `1/2`.

The spelling is Nabi's own: music21 spells B flat below middle C `B-3`, and its `B-1` means two pitches.
"""

import fractions
import functools
import re
from collections.abc import Iterable

PITCH_CLASSES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")

# MIDI number -> name, with 60 = C4 and 0 = C-1.
PITCH_NAMES = tuple(f"{PITCH_CLASSES[midi % 12]}{midi // 12 - 1}" for midi in range(128))

REST = "R"

# A dict, since a tuple gives an element from its end for a negative number.
_BY_NUMBER = dict(enumerate(PITCH_NAMES))
_MIDI_NUMBERS = {name: midi for midi, name in enumerate(PITCH_NAMES)}
_CLASSES = re.compile(r"\d{1,2}(\.\d{1,2})*")


def chord_name(pitches: Iterable[int]) -> str:
    """Names a note or a voiced chord; raises ValueError for a number outside 0..127.

    >>> chord_name([60, 64, 67])
    'C4.E4.G4'
    """
    try:
        return ".".join([_BY_NUMBER[pitch] for pitch in pitches])
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is no MIDI number in 0..127") from None


def parse_pitch(name: str) -> int:
    """Reads the name of a note as a MIDI number; raises ValueError naming what is none.

    >>> parse_pitch("C4")
    60
    """
    if name not in _MIDI_NUMBERS:
        raise ValueError(f"{name!r} is no pitch name from C-1 to G9")
    return _MIDI_NUMBERS[name]


@functools.lru_cache(maxsize=65536)
def parse_chord(name: str) -> tuple[int, ...]:
    """Reads a note or a voiced chord as MIDI numbers; raises ValueError naming the part that is no pitch name."""
    try:
        return tuple(_MIDI_NUMBERS[part] for part in name.split("."))
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} in {name!r} is no pitch name from C-1 to G9") from None


@functools.lru_cache(maxsize=65536)
def normal_order(pitches: tuple[int, ...]) -> tuple[int, ...]:
    """Returns the pitch classes of a chord in normal order (Straus, Introduction to Post-Tonal Theory).

    >>> normal_order((64, 67, 71, 76))
    (4, 7, 11)

    As in music21, it is the rotation of the sorted classes with the smallest span from first to last. Ties go to the
    smaller intervals from the first class, then to the smaller first class.
    """
    classes = sorted({pitch % 12 for pitch in pitches})
    rotations = [tuple(classes[index:] + classes[:index]) for index in range(len(classes))]
    return min(rotations, key=_spans)


def _spans(rotation: tuple[int, ...]) -> tuple[object, ...]:
    intervals = [(pitch - rotation[0]) % 12 for pitch in rotation]
    return (intervals[-1], *intervals[1:-1], rotation[0])


def classes_name(pitches: tuple[int, ...]) -> str:
    """Writes the normal order of a chord.

    >>> classes_name((64, 67, 71))
    '4.7.11'
    """
    return ".".join(str(pitch_class) for pitch_class in normal_order(pitches))


def is_classes(name: str) -> bool:
    """Tells whether a name is a normal order rather than pitch names."""
    return _CLASSES.fullmatch(name) is not None


def parse_classes(name: str) -> tuple[int, ...]:
    """Reads a normal order as its lowest ascending voicing from C4 on; a single class becomes an octave.

    >>> parse_classes("4.7.11"), parse_classes("0")
    ((64, 67, 71), (60, 72))

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
    """Writes ticks as a fraction of a quarter note.

    >>> [duration_name(ticks, ticks_per_quarter=12) for ticks in (6, 12, 16)]
    ['1/2', '1', '4/3']
    """
    return str(fractions.Fraction(ticks, ticks_per_quarter))


@functools.lru_cache(maxsize=65536)
def parse_duration(name: str, ticks_per_quarter: int) -> int:
    """Reads a duration in quarter notes as ticks; raises ValueError unless it is above 0 and on the grid."""
    ticks = parse_quarters(name) * ticks_per_quarter
    if ticks <= 0 or ticks.denominator != 1:
        raise ValueError(f"{name!r} is not a multiple of 1/{ticks_per_quarter} of a quarter note above 0")
    return int(ticks)


def parse_quarters(name: str) -> fractions.Fraction:
    """Reads a duration in quarter notes as an exact fraction; raises ValueError if it is none."""
    try:
        return fractions.Fraction(name)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{name!r} is no duration such as 1/2") from None
