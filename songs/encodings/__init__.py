"""The five ways to write a song as tokens: `pitch`, `pitch-duration`, `events`, `grid` and `steps`.

Each is a small frozen class with `encode` beside `decode`, an exact law that ties them, and a grammar that says which
kind of token may follow which. Special tokens such as `<end>` are the vocabulary's business, not theirs.
"""

from songs.encodings.base import END, START, Encoding
from songs.encodings.events import Events
from songs.encodings.grid import Grid
from songs.encodings.pitch import Pitch
from songs.encodings.pitch_duration import NOTATIONS, PitchDuration, block
from songs.encodings.registry import ENCODINGS, from_settings
from songs.encodings.roll import snap, tie
from songs.encodings.sorts import sort_of
from songs.encodings.steps import Steps, read_steps, write_steps

__all__ = [
    "ENCODINGS",
    "END",
    "NOTATIONS",
    "START",
    "Encoding",
    "Events",
    "Grid",
    "Pitch",
    "PitchDuration",
    "Steps",
    "block",
    "from_settings",
    "read_steps",
    "snap",
    "sort_of",
    "tie",
    "write_steps",
]
