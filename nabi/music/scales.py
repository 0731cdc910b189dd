"""Parses the names of scales and keys, such as `D minor`, to pitch classes."""

import dataclasses
import difflib
import re

# Semitones above the tonic. Minor is natural minor with the raised seventh, which most music in minor uses too.
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

# German names of scales, before which the tonic B means Bb.
_GERMAN = {
    "dur": "major", "moll": "minor", "dorisch": "dorian", "phrygisch": "phrygian", "lydisch": "lydian",
    "mixolydisch": "mixolydian", "lokrisch": "locrian", "ionisch": "major", "äolisch": "natural-minor",
    "natürlich-moll": "natural-minor", "harmonisch-moll": "harmonic-minor", "melodisch-moll": "melodic-minor",
}  # fmt: skip
# Other names of scales -> their names in SCALES.
_OTHER_NAMES = {"maj": "major", "min": "minor", "ionian": "major", "aeolian": "natural-minor", **_GERMAN}

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11, "H": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "sharp": 1, "is": 1, "b": -1, "♭": -1, "flat": -1, "es": -1}
# `Es` and `As` are short for Ees and Aes. The longest accidental that fits is taken, and `m` is minor.
_TONIC = re.compile(r"(?P<letter>[A-H])(?P<accidental>#|♯|sharp|is|es|♭|flat|b|(?<=[AE])s)?", re.IGNORECASE)
_SHORT = {"m": "minor", "M": "major"}

# Tonics as key signatures spell them; F# also stands for Gb, and Eb minor for D# minor.
TONICS = {
    "major": ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"),
    "minor": ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"),
}


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
        """Reads `D minor`, `Dm`, `Eb major`, `F sharp dorian`, `h-moll`, `Es-Dur`, or only `G`, which is major.

        >>> str(Key.parse("h-moll"))
        'B minor'

        Capitals do not matter where the scale is named. B is Bb before the German name of a scale, H always B.

        Raises:
          ValueError: naming the unknown tonic or scale and the legal ones; also for a lower-case letter alone, which
            means major to some and minor to others.
        """
        words = _joined(name)
        match = _TONIC.match(words)
        if not match:
            raise ValueError(
                f"{name!r} does not begin with a tonic: a letter A..G, and # or b if need be, as in 'F# minor'"
            )
        rest = words[match.end() :]
        scale = _SHORT.get(rest) or rest.lstrip("-").lower()
        tonic = (_LETTERS[match["letter"].upper()] + _shift(match["accidental"])) % 12
        if match["letter"] in "Bb" and not match["accidental"] and scale in _GERMAN:
            tonic = _LETTERS["A"] + 1
        if not scale and words[0].islower():
            raise ValueError(f"{name!r} may be {cls(tonic, 'major')} or {cls(tonic, 'minor')}: write one of them out")
        scale = _OTHER_NAMES.get(scale, scale) or "major"
        if scale not in SCALES:
            near = difflib.get_close_matches(scale, SCALES, 1)
            hint = f"did you mean '{cls(tonic, near[0])}'? " if near else ""
            raise ValueError(f"{name!r} has no known scale: {hint}use one of {', '.join(SCALES)}")
        return cls(tonic, scale)

    def __str__(self) -> str:
        return f"{TONICS[self.mode or 'major'][self.tonic]} {self.scale}"

    @property
    def mode(self) -> str | None:
        """`minor` for a scale with a minor third, `major` for one with a major third; None with both."""
        steps = SCALES[self.scale]
        return None if 3 in steps and 4 in steps else "minor" if 3 in steps else "major"

    @property
    def classes(self) -> frozenset[int]:
        """The pitch classes of the scale."""
        return frozenset((self.tonic + step) % 12 for step in SCALES[self.scale])


def _joined(name: str) -> str:
    """Joins the words of a key name: `F sharp minor` and `F-sharp  minor` become `Fsharp-minor`."""
    return re.sub(
        r"^([A-H])-(sharp|flat|[#♯♭])(?![^-])", r"\1\2", re.sub(r"[\s_-]+", "-", name.strip()), flags=re.IGNORECASE
    )


def _shift(accidental: str | None) -> int:
    """Returns the semitones by which an accidental moves a letter."""
    written = (accidental or "").lower()
    return -1 if written == "s" else _ACCIDENTALS[written]
