"""The four ways to write a song as tokens: `pitch`, `pitch-duration`, `events` and `grid`.

Each is a small frozen class with `encode` beside `decode`, an exact law that ties them, and a grammar that says which
kind of token may follow which. Special tokens such as `<end>` are the vocabulary's business, not theirs.
"""

from songs.encodings.base import END, START, Encoding
from songs.encodings.events import Events
from songs.encodings.grid import Grid, snap
from songs.encodings.pitch import Pitch
from songs.encodings.pitch_duration import PitchDuration, block
from songs.encodings.registry import ENCODINGS, from_settings
from songs.encodings.sorts import sort_of

__all__ = [
    "ENCODINGS",
    "END",
    "START",
    "Encoding",
    "Events",
    "Grid",
    "Pitch",
    "PitchDuration",
    "block",
    "from_settings",
    "snap",
    "sort_of",
]
