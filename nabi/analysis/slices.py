"""Slices of a song: what sounds from each onset to the next one."""

import dataclasses

import numpy as np
import numpy.typing as npt

from nabi.analysis.histograms import skyline
from nabi.music.song import Song

Ints = npt.NDArray[np.int64]

_PITCH_BITS = 7


@dataclasses.dataclass(frozen=True, eq=False)
class Slices:
    """The slices of a song, one for each onset; the last one ends with the last note.

    A note that ends before the next onset counts in its whole slice, so that short rests make no slices.

    Attributes:
      start: int64 [S], in ticks, ascending.
      length: int64 [S], in ticks, at least 1.
      count: int64 [S], number of sounding pitches, at least 1.
      pitches: int64 [sum(count)], MIDI numbers of all slices one after another, ascending within a slice.
      offsets: int64 [S + 1]; slice s sounds pitches[offsets[s]:offsets[s + 1]].
      struck: int64 [S], the highest pitch that is struck at the slice's onset.
    """

    start: Ints
    length: Ints
    count: Ints
    pitches: Ints
    offsets: Ints
    struck: Ints

    @classmethod
    def of(cls, song: Song) -> "Slices":
        """Cuts a song, which must have notes.

        Takes memory for each pitch of each slice: at most 128 a slice, since a pitch sounds once at a time.
        """
        start, duration, pitch = (column.astype(np.int64) for column in song.notes())
        onsets = np.unique(start)
        first, last = np.searchsorted(onsets, start), np.searchsorted(onsets, start + duration)
        spans = last - first
        within = np.arange(spans.sum()) - np.repeat(np.cumsum(spans) - spans, spans)
        sounding = np.sort((np.repeat(first, spans) + within) << _PITCH_BITS | np.repeat(pitch, spans))
        count = np.bincount(sounding >> _PITCH_BITS, minlength=len(onsets))
        return cls(
            onsets,
            np.diff(onsets, append=song.end),
            count,
            sounding & (1 << _PITCH_BITS) - 1,
            np.concatenate([[0], np.cumsum(count)]),
            skyline(song),
        )

    @property
    def top(self) -> Ints:
        """The highest sounding pitch of each slice, int64 [S]."""
        highest: Ints = self.pitches[self.offsets[1:] - 1]
        return highest

    @property
    def bass(self) -> Ints:
        """The lowest sounding pitch of each slice, int64 [S]."""
        lowest: Ints = self.pitches[self.offsets[:-1]]
        return lowest

    def usual_count(self, low: int = 1, high: int = 128) -> int | None:
        """Finds the number of pitches, from `low` to `high`, that sounds the longest in all; None if none does.

        Of numbers that sound equally long the smallest is taken.
        """
        time = np.bincount(self.count, weights=self.length, minlength=high + 1)[low : high + 1]
        return low + int(time.argmax()) if time.any() else None
