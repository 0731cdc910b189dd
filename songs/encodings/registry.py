"""Encodings by name."""

from collections.abc import Callable, Mapping

from songs.encodings.base import Encoding
from songs.encodings.events import Events
from songs.encodings.grid import Grid
from songs.encodings.pitch import Pitch
from songs.encodings.pitch_duration import PitchDuration
from songs.encodings.steps import Steps

ENCODINGS: dict[str, Callable[..., Encoding]] = {
    kind.name: kind for kind in (Events, Grid, Pitch, PitchDuration, Steps)
}


def from_settings(settings: Mapping[str, object]) -> Encoding:
    """The encoding that `Encoding.settings()` describes.

    Raises:
      ValueError: if the name, an option or an option's value is not known, saying what is.
    """
    options = dict(settings)
    name = str(options.pop("name", ""))
    if name not in ENCODINGS:
        raise ValueError(f"encoding {name!r} must be one of {', '.join(sorted(ENCODINGS))}")
    try:
        return ENCODINGS[name](**options)
    except TypeError as error:
        raise ValueError(f"encoding {name!r} does not take {options}: {error}") from error
