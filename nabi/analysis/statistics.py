"""Statistics of a song, as MusPy defines them.

MusPy: Dong, Chen, McAuley, Berg-Kirkpatrick, MusPy: a toolkit for symbolic music generation, 2020. Its time step is a
tick here and its beat a quarter note. Time begins with the beat of the first note, so that silence before it does not
count.
"""

import numpy as np

from nabi.analysis.histograms import Counts
from nabi.music.song import Song

_MAJOR = np.isin(np.arange(12), (0, 2, 4, 5, 7, 9, 11))
_MAJORS_12X12 = np.array([np.roll(_MAJOR, tonic) for tonic in range(12)])


def figures(song: Song, counts: dict[str, Counts]) -> dict[str, float]:
    """Computes the statistics of a song, one number each; none for a song without notes.

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
    """Computes the entropy of pitch classes in bits: 0 for one class, log2(12) = 3.58 for a uniform use.

    >>> pitch_class_entropy(np.array([4, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]))
    1.0

    Used by Wu and Yang, The Jazz Transformer on the front line, 2020.

    Args:
      classes: notes of each pitch class, [12], not all 0.
    """
    shares = classes[classes > 0] / classes.sum()
    # The sum may be -0.0.
    return abs(float((shares * np.log2(shares)).sum()))


def scale_consistency(classes: Counts) -> float:
    """Computes the largest share of notes, 7/12..1, that one major or natural minor scale holds.

    >>> scale_consistency(np.array([2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
    0.75

    Used by Mogren, C-RNN-GAN, 2016. Each natural minor scale has the tones of a major one.

    Args:
      classes: notes of each pitch class, [12], not all 0.
    """
    return float((_MAJORS_12X12 @ classes).max() / classes.sum())


def polyphony(song: Song) -> float:
    """Averages the number of sounding pitches, at least 1, over the ticks at which any pitch sounds."""
    _, duration, _ = song.notes()
    return float(duration.sum()) / _touched(song, 1)


def empty_beat_rate(song: Song) -> float:
    """Computes the share of beats at which nothing sounds, 0..1."""
    beats = -(-song.end // song.ticks_per_quarter) - int(song.start[0]) // song.ticks_per_quarter
    return 1 - _touched(song, song.ticks_per_quarter) / beats


def _touched(song: Song, ticks: int) -> int:
    """Counts the steps of `ticks` ticks at which anything sounds."""
    first, last = song.start // ticks, (song.start + song.duration - 1) // ticks
    # Events are in the order of their starts: each adds the steps after the last step of all earlier events.
    reached = np.concatenate([[-1], np.maximum.accumulate(last)[:-1]])
    return int(np.maximum(last - np.maximum(first, reached + 1) + 1, 0).sum())
