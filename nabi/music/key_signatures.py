"""Key signatures: their names, and those of transposed music."""

import numpy as np
import numpy.typing as npt

MOST_SHARPS = 7
# Tonics from 7 flats to 7 sharps.
MAJOR = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
MINOR = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#")

_FIFTH = 7
_Ints = npt.NDArray[np.int64]


def transposed(sharps: npt.ArrayLike, semitones: int) -> _Ints:
    """Returns key signatures that are so many semitones higher, with the fewest accidentals.

    >>> transposed([0, 0, -3], 2).tolist(), transposed([7], 12).tolist()
    ([2, 2, -1], [7])

    Of six flats and six sharps it is flats; what is moved by whole octaves keeps its spelling.

    Args:
      sharps: -7..7; flats are negative.
      semitones: any number.
    """
    given = np.asarray(sharps, np.int64)
    # A semitone is seven fifths up, of which twelve are none.
    return given if semitones % 12 == 0 else (given + _FIFTH * semitones + 6) % 12 - 6


def transposed_name(name: str, semitones: int) -> str:
    """Returns the name of a key signature that is so many semitones higher; raises ValueError for no such name.

    >>> transposed_name("D minor", 2), transposed_name("A major", -1)
    ('E minor', 'Ab major')
    """
    sharps, is_minor = parse(name)
    return written(int(transposed(sharps, semitones)), is_minor=is_minor)


def parse(name: str) -> tuple[int, bool]:
    """Reads a name as the number of sharps, -7..7, and True for minor; raises ValueError for no such name.

    >>> parse("Bb major"), parse("F# minor")
    ((-2, False), (3, True))
    """
    tonic, _, mode = name.partition(" ")
    tonics = {"major": MAJOR, "minor": MINOR}.get(mode, ())
    if tonic not in tonics:
        raise ValueError(f"key signature {name!r} must be such as D minor or Bb major, with at most 7 sharps or flats")
    return tonics.index(tonic) - MOST_SHARPS, mode == "minor"


def written(sharps: int, *, is_minor: bool) -> str:
    """Names the key signature of so many sharps, -7..7.

    >>> written(-2, is_minor=False)
    'Bb major'
    """
    return f"{MINOR[sharps + MOST_SHARPS]} minor" if is_minor else f"{MAJOR[sharps + MOST_SHARPS]} major"
