"""How times are quantised: to the nearest of the parts of a quarter note that divisors name.

They are music21's `quarterLengthDivisors`. Divisors 4 and 3 keep sixteenths and triplets of eighths; 8 and 6 keep
32nds and sextuplets as well, 5 quintuplets. The grid of a song has their least common multiple of ticks a quarter
note: every time is a whole number of them.
"""

import functools
import math
from collections.abc import Iterable

# music21's own.
DEFAULT = (4, 3)

MOST = 64
# The ticks a quarter note that many programs count in; a vocabulary of `events` has 8 tokens for each.
MOST_TICKS_PER_QUARTER = 480
# In words.
LEGAL = (
    f"different whole numbers in 1..{MOST} whose least common multiple, the ticks a quarter note, is at most "
    f"{MOST_TICKS_PER_QUARTER}, such as 4,3 or 8,6 or 8,6,5"
)


def parse(text: str) -> tuple[int, ...]:
    """`8,6` -> (8, 6); raises ValueError naming the value and the legal range."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise _wrong(text)
    return checked(map(int, parts))


def checked(divisors: Iterable[int]) -> tuple[int, ...]:
    """The divisors as they are, if they are legal; raises ValueError naming the value and the legal range."""
    found = tuple(divisors)
    if not found or any(type(divisor) is not int or not 1 <= divisor <= MOST for divisor in found):
        raise _wrong(written(found))
    if len(set(found)) < len(found) or ticks_per_quarter(found) > MOST_TICKS_PER_QUARTER:
        raise _wrong(written(found))
    return found


def written(divisors: Iterable[object]) -> str:
    """(8, 6) -> `8,6`."""
    return ",".join(map(str, divisors))


@functools.lru_cache(maxsize=256)
def ticks_per_quarter(divisors: tuple[int, ...]) -> int:
    """The least common multiple: ticks of the grid a quarter note."""
    return math.lcm(*divisors)


def _wrong(text: str) -> ValueError:
    return ValueError(f"--divisors {text!r} must be {LEGAL}")
