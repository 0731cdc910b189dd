"""N-grams of notes that neither transposition nor a later beginning changes.

The notes of all voices are in the order of (onset, pitch). Each note is its interval in semitones and its inter-onset
time in ticks from the previous note. Durations do not count: the same notes played staccato are still a copy, encodings
cut or tie durations in their own ways, and durations hardly make n-grams more distinctive (see `NOTES`).
"""

import dataclasses

import numpy as np
import numpy.typing as npt

from nabi.analysis import hashing
from nabi.analysis.hashing import Hashes
from nabi.music.encodings import Encoding
from nabi.music.song import Song

Ints = npt.NDArray[np.int64]

# Notes an n-gram. `benchmarks.copies` compares unrelated music (game music, folk tunes, pop songs, romantic piano,
# chorales): over 20 pairs of collections, songs have up to 12 % (95 % quantile) of their notes in common runs of 8
# notes, 2 % in runs of 10, 1 % in runs of 12; no common run is longer than 13 notes. With durations it would be 3 %,
# 1 % and 0.4 %: two more notes are as distinctive.
NOTES = 12

# Where an encoding drops time and octave, as `pitch` does in its normal orders, unrelated songs share more: 27 % of
# their notes in common runs of 12, 9 % in runs of 20.
NOTES_WITHOUT_TIME = 20

# The low bits of a step hold the interval, -127..127 semitones; the time is above them.
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
        """Returns the notes of a song; of one with its parts all that have pitch, as one part."""
        song = song.merged()
        onset, duration, pitch = (column.astype(np.int64) for column in song.notes())
        order = np.lexsort((pitch, onset))
        return cls(onset[order], pitch[order], (onset + duration)[order])

    def __len__(self) -> int:
        return len(self.onset)


@dataclasses.dataclass(frozen=True)
class Gram:
    """A kind of n-gram: its length, and whether octaves count.

    Attributes:
      notes: n, at least 2.
      octaves: keep the octaves of intervals; otherwise they count modulo 12.
    """

    notes: int = NOTES
    octaves: bool = True

    @classmethod
    def of(cls, encoding: Encoding) -> "Gram":
        """Chooses the kind of n-gram for the songs that an encoding writes."""
        # A normal order drops octaves, so transposition changes the intervals between its chords and their neighbours.
        normal = encoding.settings().get("chords") == "normal"
        return cls(NOTES_WITHOUT_TIME, octaves=False) if normal else cls()

    def hashes(self, notes: Notes) -> Hashes:
        """Hashes every n-gram of a song, uint64 [N - n + 1]; empty for a song of fewer notes."""
        interval = np.diff(notes.pitch)
        if not self.octaves:
            interval %= 12
        step = np.diff(notes.onset) << _INTERVAL_BITS | (interval + 128)
        return hashing.of_grams(step.astype(np.uint64), self.notes - 1)


def after(song: Song, notes: int) -> Song:
    """Returns the song, merged, without its first `notes` notes, in the order of (onset, pitch)."""
    if not notes:
        return song.merged()
    kept = Notes.of(song)
    duration = kept.end - kept.onset
    return song.with_notes(kept.onset[notes:], duration[notes:], kept.pitch[notes:])


def parts_of(song: Song) -> list[tuple[Song, str]]:
    """Returns the parts with pitch of a song that has several, each with its name; none of any other song."""
    if not song.band or sum(not player.is_drums for player in song.band.instruments) < 2:
        return []
    (start, duration, pitch), of_note = song.notes(), song.note_parts()
    pitched = [number for number, player in enumerate(song.band.instruments) if not player.is_drums]
    own = [of_note == number for number in pitched]
    parts = [song.moved(start[kept], duration[kept], pitch[kept], kept) for kept in own]
    names = [song.band.instruments[number].name for number in pitched]
    return list(zip(parts, names, strict=True))


def winnow(hashes: Hashes, places: Ints, first: Ints, last: Ints, window: int) -> npt.NDArray[np.bool_]:
    """Selects n-grams by winnowing (Schleimer, Wilkerson, Aiken 2003): of every `window` in a row the smallest.

    Two songs that share `window` n-grams in a row, thus n + window - 1 notes, share a selected one, since equal windows
    select the same: the smallest hash, of equal ones the last. A song's first and last n-gram are selected too, so that
    a song is found from end to end.

    Every n-gram that a window selects, all smaller windows select too. So a selection can be thinned as if all n-grams
    were still there.

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
