"""Histograms of the notes of songs, with fixed bins: they can be summed over any number of songs."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from nabi.music.canonical_form import IntArray
from nabi.music.keys import FoundKey
from nabi.music.song import Song

Counts = npt.NDArray[np.int64]

# The last bins of durations, density and polyphony hold all larger values, the outer bins of intervals all wider ones.
# Durations are counted in twelfths of a quarter note, whatever the grid of the songs, so that datasets can be compared.
TWELFTHS = 12
MOST_TWELFTHS = 4 * TWELFTHS
WIDEST = 12
MOST_NOTES = 16

# Name -> number of bins.
#   pitches: notes of each MIDI number.
#   pitch_classes: notes of each pitch class, C first. It depends on the keys of the songs.
#   degrees: notes by their semitones above the tonic of their song's key; songs without a key are left out. It does not
#     depend on keys: songs of a model that was trained in all twelve keys differ from its training songs in pitch
#     classes, not in degrees.
#   intervals: semitones from one onset's highest pitch to the next one's (the skyline melody of Uitdenbogerd and Zobel
#     1998): more than an octave down, 12 down ... 12 up, more than an octave up.
#   durations: notes that last 1, 2 ... 48 twelfths of a quarter note, rounded, and longer ones.
#   density: quarter notes of time, cut from tick 0 on, with 0, 1 ... 15 onsets of notes, and more.
#   polyphony: ticks at which 0, 1 ... 15 pitches sound, and more.
# Density and polyphony begin with the quarter note of the first note, and end with the quarter note or the tick of
# the last note's end.
BINS = {
    "pitches": 128,
    "pitch_classes": 12,
    "degrees": 12,
    "intervals": 2 * WIDEST + 3,
    "durations": MOST_TWELFTHS + 1,
    "density": MOST_NOTES + 1,
    "polyphony": MOST_NOTES + 1,
}


def distributions(song: Song, key: FoundKey | None) -> dict[str, Counts]:
    """Counts the histograms of a song.

    >>> song = Song.from_notes(start=[0, 12], duration=[12, 12], pitch=[60, 64])
    >>> distributions(song, key=None)["pitch_classes"].tolist()
    [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]

    Args:
      song: any.
      key: of the song; None: unknown.

    Returns:
      Name -> counts, int64 [BINS[name]]; all 0 for a song without notes.
    """
    start, duration, pitch = song.notes()
    pitches = np.bincount(pitch, minlength=128)
    classes = np.bincount(pitch % 12, minlength=12)
    return {
        "pitches": pitches,
        "pitch_classes": classes,
        "degrees": np.roll(classes, -key.tonic) if key else np.zeros(12, np.int64),
        "intervals": _counts("intervals", np.clip(np.diff(skyline(song)), -WIDEST - 1, WIDEST + 1) + WIDEST + 1),
        "durations": _counts("durations", _twelfths(duration, song.ticks_per_quarter) - 1),
        "density": _density(start, song.end, song.ticks_per_quarter),
        "polyphony": _polyphony(start, duration),
    }


def skyline(song: Song) -> Counts:
    """Returns the highest pitch of each onset, int64 [onsets], in the order of time."""
    start, _, pitch = song.notes()
    # Notes are in the order of their onsets: a note that starts later begins the next onset.
    first = np.flatnonzero(np.diff(start, prepend=-1))
    return np.maximum.reduceat(pitch.astype(np.int64), first) if len(first) else np.zeros(0, np.int64)


def overlap(counts: npt.ArrayLike, other_counts: npt.ArrayLike) -> float | None:
    """Measures the overlapping area of two histograms: 1 less their total variation distance.

    >>> overlap([1, 3, 0], [0, 2, 2])
    0.5

    Yang and Lerch (On the evaluation of generative models in music, 2020) take the overlapping area of two smoothed
    densities. These histograms need no smoothing: their bins are the discrete values of the notes.

    Args:
      counts: [bins], not negative.
      other_counts: of the same bins.

    Returns:
      0..1, 1 for equal shares; None if either counts nothing.

    Raises:
      ValueError: if the bins are not the same.
    """
    first, second = np.asarray(counts, np.float64), np.asarray(other_counts, np.float64)
    if first.shape != second.shape:
        raise ValueError(f"histograms of {len(first)} and of {len(second)} bins cannot be compared")
    if not first.sum() or not second.sum():
        return None
    return min(float(np.minimum(first / first.sum(), second / second.sum()).sum()), 1.0)


def read(values: Mapping[str, Sequence[int]]) -> dict[str, Counts]:
    """Reads histograms from JSON; raises ValueError naming one that is missing or has other bins."""
    for name, bins in BINS.items():
        counts = values.get(name)
        is_whole = isinstance(counts, list) and all(type(count) is int and count >= 0 for count in counts)
        if not is_whole or len(values[name]) != bins:
            raise ValueError(f"{name} must be {bins} counts")
    return {name: np.array(values[name], np.int64) for name in BINS}


def _counts(name: str, values: IntArray | Counts) -> Counts:
    """Counts bin numbers; those above the last bin count in it."""
    bins = BINS[name]
    return np.bincount(np.minimum(values, bins - 1), minlength=bins)


def _twelfths(duration: IntArray, ticks_per_quarter: int) -> Counts:
    """Rounds durations to twelfths of a quarter note, at least 1; halves go up."""
    twice = 2 * TWELFTHS * duration.astype(np.int64) + ticks_per_quarter
    return np.maximum(twice // (2 * ticks_per_quarter), 1)


def _density(start: IntArray, end: int, ticks_per_quarter: int) -> Counts:
    quarters, onsets = np.unique(start // ticks_per_quarter, return_counts=True)
    counts = _counts("density", onsets)
    if len(start):
        # Quarter notes without an onset are counted, not listed: a rest may be long.
        counts[0] = -(-end // ticks_per_quarter) - int(quarters[0]) - len(quarters)
    return counts


def _polyphony(start: IntArray, duration: IntArray) -> Counts:
    """Counts the ticks at which 0, 1, 2 ... pitches sound, from change to change."""
    at = np.concatenate([start, start + duration])
    change = np.repeat([1, -1], len(start))
    order = np.argsort(at, kind="stable")
    pitches = np.cumsum(change[order])[:-1]
    bins = BINS["polyphony"]
    # Of several changes at one tick only the last has a duration above 0.
    lasting = np.bincount(np.minimum(pitches, bins - 1).clip(0), weights=np.diff(at[order]), minlength=bins)
    return lasting.astype(np.int64)
