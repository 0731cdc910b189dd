"""Eight encodings of songs: `band`, `bars`, `pitch`, `pitch-duration`, `events`, `grid`, `steps` and `voices`.

Each is a small frozen class with `encode` beside `decode`, an exact law that relates the two, and a grammar: the kinds
of tokens that may follow each kind. Special tokens such as `<end>` belong to the vocabulary, not to an encoding.
"""

from nabi.music.encodings.bands import Bands
from nabi.music.encodings.bars import Bars
from nabi.music.encodings.base import END, START, Encoding
from nabi.music.encodings.events import Events
from nabi.music.encodings.grid import Grid
from nabi.music.encodings.pitch import Pitch
from nabi.music.encodings.pitch_duration import NOTATIONS, PitchDuration, block
from nabi.music.encodings.registry import ENCODINGS, from_settings
from nabi.music.encodings.roll import snap, tie
from nabi.music.encodings.steps import Steps, read_steps, write_steps
from nabi.music.encodings.token_kinds import kind_of
from nabi.music.encodings.voices import Voices

__all__ = [
    "ENCODINGS",
    "END",
    "NOTATIONS",
    "START",
    "Bands",
    "Bars",
    "Encoding",
    "Events",
    "Grid",
    "Pitch",
    "PitchDuration",
    "Steps",
    "Voices",
    "block",
    "from_settings",
    "kind_of",
    "read_steps",
    "snap",
    "tie",
    "write_steps",
]
