"""Divisors of the quarter note: the grid to which times are quantised.

A time is moved to the nearest multiple of 1/d of a quarter note for one of the divisors d; they are music21's
`quarterLengthDivisors`. Divisors 4 and 3 keep sixteenths and eighth triplets; 8 and 6 keep 32nds and sextuplets too, 5
keeps quintuplets. A quarter note of a song has their least common multiple of ticks: every time is a whole number of
ticks.
"""

import functools
import math
from collections.abc import Iterable

# music21's default.
DEFAULT = (4, 3)

MOST = 64
# The ticks a quarter note that many programs count in; a vocabulary of `events` has 8 tokens for each.
MOST_TICKS_PER_QUARTER = 480
# The legal range, as messages and help state it.
LEGAL = (
    f"different whole numbers in 1..{MOST} whose least common multiple, the ticks a quarter note, is at most "
    f"{MOST_TICKS_PER_QUARTER}, such as 4,3 or 8,6 or 8,6,5"
)


def parse(text: str) -> tuple[int, ...]:
    """Reads divisors; raises ValueError naming the value and the legal range.

    >>> parse("8,6")
    (8, 6)
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise _wrong(text)
    return checked(map(int, parts))


def checked(divisors: Iterable[int]) -> tuple[int, ...]:
    """Returns the divisors as they are if they are legal; raises ValueError naming the value and the legal range."""
    values = tuple(divisors)
    if not values or any(type(divisor) is not int or not 1 <= divisor <= MOST for divisor in values):
        raise _wrong(written(values))
    if len(set(values)) < len(values) or ticks_per_quarter(values) > MOST_TICKS_PER_QUARTER:
        raise _wrong(written(values))
    return values


def written(divisors: Iterable[object]) -> str:
    """Writes divisors as the flag has them.

    >>> written((8, 6))
    '8,6'
    """
    return ",".join(map(str, divisors))


@functools.lru_cache(maxsize=256)
def ticks_per_quarter(divisors: tuple[int, ...]) -> int:
    """Returns the ticks of a quarter note: the least common multiple of the divisors.

    >>> ticks_per_quarter((4, 3))
    12
    """
    return math.lcm(*divisors)


def _wrong(text: str) -> ValueError:
    return ValueError(f"--divisors {text!r} must be {LEGAL}")
