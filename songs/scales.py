"""Scales and keys: names such as `D minor` -> pitch classes."""

import dataclasses

# Semitones above the tonic. Minor is the natural one with the raised seventh, which music in minor uses all the time.
SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10, 11),
    "natural-minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic-minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic-minor": (0, 2, 3, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "major-pentatonic": (0, 2, 4, 7, 9),
    "minor-pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "whole-tone": (0, 2, 4, 6, 8, 10),
    "chromatic": tuple(range(12)),
}

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "b": -1, "♯": 1, "♭": -1}


@dataclasses.dataclass(frozen=True)
class Key:
    """A tonic and a scale on it.

    Attributes:
      tonic: pitch class 0..11, C is 0.
      scale: a name in SCALES.
    """

    tonic: int
    scale: str

    @classmethod
    def parse(cls, name: str) -> "Key":
        """`D minor`, `Eb major`, `F# dorian` or only `G`, which is major; `d Minor` is the same as `D minor`.

        Raises:
          ValueError: naming what is no tonic or no scale, and the legal ones.
        """
        tonic, _, scale = name.strip().partition(" ")
        scale = "-".join(scale.lower().split()) or "major"
        letter, accidental = tonic[:1].upper(), tonic[1:]
        if letter not in _LETTERS or accidental not in _ACCIDENTALS:
            raise ValueError(f"{name!r} does not begin with a tonic: a letter A..G, and # or b if need be")
        if scale not in SCALES:
            raise ValueError(f"{name!r} has no known scale: use one of {', '.join(SCALES)}")
        return cls((_LETTERS[letter] + _ACCIDENTALS[accidental]) % 12, scale)

    @property
    def classes(self) -> frozenset[int]:
        """The pitch classes of the scale."""
        return frozenset((self.tonic + step) % 12 for step in SCALES[self.scale])
