"""A song as n-grams of notes that neither transposition nor a later beginning changes.

A song's notes stand in the order of (onset, pitch), whatever voice they belong to. Each is told by what leads to it
from the note before: the interval in semitones and the time between their onsets in ticks. Durations do not count:
the same notes played staccato are still copied, encodings cut or tie durations in their own ways, and they hardly
tell more (see `NOTES`).
"""

import dataclasses

import numpy as np
import numpy.typing as npt

from nabi.analysis import hashing
from nabi.analysis.hashing import Hashes
from nabi.music.encodings import Encoding
from nabi.music.song import Song

Ints = npt.NDArray[np.int64]

# Notes an n-gram. `benchmarks.copies` compares music that has nothing to do with each other (game music, folk tunes,
# pop songs, romantic piano, chorales): of 20 such pairs of collections the songs have up to 12 % (their 95 % quantile)
# of their notes in common runs of 8 notes, 2 % in runs of 10, 1 % in runs of 12; no run that they share has more than
# 13 notes. With durations it would be 3 %, 1 % and 0.4 %: two notes more tell as much.
NOTES = 12

# Where an encoding drops time and octave, as `pitch` does in its normal orders, unrelated songs share more: 27 % of
# their notes in common runs of 12, 9 % in runs of 20.
NOTES_WITHOUT_TIME = 20

# An interval's place in a step: -127..127 semitones, below the time.
_INTERVAL_BITS = 8


@dataclasses.dataclass(frozen=True, eq=False)
class Notes:
    """A song's notes in the order of (onset, pitch).

    Attributes:
      onset: int64 [N], in ticks, ascending.
      pitch: int64 [N], MIDI numbers.
      end: int64 [N], in ticks.
    """

    onset: Ints
    pitch: Ints
    end: Ints

    @classmethod
    def of(cls, song: Song) -> "Notes":
        """The notes of a song."""
        onset, duration, pitch = (column.astype(np.int64) for column in song.notes())
        order = np.lexsort((pitch, onset))
        return cls(onset[order], pitch[order], (onset + duration)[order])

    def __len__(self) -> int:
        return len(self.onset)


@dataclasses.dataclass(frozen=True)
class Gram:
    """What an n-gram is.

    Attributes:
      notes: n, at least 2.
      octaves: whether intervals keep their octaves; without, they count modulo 12.
    """

    notes: int = NOTES
    octaves: bool = True

    @classmethod
    def of(cls, encoding: Encoding) -> "Gram":
        """What suits the songs that an encoding can tell."""
        # A normal order has no octave: after transposition its chords lie otherwise to the notes beside them.
        normal = encoding.settings().get("chords") == "normal"
        return cls(NOTES_WITHOUT_TIME, octaves=False) if normal else cls()

    def hashes(self, notes: Notes) -> Hashes:
        """The hash of every n-gram of a song, uint64 [N - n + 1]; none for a song of fewer notes."""
        interval = np.diff(notes.pitch)
        if not self.octaves:
            interval %= 12
        step = np.diff(notes.onset) << _INTERVAL_BITS | (interval + 128)
        return hashing.of_grams(step.astype(np.uint64), self.notes - 1)


def after(song: Song, notes: int) -> Song:
    """The song without its first so many notes, in the order of (onset, pitch)."""
    if not notes:
        return song
    kept = Notes.of(song)
    duration = kept.end - kept.onset
    return song.with_notes(kept.onset[notes:], duration[notes:], kept.pitch[notes:])


def winnow(hashes: Hashes, places: Ints, first: Ints, last: Ints, window: int) -> npt.NDArray[np.bool_]:
    """Which n-grams winnowing selects (Schleimer, Wilkerson, Aiken 2003): of each `window` in a row the smallest.

    Two songs that share `window` n-grams in a row, thus n + window - 1 notes, share a selected one, since of equal
    windows the same is selected: the smallest hash, of equal ones the last. A song's first and last n-gram are
    selected besides, so that a song is found from end to end.

    What a window of w selects, every smaller one selects too. So a selection can be thinned as if all n-grams were
    still there.

    Args:
      hashes: uint64 [M], of the n-grams, or of those that a smaller window selected; songs one after another.
      places: int64 [M], the number of each n-gram among those of all songs, ascending.
      first: int64 [M], the number of the first n-gram of its song.
      last: int64 [M], of the last.
      window: n-grams, at least 1. In a song that has fewer, all of them are one window.

    Returns:
      bool [M].
    """
    # An n-gram is the smallest of some window if there is room for one between those that beat it.
    left, right = first - 1, last + 1
    for shift in range(1, len(hashes)):
        earlier, later = slice(None, -shift), slice(shift, None)
        near = (places[later] - places[earlier] < window) & (places[later] <= last[earlier])
        if not near.any():
            break
        later_wins = hashes[later] <= hashes[earlier]
        right[earlier] = np.where(near & later_wins, np.minimum(right[earlier], places[later]), right[earlier])
        left[later] = np.where(near & ~later_wins, np.maximum(left[later], places[earlier]), left[later])
    smallest = right - left - 1 >= np.minimum(window, last - first + 1)
    selected: npt.NDArray[np.bool_] = smallest | (places == first) | (places == last)
    return selected
