"""Figures of a song, defined as MusPy defines them.

MusPy: Dong, Chen, McAuley, Berg-Kirkpatrick, MusPy: a toolkit for symbolic music generation, 2020. Its time step is a
tick here and its beat a quarter note. Time begins with the beat of the first note, so that a song
is not judged by the silence before it.
"""

import numpy as np

from nabi.analysis.histograms import Counts
from nabi.music.song import Song

_MAJOR = np.isin(np.arange(12), (0, 2, 4, 5, 7, 9, 11))
_MAJORS_12X12 = np.array([np.roll(_MAJOR, tonic) for tonic in range(12)])


def figures(song: Song, counts: dict[str, Counts]) -> dict[str, float]:
    """What can be said of a song in one number each; nothing for a song without notes.

    Args:
      song: any.
      counts: its `distributions`.

    Returns:
      `pitch_class_entropy`, `scale_consistency`, `pitch_range` (semitones), `polyphony`, `empty_beat_rate`.
    """
    if not len(song):
        return {}
    low, high = song.pitches.min(), song.pitches.max()
    return {
        "pitch_class_entropy": pitch_class_entropy(counts["pitch_classes"]),
        "scale_consistency": scale_consistency(counts["pitch_classes"]),
        "pitch_range": float(high) - float(low),
        "polyphony": polyphony(song),
        "empty_beat_rate": empty_beat_rate(song),
    }


def pitch_class_entropy(classes: Counts) -> float:
    """The entropy of the pitch classes of notes: 0 if all are one, log2(12) = 3.58 bits if each comes as often.

    Used by Wu and Yang, The Jazz Transformer on the front line, 2020.

    Args:
      classes: how many notes have each pitch class, [12], not all 0.
    """
    shares = classes[classes > 0] / classes.sum()
    # A sum of -0.0 is 0.
    return abs(float((shares * np.log2(shares)).sum()))


def scale_consistency(classes: Counts) -> float:
    """The share of notes in the major or natural minor scale that holds most of them, 7/12 or more, up to 1.

    Used by Mogren, C-RNN-GAN, 2016. Each natural minor scale has the tones of a major one.

    Args:
      classes: how many notes have each pitch class, [12], not all 0.
    """
    return float((_MAJORS_12X12 @ classes).max() / classes.sum())


def polyphony(song: Song) -> float:
    """How many pitches sound at once, on average over the ticks at which any does; at least 1."""
    _, duration, _ = song.notes()
    return float(duration.sum()) / _touched(song, 1)


def empty_beat_rate(song: Song) -> float:
    """The share of beats at which nothing sounds, 0..1."""
    beats = -(-song.end // song.ticks_per_quarter) - int(song.start[0]) // song.ticks_per_quarter
    return 1 - _touched(song, song.ticks_per_quarter) / beats


def _touched(song: Song, ticks: int) -> int:
    """In how many steps of so many ticks anything sounds."""
    first, last = song.start // ticks, (song.start + song.duration - 1) // ticks
    # Events come in the order of their starts: each adds the steps after all that those before it reach.
    reached = np.concatenate([[-1], np.maximum.accumulate(last)[:-1]])
    return int(np.maximum(last - np.maximum(first, reached + 1) + 1, 0).sum())
