"""Codes: a tune written as a letter and a note value for each note, `g8 e8 e4`, as the 나비야 tutorials do.

The letter is a white key of the octave from C5 to B5; the number is the fraction of a whole note that it lasts, so that
`g8` is an eighth note, half a quarter note. Lengths are parts of a quarter note that divisors reach
(`nabi.music.quantisation`), as all that is read of a file is.
"""

import functools
import re
from collections.abc import Sequence

from nabi.music import quantisation
from nabi.music.song import Event, Song

# `--input codes:...`
SCHEME = "codes:"

_PITCHES = {"c": 72, "d": 74, "e": 76, "f": 77, "g": 79, "a": 81, "b": 83}
_LETTERS = {pitch: letter for letter, pitch in _PITCHES.items()}
_CODE = re.compile(rf"([{''.join(_PITCHES)}])([1-9][0-9]{{0,2}})")
# The shortest note value: one part of a quarter note by the finest divisor.
_MOST_DENOMINATOR = 4 * quantisation.MOST

Divisors = tuple[int, ...]


@functools.lru_cache(maxsize=256)
def denominators(divisors: Divisors) -> tuple[int, ...]:
    """Lists the note values (8 is an eighth) that fit the grid of some divisors, ascending.

    >>> denominators((4, 3))
    (1, 2, 3, 4, 6, 8, 12, 16)
    """
    wholes = [4 * divisor for divisor in divisors]
    return tuple(number for number in range(1, max(wholes) + 1) if any(whole % number == 0 for whole in wholes))


def is_code(token: str, divisors: Divisors) -> bool:
    """Tells whether a token is a code."""
    match = _CODE.fullmatch(token)
    return match is not None and int(match[2]) in denominators(divisors)


def write(pitches: Sequence[int], ticks: int, divisors: Divisors) -> str | None:
    """Writes a note as a code; None for a chord, for a pitch outside C5..B5, a black key, or a length off the grid.

    >>> write([79], ticks=6, divisors=(4, 3))
    'g8'
    """
    number, rest = divmod(_whole(divisors), ticks)
    known = len(pitches) == 1 and pitches[0] in _LETTERS and not rest and number in denominators(divisors)
    return f"{_LETTERS[pitches[0]]}{number}" if known else None


def read(code: str, divisors: Divisors) -> tuple[int, int]:
    """Reads a code as (MIDI number, ticks); raises ValueError naming a text that is no code.

    >>> read("g8", divisors=(4, 3))
    (79, 6)
    """
    pitch, denominator = _parsed(code)
    if denominator not in denominators(divisors):
        raise ValueError(
            f"{code!r} is no code such as g8 by --divisors {quantisation.written(divisors)}: its number must be one of "
            f"{', '.join(map(str, denominators(divisors)))}"
        )
    return pitch, _whole(divisors) // denominator


def check(text: str) -> None:
    """Raises ValueError naming the first word of a tune that is no code with any divisors, or if the tune is empty."""
    if not [_parsed(code) for code in text.split()]:
        raise ValueError(f"{SCHEME} needs codes after it, such as {SCHEME}'g8 e8 e4'")


def tune(text: str, divisors: Divisors) -> Song:
    """Reads codes separated by spaces, one note after another; raises ValueError naming a word that is no code."""
    check(text)
    events, now = [], 0
    for pitch, ticks in (read(code, divisors) for code in text.split()):
        events.append(Event(now, (pitch,), ticks))
        now += ticks
    return Song.from_events(events, ticks_per_quarter=quantisation.ticks_per_quarter(divisors))


def _parsed(code: str) -> tuple[int, int]:
    """Reads a code as (MIDI number, denominator)."""
    match = _CODE.fullmatch(code)
    if match is None or int(match[2]) > _MOST_DENOMINATOR:
        raise ValueError(
            f"{code!r} is no code such as g8: a letter from a to g and a number in 1..{_MOST_DENOMINATOR}, the "
            "fraction of a whole note"
        )
    return _PITCHES[match[1]], int(match[2])


def _whole(divisors: Divisors) -> int:
    """Returns the ticks of a whole note."""
    return 4 * quantisation.ticks_per_quarter(divisors)
