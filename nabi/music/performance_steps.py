"""Steps of velocity and of tempo: the values that tokens of a band tell apart."""

import functools

import numpy as np
import numpy.typing as npt

from nabi.music.timeline import Ints

MOST_VELOCITY_STEPS = 32
# The velocity of a note where nothing says one; music21's too.
DEFAULT_VELOCITY = 90
_LOUDEST = 127
# The marks of a metronome (Maelzel 1816), quarter notes a minute, and as many steps beyond both ends.
TEMPI = (
    20, 22, 24, 26, 28, 30, 32, 34, 36, 38,
    40, 42, 44, 46, 48, 50, 52, 54, 56, 58, 60, 63, 66, 69, 72, 76, 80, 84, 88, 92, 96, 100, 104, 108, 112, 116, 120,
    126, 132, 138, 144, 152, 160, 168, 176, 184, 192, 200, 208,
    216, 224, 232, 240, 256, 272, 288, 304, 320,
)  # fmt: skip
_MICROSECONDS_A_MINUTE = 60_000_000


def velocity_steps(velocity: npt.ArrayLike, steps: int) -> Ints:
    """Numbers velocities, 1..127, from 1 (the softest) to `steps`.

    >>> velocity_steps([1, 16, 64, 127], steps=8).tolist()
    [1, 2, 5, 8]
    """
    return -(-np.asarray(velocity, np.int64) * steps // _LOUDEST)


def velocities(step: npt.ArrayLike, steps: int) -> Ints:
    """Returns the velocity in the middle of each step.

    Law: `velocity_steps(velocities(step, steps), steps) == step`.

    >>> velocities([1, 5, 8], steps=8).tolist()
    [8, 71, 119]
    """
    middle: Ints = ((2 * np.asarray(step, np.int64) - 1) * _LOUDEST + steps) // (2 * steps)
    return middle


def nearest_tempo(microseconds: int) -> int:
    """Returns the one of `TEMPI` that is nearest, by ratio, to microseconds a quarter note.

    >>> nearest_tempo(500_000), nearest_tempo(857_143), nearest_tempo(1)
    (120, 69, 320)
    """
    borders, quarters = _tempo_borders(), _MICROSECONDS_A_MINUTE / microseconds
    return TEMPI[int(np.searchsorted(borders, quarters))]


def tempo_microseconds(tempo: int) -> int:
    """Returns the microseconds of a quarter note.

    >>> tempo_microseconds(120)
    500000
    """
    return round(_MICROSECONDS_A_MINUTE / tempo)


@functools.cache
def _tempo_borders() -> npt.NDArray[np.float64]:
    marks = np.array(TEMPI, np.float64)
    return np.sqrt(marks[1:] * marks[:-1])
