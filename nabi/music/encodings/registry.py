"""Encodings by name."""

import inspect
from collections.abc import Callable, Mapping

from nabi.music.encodings.bands import Bands
from nabi.music.encodings.bars import Bars
from nabi.music.encodings.base import Encoding
from nabi.music.encodings.events import Events
from nabi.music.encodings.grid import Grid
from nabi.music.encodings.pitch import Pitch
from nabi.music.encodings.pitch_duration import PitchDuration
from nabi.music.encodings.steps import Steps
from nabi.music.encodings.voices import Voices
from nabi.music.suggestions import did_you_mean

ENCODINGS: dict[str, Callable[..., Encoding]] = {
    kind.name: kind for kind in (Bands, Bars, Events, Grid, Pitch, PitchDuration, Steps, Voices)
}


def from_settings(settings: Mapping[str, object]) -> Encoding:
    """Builds the encoding that `Encoding.settings()` describes.

    >>> from_settings({"name": "grid", "step": 6}).settings()["step"]
    6

    Raises:
      ValueError: if the name, an option or an option's value is not known, saying what is.
    """
    options = dict(settings)
    name = str(options.pop("name", ""))
    if name not in ENCODINGS:
        raise ValueError(f"encoding {name!r} must be one of {', '.join(sorted(ENCODINGS))}")
    known = inspect.signature(ENCODINGS[name]).parameters
    if unknown := next((option for option in options if option not in known), ""):
        hint = did_you_mean(unknown, known) or f"; it has {', '.join(known)}"
        raise ValueError(f"encoding {name!r} has no setting {unknown}{hint}")
    try:
        return ENCODINGS[name](**options)
    except TypeError as error:
        raise ValueError(f"encoding {name!r} does not take {options}: {error}") from error
