"""Finds the runs of notes that a song shares with training songs, and ranks them among those of validation songs.

`Builder` makes an index of the training songs' n-grams of notes, `write` and `read` store it, `find` looks a song up in
it, and `standing` compares the result with those of validation songs, which share notes by style alone.
"""

from nabi.analysis.copies.building import Builder
from nabi.analysis.copies.file import MAX_BYTES, MAX_SONGS, load, read, write
from nabi.analysis.copies.grams import NOTES, NOTES_WITHOUT_TIME, Gram, Notes, after, parts_of
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
    "parts_of",
    "read",
    "standing",
    "write",
]
