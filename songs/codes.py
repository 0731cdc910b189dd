"""Codes: a tune as a letter and a denominator a note, `g8 e8 e4`, the notation of the 나비야 tutorials.

The letter is a white key of the octave from C5 to B5; the number is the fraction of a whole note that it lasts, so that
`g8` is an eighth note, half a quarter note.
"""

import re
from collections.abc import Sequence

from songs.song import TICKS_PER_QUARTER, Event, Song

# `--input codes:...`
SCHEME = "codes:"

_WHOLE = 4 * TICKS_PER_QUARTER
# Those whose lengths are multiples of 1/4 or 1/3 of a quarter note, as all that is read of a file is.
DENOMINATORS = (1, 2, 3, 4, 6, 8, 12, 16)
_PITCHES = {"c": 72, "d": 74, "e": 76, "f": 77, "g": 79, "a": 81, "b": 83}
_LETTERS = {pitch: letter for letter, pitch in _PITCHES.items()}
_CODE = re.compile(rf"([{''.join(_PITCHES)}])({'|'.join(map(str, DENOMINATORS))})")


def is_code(token: str) -> bool:
    """Whether a token is a code."""
    return _CODE.fullmatch(token) is not None


def write(pitches: Sequence[int], ticks: int) -> str | None:
    """The code of a note; None for a chord, another pitch or another length."""
    known = len(pitches) == 1 and pitches[0] in _LETTERS and _WHOLE % ticks == 0 and _WHOLE // ticks in DENOMINATORS
    return f"{_LETTERS[pitches[0]]}{_WHOLE // ticks}" if known else None


def read(code: str) -> tuple[int, int]:
    """The MIDI number and the length in ticks of a code; raises ValueError naming what is none."""
    match = _CODE.fullmatch(code)
    if match is None:
        denominators = ", ".join(map(str, DENOMINATORS))
        raise ValueError(f"{code!r} is no code such as g8: a letter from a to g and one of {denominators}")
    return _PITCHES[match[1]], _WHOLE // int(match[2])


def tune(text: str) -> Song:
    """The song of codes with spaces between, one note after another; raises ValueError naming what is no code."""
    events, now = [], 0
    for pitch, ticks in map(read, text.split()):
        events.append(Event(now, (pitch,), ticks))
        now += ticks
    if not events:
        raise ValueError(f"{SCHEME} needs codes after it, such as {SCHEME}'g8 e8 e4'")
    return Song.from_events(events)
