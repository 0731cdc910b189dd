"""Reads and writes music, opens datasets, and samples songs from models: Nabi's jobs as a library.

>>> import nabi
>>> song = nabi.Song.from_notes(start=[0, 12], duration=[12, 24], pitch=[60, 64])
>>> nabi.encode(song, "events")
['C4', 'd:1', 's:1', 'E4', 'd:2']

The module of a name is imported when the name is first used: `import nabi` is quick, and TensorFlow is imported only
where it is needed. docs/api.md shows all names.
"""

import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nabi.dataset import Dataset, open_dataset
    from nabi.files import read, read_tunes, write
    from nabi.model import Model, SampledSong, load_model
    from nabi.music.about import About
    from nabi.music.band import Band, Instrument
    from nabi.music.errors import ParseError
    from nabi.music.song import Event, Song
    from nabi.split_windows import SplitWindows
    from nabi.tokens import decode, encode

    __version__: str

__all__ = [
    "About",
    "Band",
    "Dataset",
    "Event",
    "Instrument",
    "Model",
    "ParseError",
    "SampledSong",
    "Song",
    "SplitWindows",
    "__version__",
    "decode",
    "encode",
    "load_model",
    "open_dataset",
    "read",
    "read_tunes",
    "write",
]

_NAMES_OF_MODULES = {
    "nabi.dataset": ("Dataset", "open_dataset"),
    "nabi.files": ("read", "read_tunes", "write"),
    "nabi.model": ("Model", "SampledSong", "load_model"),
    "nabi.split_windows": ("SplitWindows",),
    "nabi.tokens": ("decode", "encode"),
    "nabi.music.errors": ("ParseError",),
    "nabi.music.about": ("About",),
    "nabi.music.band": ("Band", "Instrument"),
    "nabi.music.song": ("Event", "Song"),
}
_MODULES = {name: module for module, names in _NAMES_OF_MODULES.items() for name in names}

# Type checkers read the imports above, so that a wrong name is an error for them.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Imports a public name; see https://peps.python.org/pep-0562."""
        if name == "__version__":
            # Importing this takes a twentieth of a second.
            from importlib import metadata

            return metadata.version("nabi")
        if name not in _MODULES:
            raise AttributeError(f"module 'nabi' has no attribute {name!r}", name=name, obj=sys.modules[__name__])
        value = globals()[name] = getattr(importlib.import_module(_MODULES[name]), name)
        return value

    def __dir__() -> list[str]:
        """Lists the public names."""
        return sorted(__all__)
