"""Finds the runs of a song's notes that training songs have too."""

import dataclasses
import functools
import heapq

import numpy as np
import numpy.typing as npt

from nabi.analysis.copies.grams import Ints, Notes
from nabi.analysis.copies.held_out import standing
from nabi.analysis.copies.index import Index, IndexedSong
from nabi.analysis.hashing import Hashes
from nabi.music.bars import bar_ticks
from nabi.music.song import Song


@dataclasses.dataclass(frozen=True)
class CopiedRun:
    """Consecutive notes that a song shares with a training song.

    Attributes:
      first: the number of its first note, in the order of (onset, pitch).
      notes: the number of its notes, at least n.
      different: the number of its different n-grams + n - 1, so that repetitions count once: n for a note struck 100
        times, n + 7 for a figure of 8 notes repeated for pages.
      start: its first onset, in ticks.
      end: the end of its notes, or the next onset if that is earlier, in ticks.
      bars: its length in bars of the song's meter.
      source: the training song.
      there: its first onset in that song, in ticks.
      semitones: its transposition from that song.
      others: the number of further training songs that have the whole run.
    """

    first: int
    notes: int
    different: int
    start: int
    end: int
    bars: float
    source: IndexedSong
    there: int
    semitones: int
    others: int


@dataclasses.dataclass(frozen=True, eq=False)
class _Chains:
    """Runs in columns, [R] each: the first n-gram and the last, the fingerprint of the first and its song."""

    first: Ints
    last: Ints
    fingerprint: Ints
    song: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, chosen: Ints) -> "_Chains":
        return _Chains(self.first[chosen], self.last[chosen], self.fingerprint[chosen], self.song[chosen])


@dataclasses.dataclass(frozen=True, eq=False)
class Copies:
    """The runs of notes that a song shares with the training songs, see `find`."""

    song: Song
    index: Index
    notes: Notes
    hashes: Hashes
    chains: _Chains

    @functools.cached_property
    def copied(self) -> npt.NDArray[np.bool_]:
        """bool [N]: True for the notes, in the order of (onset, pitch), that belong to a run."""
        steps = np.zeros(len(self.notes) + 1, np.int64)
        np.add.at(steps, self.chains.first, 1)
        np.add.at(steps, self.chains.last + self.index.gram.notes, -1)
        copied: npt.NDArray[np.bool_] = np.cumsum(steps[:-1]) > 0
        return copied

    @property
    def share(self) -> float:
        """The share of notes that belong to runs, 0..1; 0 for a song without notes."""
        return float(self.copied.mean()) if len(self.notes) else 0.0

    @functools.cached_property
    def widest(self) -> list[CopiedRun]:
        """The runs that no other run contains, by their first note; of equal runs, that of the song copied most."""
        return [self._run(place) for place in self._widest]

    @property
    def longest(self) -> CopiedRun | None:
        """The run of most notes, repetitions in it counted once; None if there is none."""
        return max(self.widest, key=lambda run: (run.different, run.notes, -run.first), default=None)

    @property
    def longest_bars(self) -> float:
        """The bars of the longest run in time; 0 if there is none."""
        return max((run.bars for run in self.widest), default=0.0)

    @property
    def verdict(self) -> str:
        """Ranks the share and the longest run among those of validation songs, in words."""
        if not self.longest:
            return f"copies no run of {self.index.gram.notes} notes"
        others = self.index.held_out
        if not len(others):
            return "there are no validation songs to compare with"
        in_all, in_a_row = standing(self.share, others.shares), standing(self.longest.different, others.notes)
        if in_all == in_a_row:
            return f"copies {in_all}, in all and in a row"
        return f"copies {in_all} in all, {in_a_row} in a row"

    def stretches(self) -> list[CopiedRun]:
        """Chooses few runs that together hold all copied notes, by their first note; they may overlap.

        The run of most notes comes first, then always the run that adds the most uncovered notes.
        """
        # free[i]: notes among the first i that no chosen run covers.
        free = np.arange(len(self.notes) + 1)
        taken = np.zeros(len(self.notes), np.bool_)
        waiting = [(-run.notes, place) for place, run in enumerate(self.widest)]
        heapq.heapify(waiting)
        chosen = []
        while waiting:
            before, place = heapq.heappop(waiting)
            run = self.widest[place]
            added = int(free[run.first + run.notes] - free[run.first])
            # The notes that a run adds only decrease: one whose stored number is still right adds the most.
            if added < -before:
                heapq.heappush(waiting, (-added, place))
            elif added:
                chosen.append(run)
                taken[run.first : run.first + run.notes] = True
                free = np.concatenate([[0], np.cumsum(~taken)])
        return sorted(chosen, key=lambda run: run.first)

    @functools.cached_property
    def _widest(self) -> Ints:
        chains = self.chains
        from_song = np.bincount(chains.song, chains.last - chains.first + 1, minlength=1)
        order: Ints = np.lexsort((chains.fingerprint, -from_song[chains.song], -chains.last, chains.first))
        reach = np.maximum.accumulate(np.concatenate([[-1], chains.last[order]]))[:-1]
        return order[chains.last[order] > reach]

    def _run(self, place: int) -> CopiedRun:
        first, last = int(self.chains.first[place]), int(self.chains.last[place])
        notes, kept = self.index.gram.notes, self.index.fingerprints
        after, fingerprint = last + notes, self.chains.fingerprint[place]
        whole = (self.chains.first <= first) & (self.chains.last >= last)
        start, end = int(self.notes.onset[first]), self._end(first, after)
        return CopiedRun(
            first=first,
            notes=after - first,
            different=len(np.unique(self.hashes[first : last + 1])) + notes - 1,
            start=start,
            end=end,
            bars=(end - start) / bar_ticks(self.song),
            source=self.index.songs[int(self.chains.song[place])],
            there=int(kept.tick[fingerprint]),
            semitones=self._semitones(int(self.notes.pitch[first] - kept.pitch[fingerprint])),
            others=len(np.unique(self.chains.song[whole])) - 1,
        )

    def _end(self, first: int, after: int) -> int:
        """Returns the end of the notes first..after - 1: where they end, or where the next note is struck."""
        onset, end = self.notes.onset, int(self.notes.end[first:after].max())
        following = int(np.searchsorted(onset, onset[after - 1], "right"))
        return min(end, int(onset[following])) if following < len(onset) else end

    def _semitones(self, semitones: int) -> int:
        """Returns an interval, folded to -5..6 where octaves do not count."""
        return semitones if self.index.gram.octaves else (semitones + 5) % 12 - 5


def find(song: Song, index: Index) -> Copies:
    """Compares a song with the training songs.

    Every run of n + window - 1 notes or more that a training song has too is found, whatever its transposition and its
    place; at most window - 1 notes are missed at each end. A run goes on as long as the song has every fingerprint of
    the training song: with a window of less than n all its notes have been compared, with a larger one not those
    between two fingerprints. (A figure that a training song repeats more than `building.MOST_OF_A_SONG` times, and the
    song itself more often than `index.MOST_PAIRS` allow, may be found in parts.)

    Args:
      song: as its encoding keeps it (`Encoding.reduce`), like the songs in the index.
      index: of the training songs.
    """
    notes = Notes.of(song)
    hashes = index.gram.hashes(notes)
    return Copies(song, index, notes, hashes, _chains(index, *index.find(hashes)))


def longest_bars(song: Song, index: Index) -> float:
    """Returns the bars of the longest copied run in time; 0 if nothing is copied."""
    return find(song, index).longest_bars


def _chains(index: Index, gram: Ints, fingerprint: Ints) -> _Chains:
    """Chains pairs of equal n-grams to runs: consecutive fingerprints at the same distances in both songs."""
    kept = index.fingerprints
    song, note = kept.song[fingerprint], kept.note[fingerprint]
    offset = index.begins[song] + note - gram
    order = np.lexsort((fingerprint, offset))
    gram, fingerprint = gram[order], fingerprint[order]
    song, note = song[order], note[order]
    goes_on = (np.diff(fingerprint) == 1) & (np.diff(offset[order]) == 0) & (np.diff(song) == 0)
    goes_on &= np.diff(note) <= index.window
    begins = np.flatnonzero(np.concatenate([[True], ~goes_on])[: len(gram)])
    ends = np.append(begins[1:], len(gram)) - 1 if len(gram) else begins
    return _Chains(gram[begins], gram[ends], fingerprint[begins], song[begins])
