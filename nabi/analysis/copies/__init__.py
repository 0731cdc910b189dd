"""What a song has copied from the training songs, and whether that is more than songs of their kind share anyway.

An index of the training songs' note n-grams (`Builder`, `read`, `write`), what stands in it (`find`), and how that
stands among validation songs (`standing`).
"""

from nabi.analysis.copies.building import Builder
from nabi.analysis.copies.file import MAX_BYTES, MAX_SONGS, load, read, write
from nabi.analysis.copies.grams import NOTES, NOTES_WITHOUT_TIME, Gram, Notes, after
from nabi.analysis.copies.held_out import HeldOut, standing
from nabi.analysis.copies.index import Index, IndexedSong
from nabi.analysis.copies.runs import CopiedRun, Copies, find, longest_bars

__all__ = [
    "MAX_BYTES",
    "MAX_SONGS",
    "NOTES",
    "NOTES_WITHOUT_TIME",
    "Builder",
    "CopiedRun",
    "Copies",
    "Gram",
    "HeldOut",
    "Index",
    "IndexedSong",
    "Notes",
    "after",
    "find",
    "load",
    "longest_bars",
    "read",
    "standing",
    "write",
]
