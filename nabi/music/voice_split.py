"""Divides a song of a steady number of voices into its parts: soprano, alto, tenor and bass."""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nabi.music.song import Song

# Share of the sounding time in which exactly as many notes sound as there are voices.
STEADY = 0.75
# Voices, at most: MIDI's channels below the drums'.
MOST = 9
_FOUR = ("Soprano", "Alto", "Tenor", "Bass")

# Cost of giving a note to a voice that sounds, above that of any leap.
_TAKEN = 1000.0

_Ints = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Part:
    """A voice of a song, with its name."""

    name: str
    song: Song


def parts(song: Song) -> tuple[Part, ...]:
    """Divides a song into its voices, from the top down; () for a song without a steady number of voices.

    >>> chords = Song.from_notes(start=[0, 0, 12, 12], duration=[12] * 4, pitch=[72, 64, 71, 67])
    >>> [(part.name, part.song.pitches.tolist()) for part in parts(chords)]
    [('Voice 1', [72, 71]), ('Voice 2', [64, 67])]

    A song has N voices if exactly N notes sound for three quarters of the time in which any does, 2 <= N <= 9. Of the
    notes that begin together the higher belongs to the higher voice. Where fewer notes begin than voices are free, a
    note goes to the voice whose last note was nearest; where more do, a voice has several at once.

    Law: each note of the song is in exactly one part.
    """
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    levels = _levels(start, start + duration, pitch)
    if not levels:
        return ()
    voices = _assigned(start, start + duration, pitch, levels)
    names = _FOUR if len(levels) == len(_FOUR) else [f"Voice {number}" for number in range(1, len(levels) + 1)]
    return tuple(
        Part(name, song.with_notes(*(column[voices == voice] for column in (start, duration, pitch))))
        for voice, name in enumerate(names)
    )


def _levels(start: _Ints, end: _Ints, pitch: _Ints) -> list[float]:
    """Returns the mean pitch of each voice, from the top down; [] without a steady number of voices."""
    changes = np.unique(np.concatenate([start, end]))
    lengths = np.diff(changes)
    counts = np.zeros(len(changes), np.int64)
    np.add.at(counts, np.searchsorted(changes, start), 1)
    np.add.at(counts, np.searchsorted(changes, end), -1)
    ticks = np.bincount(np.cumsum(counts)[:-1], weights=lengths, minlength=1)
    sounding = ticks[1:]
    if not sounding.any():
        return []
    number = int(np.argmax(sounding)) + 1
    if not 2 <= number <= MOST or sounding[number - 1] < STEADY * sounding.sum():
        return []
    full = np.flatnonzero(np.cumsum(counts)[:-1] == number)
    chords = [np.sort(pitch[(start <= changes[at]) & (changes[at] < end)])[::-1] for at in full.tolist()]
    means: list[float] = np.average(chords, axis=0, weights=lengths[full]).tolist()
    return means


def _assigned(start: _Ints, end: _Ints, pitch: _Ints, levels: Sequence[float]) -> _Ints:
    """Returns the voice of each note, 0 for the highest."""
    voices = np.zeros(len(start), np.int64)
    last, busy_until = list(levels), [0] * len(levels)
    order = np.lexsort((-pitch, start)).tolist()
    for onset, group in itertools.groupby(order, key=lambda note: int(start[note])):
        notes = list(group)
        taken = [_TAKEN * (until > onset) for until in busy_until]
        for note, voice in zip(notes, _nearest(pitch[notes].tolist(), last, taken), strict=True):
            voices[note] = voice
            last[voice], busy_until[voice] = float(pitch[note]), max(busy_until[voice], int(end[note]))
    return voices


def _nearest(pitches: Sequence[int], last: Sequence[float], taken: Sequence[float]) -> list[int]:
    """Assigns pitches, descending, to voices, from the top down, so that the sum of their leaps is the least.

    Args:
      pitches: MIDI numbers.
      last: last pitch of each voice.
      taken: cost of giving a note to each voice, besides its leap.
    """
    # Of each voice, the best assignment in which it has the last pitch: its cost and its voices.
    best: list[tuple[float, list[int]]] = [(0.0, [])]
    for pitch in pitches:
        best = [
            min(
                (cost + abs(pitch - last[voice]) + taken[voice] + _TAKEN * (own[-1:] == [voice]), [*own, voice])
                for cost, own in best
                if not own or own[-1] <= voice
            )
            for voice in range(len(last))
        ]
    return min(best)[1]
