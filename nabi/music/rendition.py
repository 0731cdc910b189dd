"""Renditions of a training song: the same song played at other lengths, in another tempo or louder."""

import dataclasses
import fractions
import re
from collections.abc import Mapping, Sequence
from typing import Any

SCALE, STRETCH, TEMPO, VELOCITY = "scale", "stretch", "tempo", "velocity"
_KINDS = (SCALE, STRETCH, TEMPO, VELOCITY)

_UNCHANGED = fractions.Fraction(1)
_FORM = f"*factor, *{STRETCH}:factor, *{TEMPO}:factor or *{VELOCITY}:factor, such as *1/2"
_MARK = re.compile(rf"\*(?:({STRETCH}|{TEMPO}|{VELOCITY}):)?([1-9][0-9]*(?:/[1-9][0-9]*)?)")


@dataclasses.dataclass(frozen=True, slots=True)
class Rendition:
    """A number of a song that is multiplied, and its factor; raises ValueError for another kind or factor.

    >>> str(Rendition("scale", fractions.Fraction(1, 2))), str(Rendition("velocity", fractions.Fraction(6, 5)))
    ('*1/2', '*velocity:6/5')

    Attributes:
      kind: `scale`: all times, if the rhythm stays exact; `stretch`: all times, to the nearest tick; `tempo`; or
        `velocity`. "" is the song as it is.
      factor: above 0, and 1 for the song as it is alone.
    """

    kind: str = ""
    factor: fractions.Fraction = _UNCHANGED

    def __post_init__(self) -> None:
        if self.kind not in ("", *_KINDS):
            raise ValueError(f"a song is not played by another {self.kind!r}: it must be {', '.join(_KINDS)}")
        if self.factor <= 0 or (self.factor == 1) != (self.kind == ""):
            raise ValueError(f"the factor {self.factor} of {self.kind or 'the song itself'} must be above 0, and not 1")

    @classmethod
    def parse(cls, mark: str) -> "Rendition":
        """Reads what `str` writes; raises ValueError for another form, naming it.

        >>> Rendition.parse("*tempo:10/11").repeats_notes, Rendition.parse("") == ORIGINAL
        (True, True)
        """
        if not mark:
            return ORIGINAL
        match = _MARK.fullmatch(mark)
        if not match:
            raise ValueError(f"{mark!r} is no rendition: it must have the form {_FORM}")
        return cls(match[1] or SCALE, fractions.Fraction(match[2]))

    def __str__(self) -> str:
        kind = "" if self.kind == SCALE else f"{self.kind}:"
        return f"*{kind}{self.factor}" if self.kind else ""

    @property
    def repeats_notes(self) -> bool:
        """True for another tempo or loudness: every note has the pitch, the onset and the duration that it had."""
        return self.kind in (TEMPO, VELOCITY)


ORIGINAL = Rendition()


def from_settings(settings: Mapping[str, Any], *, in_seconds: bool) -> tuple[Rendition, ...]:
    """Lists the renditions of each training song that a dataset's settings ask for, one for each factor.

    >>> asked = {"time_scales": ["2"], "stretch": ["11/10"], "velocity_scale": ["4/5", "1"]}
    >>> [str(rendition) for rendition in from_settings(asked, in_seconds=False)]
    ['*2', '*tempo:10/11', '*velocity:4/5']

    Args:
      settings: `time_scales`, `stretch` and `velocity_scale`, factors as text; 1 asks for nothing.
      in_seconds: true if songs are timed in seconds: a stretch moves their notes instead of their tempi.

    Returns:
      Each once, in the order of their names; records stand in this order, after those of the song itself.
    """
    stretches = _factors(settings.get("stretch", ()))
    slower = [Rendition(STRETCH, factor) if in_seconds else Rendition(TEMPO, 1 / factor) for factor in stretches]
    scaled = [Rendition(SCALE, factor) for factor in _factors(settings.get("time_scales", ()))]
    louder = [Rendition(VELOCITY, factor) for factor in _factors(settings.get("velocity_scale", ()))]
    return tuple(sorted([*scaled, *slower, *louder], key=str))


def _factors(texts: Sequence[str]) -> set[fractions.Fraction]:
    return {fractions.Fraction(text) for text in texts} - {_UNCHANGED}
