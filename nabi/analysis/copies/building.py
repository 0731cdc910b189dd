"""Builds an index of bounded size from songs, one by one, in bounded memory."""

from collections.abc import Sequence

import numpy as np

from nabi.analysis.copies.file import most_fingerprints, named
from nabi.analysis.copies.grams import Gram, Ints, Notes, winnow
from nabi.analysis.copies.index import Fingerprints, Index, IndexedSong
from nabi.analysis.hashing import Hashes
from nabi.music.song import Song

# Occurrences of one n-gram in one song that are kept: more than 1,000 bars of an ostinato, while a file of one repeated
# note costs no more than a song.
MOST_OF_A_SONG = 256

# Between two winnowings the fingerprints may grow to so many times the number that is kept.
_SLACK = 1.5
# Fingerprints that are winnowed at once: 80 MB.
_AT_ONCE = 1 << 20


class Builder:
    """Collects the fingerprints of songs: `add` them in any order, then `finish`.

    All n-grams are kept as long as they fit. Then the window grows by a quarter (at least by 1) until they fit again:
    of every `window` consecutive n-grams at least one is kept (`grams.winnow`). The window depends on the songs alone,
    not on their order.
    """

    def __init__(self, gram: Gram, most: int | None = None) -> None:
        """Starts an empty index.

        Args:
          gram: the kind of n-gram.
          most: fingerprints that are kept at most (but at least 3 of each song: first, last and smallest); None: as
            many as fit into a file.
        """
        self._gram = gram
        self._most = most
        self._window = 1
        self._parts: list[Fingerprints] = []
        self._held = 0
        self._songs: list[IndexedSong] = []

    def add(self, name: str, song: Song, source: str = "") -> None:
        """Adds a training song.

        Args:
          name: its hash.
          song: its notes, as the encoding keeps them.
          source: its name in the ledger.
        """
        notes = Notes.of(song)
        part = _fingerprints(self._gram, notes, len(self._songs))
        self._songs.append(IndexedSong(name, source, len(notes)))
        window = 1
        while window < self._window:
            window = min(wider(window), self._window)
            part = self._thinned(part, window)
        self._parts.append(part)
        self._held += len(part)
        if self._held > _SLACK * self._fitting():
            self._shrink(self._fitting())

    def finish(self, left_out: int = 0) -> Index:
        """Returns the index of the songs that were added.

        Args:
          left_out: training songs that were not added.
        """
        songs = self._songs if self._most is not None else named(self._songs)
        self._shrink(self._fitting(songs))
        return Index(self._gram, self._window, tuple(songs), left_out, Fingerprints.join(self._parts))

    def _fitting(self, songs: Sequence[IndexedSong] = ()) -> int:
        return most_fingerprints(songs) if self._most is None else self._most

    def _shrink(self, most: int) -> None:
        joined = Fingerprints.join(self._parts)
        longest = max((song.notes for song in self._songs), default=0)
        while len(joined) > most and self._window < longest:
            self._window = wider(self._window)
            joined = self._thinned(joined, self._window)
        self._parts, self._held = [joined], len(joined)

    def _thinned(self, part: Fingerprints, window: int) -> Fingerprints:
        if not len(part):
            return part
        half = int(np.searchsorted(part.song, part.song[len(part) // 2])) if len(part) > _AT_ONCE else 0
        if half:
            return Fingerprints.join(self._thinned(songs, window) for songs in (part[:half], part[half:]))
        # The n-grams are numbered through all songs.
        begin = int(part.song[0])
        lengths = np.array([song.notes for song in self._songs[begin : int(part.song[-1]) + 1]], np.int64)
        ends = np.cumsum(lengths)[part.song - begin]
        first, last = ends - lengths[part.song - begin], ends - self._gram.notes
        return part[winnow(part.hashes, first + part.note, first, last, window)]


def wider(window: int) -> int:
    """Returns the next larger window."""
    return window + max(window // 4, 1)


def _fingerprints(gram: Gram, notes: Notes, song: int) -> Fingerprints:
    """Returns all n-grams of a song, except further occurrences of those that it has very often."""
    hashes = gram.hashes(notes)
    note = np.flatnonzero(_times_before(hashes) < MOST_OF_A_SONG)
    return Fingerprints.of(hashes[note], np.full(len(note), song), note, notes.onset[note], notes.pitch[note])


def _times_before(hashes: Hashes) -> Ints:
    """Counts the earlier occurrences of each hash, int64 like `hashes`."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)])
    times = np.zeros(len(hashes), np.int64)
    times[order] = np.arange(len(hashes)) - np.repeat(begins, np.diff(np.append(begins, len(hashes))))
    return times
