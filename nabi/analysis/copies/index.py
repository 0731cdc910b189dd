"""The index of the training songs: fingerprints of their n-grams, each with its place."""

import dataclasses
import functools
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from nabi.analysis.copies.grams import Gram, Ints
from nabi.analysis.copies.held_out import HeldOut
from nabi.analysis.hashing import Hashes
from nabi.music.canonical_form import IntArray, PitchArray

# Pairs of equal n-grams of a song and the training songs, at most: a second of work. Music stays far below; a song of
# one repeated note, against training songs of the same, would have more pairs than memory holds.
MOST_PAIRS = 1 << 20


@dataclasses.dataclass(frozen=True)
class IndexedSong:
    """A training song, or a part of one.

    Attributes:
      song: its name in the records, cut to `file.MAX_NAME` characters in a file.
      source: its name in the dataset's ledger, of a part with the part's; "" where there is no ledger.
      notes: the number of its notes.
    """

    song: str
    source: str
    notes: int

    def __str__(self) -> str:
        return self.source or self.song


@dataclasses.dataclass(frozen=True, eq=False)
class Fingerprints:
    """N-grams of songs, in the order of (song, note).

    Attributes:
      hashes: uint64 [F].
      song: int32 [F], the number of the song.
      note: int32 [F], the number, in its song, of an n-gram's first note.
      tick: int32 [F], that note's onset.
      pitch: uint8 [F], its MIDI number.
    """

    hashes: Hashes
    song: IntArray
    note: IntArray
    tick: IntArray
    pitch: PitchArray

    @classmethod
    def of(
        cls, hashes: npt.ArrayLike, song: npt.ArrayLike, note: npt.ArrayLike, tick: npt.ArrayLike, pitch: npt.ArrayLike
    ) -> "Fingerprints":
        """Converts columns of any types: 21 bytes a fingerprint."""
        return cls(
            np.asarray(hashes, np.uint64),
            np.asarray(song, np.int32),
            np.asarray(note, np.int32),
            np.asarray(tick, np.int32),
            np.asarray(pitch, np.uint8),
        )

    @classmethod
    def join(cls, parts: Iterable["Fingerprints"]) -> "Fingerprints":
        """Concatenates the fingerprints of songs; empty for no parts."""
        columns = zip(cls.of([], [], [], [], []).columns(), *(part.columns() for part in parts), strict=True)
        return cls.of(*map(np.concatenate, columns))

    def __len__(self) -> int:
        return len(self.hashes)

    def __getitem__(self, chosen: npt.NDArray[np.bool_] | slice) -> "Fingerprints":
        return Fingerprints(
            self.hashes[chosen], self.song[chosen], self.note[chosen], self.tick[chosen], self.pitch[chosen]
        )

    def columns(self) -> tuple[Hashes, IntArray, IntArray, IntArray, PitchArray]:
        """Returns the attributes in their order."""
        return self.hashes, self.song, self.note, self.tick, self.pitch


@dataclasses.dataclass(frozen=True, eq=False)
class Index:
    """Fingerprints of the training songs, to be looked up by hash.

    Attributes:
      gram: the kind of n-gram.
      window: of every so many consecutive n-grams at least one is kept; 1: all are.
      songs: the training songs that are in the index, and parts of theirs.
      left_out: the number of training songs that are not.
      fingerprints: of these songs.
      held_out: the copying of validation songs.
      content: the fingerprint of the dataset.
    """

    gram: Gram
    window: int
    songs: tuple[IndexedSong, ...]
    left_out: int
    fingerprints: Fingerprints
    held_out: HeldOut = dataclasses.field(default_factory=HeldOut)
    content: str = ""

    @property
    def notes_to_find(self) -> int:
        """The length in notes from which every copied run is found; shorter ones, from n on, are found by chance."""
        return self.gram.notes + self.window - 1

    @property
    def different_songs(self) -> int:
        """The number of songs that are in the index, whole or in parts."""
        return len({song.song for song in self.songs})

    @property
    def notes(self) -> int:
        """The number of notes of all songs and parts."""
        return sum(song.notes for song in self.songs)

    @functools.cached_property
    def begins(self) -> Ints:
        """int64 [songs]: the number of each song's first note, counted through all songs."""
        lengths = np.array([song.notes for song in self.songs], np.int64)
        return np.cumsum(lengths) - lengths

    @functools.cached_property
    def _by_hash(self) -> tuple[Ints, Hashes]:
        order = np.argsort(self.fingerprints.hashes, kind="stable")
        return order, self.fingerprints.hashes[order]

    def find(self, hashes: Hashes, most: int = MOST_PAIRS) -> tuple[Ints, Ints]:
        """Looks up the occurrences of n-grams in the training songs.

        Args:
          hashes: uint64 [G], of a song's n-grams.
          most: pairs; of more, the first occurrences of each n-gram are taken, equally many of each.

        Returns:
          int64 [P] each: numbers of an n-gram and of a fingerprint that have the same hash.
        """
        order, ordered = self._by_hash
        low, high = (np.searchsorted(ordered, hashes, side) for side in ("left", "right"))
        counts = _limited(high - low, most)
        gram = np.repeat(np.arange(len(hashes)), counts)
        within = np.arange(len(gram)) - np.repeat(np.cumsum(counts) - counts, counts)
        return gram, order[np.repeat(low, counts) + within]


def _limited(counts: Ints, most: int) -> Ints:
    """Caps the counts so that their sum is at most `most`, or no count is above 1."""
    limit = int(counts.max(initial=0))
    while limit > 1 and np.minimum(counts, limit).sum() > most:
        limit //= 2
    return np.minimum(counts, limit)
