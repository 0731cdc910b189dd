"""What a song has copied from the training songs, and whether that is more than songs of their kind share anyway.

An index of the training songs' note n-grams (`Builder`, `read`, `write`), what stands in it (`find`), and how that
stands among validation songs (`standing`).
"""

from songs.copies.building import Builder
from songs.copies.file import MAX_BYTES, MAX_SONGS, load, read, write
from songs.copies.grams import NOTES, NOTES_WITHOUT_TIME, Gram, Notes, after
from songs.copies.held_out import HeldOut, standing
from songs.copies.index import Index, Source
from songs.copies.runs import Copies, Run, find, longest_bars

__all__ = [
    "MAX_BYTES",
    "MAX_SONGS",
    "NOTES",
    "NOTES_WITHOUT_TIME",
    "Builder",
    "Copies",
    "Gram",
    "HeldOut",
    "Index",
    "Notes",
    "Run",
    "Source",
    "after",
    "find",
    "load",
    "longest_bars",
    "read",
    "standing",
    "write",
]
