"""Songs one after another -> an index of bounded size, in bounded memory."""

from collections.abc import Sequence

import numpy as np

from nabi.analysis.copies.file import most_fingerprints, named
from nabi.analysis.copies.grams import Gram, Ints, Notes, winnow
from nabi.analysis.copies.index import Fingerprints, Index, IndexedSong
from nabi.analysis.hashing import Hashes
from nabi.music.song import Song

# Places of one n-gram in one song that are kept: more than 1,000 bars of an ostinato, and a file of one note over and
# over costs no more than a song.
MOST_OF_A_SONG = 256

# Between two winnowings fingerprints may grow to so many times what is kept.
_SLACK = 1.5
# Fingerprints that are winnowed at once: 80 MB.
_AT_ONCE = 1 << 20


class Builder:
    """Collects the fingerprints of songs: `add` them in any order, then `finish`.

    All n-grams are kept as long as they fit. When they do not, the window grows by a quarter (at least by 1) until they
    do, so that of so many n-grams in a row one is kept (`grams.winnow`). The window depends on the songs alone, not on
    their order.
    """

    def __init__(self, gram: Gram, most: int | None = None) -> None:
        """An empty index.

        Args:
          gram: what an n-gram is.
          most: fingerprints that are kept at most (but 3 of each song: the first, the last and the smallest); None: as
            many as fit into a file.
        """
        self._gram = gram
        self._most = most
        self._window = 1
        self._parts: list[Fingerprints] = []
        self._held = 0
        self._songs: list[IndexedSong] = []

    def add(self, name: str, song: Song, source: str = "") -> None:
        """Takes a training song.

        Args:
          name: its hash.
          song: its notes, as the encoding keeps them.
          source: what the ledger calls it.
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
        """The index of what was added.

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
        # Numbers of n-grams that go on from song to song.
        begin = int(part.song[0])
        lengths = np.array([song.notes for song in self._songs[begin : int(part.song[-1]) + 1]], np.int64)
        ends = np.cumsum(lengths)[part.song - begin]
        first, last = ends - lengths[part.song - begin], ends - self._gram.notes
        return part[winnow(part.hashes, first + part.note, first, last, window)]


def wider(window: int) -> int:
    """The next window that is tried."""
    return window + max(window // 4, 1)


def _fingerprints(gram: Gram, notes: Notes, song: int) -> Fingerprints:
    """All n-grams of a song, but those that it has too often."""
    hashes = gram.hashes(notes)
    note = np.flatnonzero(_times_before(hashes) < MOST_OF_A_SONG)
    return Fingerprints.of(hashes[note], np.full(len(note), song), note, notes.onset[note], notes.pitch[note])


def _times_before(hashes: Hashes) -> Ints:
    """How often each hash stands before, int64 like `hashes`."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)])
    times = np.zeros(len(hashes), np.int64)
    times[order] = np.arange(len(hashes)) - np.repeat(begins, np.diff(np.append(begins, len(hashes))))
    return times
