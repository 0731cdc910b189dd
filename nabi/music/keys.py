"""Finds the key of a song: the Krumhansl-Schmuckler algorithm with the profiles of Aarden and Essen.

The profile of a key weighs each pitch class by its fit. A song is in the key whose profile correlates best with the
total durations of the song's pitch classes (Krumhansl, Cognitive Foundations of Musical Pitch, 1990, chapter 4).
music21's `stream.analyze('key')` gives the same key.
"""

import dataclasses

import numpy as np
import numpy.typing as npt

from nabi.music.scales import TONICS, Key
from nabi.music.song import Song

Floats = npt.NDArray[np.float64]

# Aarden, Dynamic melodic expectancy, 2003, counted in the Essen collection of folk songs; the values are those of
# music21's `analysis.discrete.AardenEssen`. They find the lowest last note of the song as its tonic in 182 of 225
# chorales and in 214 of 250 tunes of Nottingham; the profiles of Krumhansl and Kessler (1982) do in 161 and 195.
_PROFILES = {
    "major": (
        17.7661, 0.145624, 14.9265, 0.160186, 19.8049, 11.3587, 0.291248, 22.062, 0.145624, 8.15494, 0.232998, 4.95122,
    ),
    "minor": (
        18.2648, 0.737619, 14.0499, 16.8599, 0.702494, 14.4362, 0.702494, 18.6161, 4.56621, 1.93186, 7.37619, 1.75623,
    ),
}  # fmt: skip

# `C major`, `Db major` ... `B major`, `C minor` ... `B minor`.
KEY_NAMES = tuple(f"{tonic} {mode}" for mode, tonics in TONICS.items() for tonic in tonics)

# Scales written with the signature of a major key, and the semitones from its tonic to theirs.
_MODES = {
    "major": 0, "major-pentatonic": 0, "dorian": 2, "phrygian": 4, "lydian": 5, "mixolydian": 7, "locrian": 11,
}  # fmt: skip
# Scales whose music `find_key` recognises.
_RECOGNISED = (
    "major", "major-pentatonic", "minor", "natural-minor", "harmonic-minor", "melodic-minor", "minor-pentatonic"
)  # fmt: skip
# Scales written with the signature of the minor key on their tonic.
_MINOR = ("minor", "natural-minor", "harmonic-minor", "melodic-minor", "minor-pentatonic", "blues")

# Correlations that agree in so many decimal places are equal: rounding of sums makes the rest.
_DIGITS = 9


@dataclasses.dataclass(frozen=True)
class FoundKey:
    """The key whose profile correlates best with a song.

    Attributes:
      name: one of KEY_NAMES, such as `D minor`.
      tonic: its pitch class, 0..11, C is 0.
      correlation: of the key's profile with the song's pitch classes, -1..1; the nearer to 1, the clearer.
      lead: this correlation less that of the second best key, 0..2; near 0 two keys fit about equally well.
    """

    name: str
    tonic: int
    correlation: float
    lead: float


def major_or_minor(key: Key) -> str | None:
    """Returns the major or minor key, one of KEY_NAMES, on a key's tonic by its third; None for a scale without tonic.

    >>> major_or_minor(Key.parse("D dorian"))
    'D minor'
    """
    if signature(key) is None:
        return None
    return KEY_NAMES[key.tonic + 12 * (key.mode == "minor")]


def is_recognised(key: Key) -> bool:
    """Tells whether `find_key` recognises music in a key; it knows no church modes and no blues."""
    return key.scale in _RECOGNISED


def signature(key: Key) -> str | None:
    """Returns the key, one of KEY_NAMES, whose key signature a key is written with; None if the scale has none.

    >>> signature(Key.parse("D dorian"))
    'C major'

    A church mode has the signature of the major key of the same notes.
    """
    if key.scale in _MODES:
        return KEY_NAMES[(key.tonic - _MODES[key.scale]) % 12]
    if key.scale in _MINOR:
        return KEY_NAMES[12 + key.tonic]
    return None


def find_key(song: Song) -> FoundKey | None:
    """Finds the key of a song; None if it has no notes, or all twelve pitch classes sound equally long.

    >>> triad = Song.from_notes(start=[0, 0, 0], duration=[12, 12, 12], pitch=[60, 64, 67])
    >>> find_key(triad).name
    'C major'

    Of keys that fit equally well the first of KEY_NAMES is taken.
    """
    return best_key(sounding(song))


def best_key(weights: npt.ArrayLike) -> FoundKey | None:
    """Finds the key that fits weights of pitch classes best, [12], not negative; None if all are equal."""
    fits = correlations(weights).round(_DIGITS)
    if not fits.any():
        return None
    best = int(np.argmax(fits))
    second, first = np.partition(fits, -2)[-2:]
    return FoundKey(KEY_NAMES[best], best % 12, float(first), round(float(first - second), _DIGITS))


def sounding(song: Song) -> Floats:
    """Sums the ticks that each pitch class sounds, float64 [12]; each note counts, as in music21, but no drum."""
    _, duration, pitch = (column[~song.is_drum()] for column in song.notes())
    return np.bincount(pitch % 12, weights=duration, minlength=12).astype(np.float64)


def correlations(weights: npt.ArrayLike) -> Floats:
    """Correlates (Pearson) the weights of pitch classes with the profile of each key.

    Args:
      weights: how much each pitch class counts, [12], not negative.

    Returns:
      float64 [24], in the order of KEY_NAMES; zeros where all weights are equal.
    """
    coefficients: Floats = PROFILES @ _standard(np.asarray(weights, np.float64))
    return coefficients


def _standard(weights: Floats) -> Floats:
    """Moves weights to a mean of 0 and scales them to a length of 1; zeros where all are equal."""
    moved: Floats = weights - weights.mean()
    length = np.linalg.norm(moved)
    return moved / length if length > 1e-12 * weights.max(initial=0) else np.zeros(12)


# Of each key, in the order of KEY_NAMES, the profile of the pitch classes with a mean of 0 and a length of 1, [24, 12].
PROFILES = np.array(
    [np.roll(_standard(np.array(profile)), tonic) for profile in _PROFILES.values() for tonic in range(12)]
)
