"""How the notes of songs are distributed: histograms with fixed bins, which add up over any number of songs."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from nabi.music.canonical_form import IntArray
from nabi.music.keys import FoundKey
from nabi.music.song import Song

Counts = npt.NDArray[np.int64]

# The last bins of durations, density and polyphony hold all that is more, the outer ones of intervals all that is
# wider. Durations are counted in twelfths of a quarter note, whatever grid the songs have, so that they compare.
TWELFTHS = 12
MOST_TWELFTHS = 4 * TWELFTHS
WIDEST = 12
MOST_NOTES = 16

# Name -> number of bins.
#   pitches: how many notes have each MIDI number.
#   pitch_classes: ... each pitch class, C first. It depends on the keys of the songs.
#   degrees: ... so many semitones above the tonic of the key that is found in their song; songs without a key are left
#     out. It tells how tones are used, in whatever keys: songs of other keys than the training songs', such as those
#     of a model that was trained in all twelve, differ in pitch classes and not in this.
#   intervals: semitones from one onset's highest pitch to the next one's (the skyline melody of Uitdenbogerd and Zobel
#     1998): more than an octave down, 12 down ... 12 up, more than an octave up.
#   durations: how many notes last 1, 2 ... 48 twelfths of a quarter note, or the nearest to it, and longer.
#   density: how many quarter notes of time, cut from tick 0 on, have 0, 1 ... 15 onsets of notes, and more.
#   polyphony: for how many ticks 0, 1 ... 15 pitches sound, and more.
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
    """The histograms of a song.

    Args:
      song: any.
      key: the song's.

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
    """The highest pitch of each onset, int64 [onsets], in time."""
    start, _, pitch = song.notes()
    # Notes come in the order of their onsets; the next onset's first note tells where one ends.
    first = np.flatnonzero(np.diff(start, prepend=-1))
    return np.maximum.reduceat(pitch.astype(np.int64), first) if len(first) else np.zeros(0, np.int64)


def overlap(one: npt.ArrayLike, other: npt.ArrayLike) -> float | None:
    """How much of two distributions is the same: the overlapping area of their histograms.

    Yang and Lerch (On the evaluation of generative models in music, 2020) take the overlapping area of two smoothed
    densities; these histograms have the bins that notes themselves have, so none is smoothed. It is 1 less the total
    variation distance.

    Args:
      one: counts, [bins], not negative.
      other: counts of the same bins.

    Returns:
      0..1, 1 for equal shares; None if either counts nothing.

    Raises:
      ValueError: if the bins are not the same.
    """
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if first.shape != second.shape:
        raise ValueError(f"histograms of {len(first)} and of {len(second)} bins cannot be compared")
    if not first.sum() or not second.sum():
        return None
    return min(float(np.minimum(first / first.sum(), second / second.sum()).sum()), 1.0)


def read(found: Mapping[str, Sequence[int]]) -> dict[str, Counts]:
    """Histograms that JSON has held; raises ValueError naming one that is missing or has other bins."""
    for name, bins in BINS.items():
        counts = found.get(name)
        sound = isinstance(counts, list) and len(counts) == bins and all(type(n) is int and n >= 0 for n in counts)
        if not sound:
            raise ValueError(f"{name} must be {bins} counts")
    return {name: np.array(found[name], np.int64) for name in BINS}


def _counts(name: str, values: IntArray | Counts) -> Counts:
    """The histogram of bin numbers; those above the last bin are in it."""
    bins = BINS[name]
    return np.bincount(np.minimum(values, bins - 1), minlength=bins)


def _twelfths(duration: IntArray, ticks_per_quarter: int) -> Counts:
    """The nearest number of twelfths of a quarter note, at least 1; halfway goes up."""
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
    """How long 0, 1, 2 ... pitches sound, from change to change."""
    at = np.concatenate([start, start + duration])
    change = np.repeat([1, -1], len(start))
    order = np.argsort(at, kind="stable")
    pitches = np.cumsum(change[order])[:-1]
    bins = BINS["polyphony"]
    # Of changes at one time only the last lasts.
    lasting = np.bincount(np.minimum(pitches, bins - 1).clip(0), weights=np.diff(at[order]), minlength=bins)
    return lasting.astype(np.int64)
