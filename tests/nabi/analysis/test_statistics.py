import math

import numpy as np
import pytest
from hypothesis import given

from nabi.analysis.histograms import distributions
from nabi.analysis.statistics import empty_beat_rate, figures, pitch_class_entropy, polyphony, scale_consistency
from nabi.music.keys import find_key
from tests import builders


def classes(*pitch_classes: int) -> np.ndarray:
    return np.bincount(pitch_classes, minlength=12)


def test_entropy():
    assert pitch_class_entropy(classes(3, 3, 3)) == 0
    assert pitch_class_entropy(classes(0, 4)) == 1
    assert pitch_class_entropy(classes(0, 0, 4, 7)) == 1.5
    assert pitch_class_entropy(classes(*range(12))) == pytest.approx(math.log2(12))


def test_scale_consistency():
    assert scale_consistency(classes(2, 4, 6, 7, 9, 11, 1)) == 1
    # A harmonic minor's raised seventh is no tone of its scale.
    assert scale_consistency(classes(9, 11, 0, 2, 4, 5, 8, 9)) == 7 / 8
    assert scale_consistency(classes(*range(12))) == 7 / 12


def test_polyphony_is_of_the_time_in_which_something_sounds():
    assert polyphony(builders.song((0, 12, 60), (36, 6, 60))) == 1
    assert polyphony(builders.song((0, 12, 60), (0, 12, 64), (0, 12, 67), (24, 24, 60))) == (3 * 12 + 24) / 36
    # A long note under a short one, and the time after both.
    assert polyphony(builders.song((0, 30, 40), (6, 6, 60), (30, 6, 41))) == 42 / 36


@pytest.mark.parametrize(
    ("notes", "rate"),
    [
        ([(0, 12, 60), (36, 12, 60)], 0.5),
        ([(0, 13, 60), (35, 1, 60)], 0),
        # The beat of the first note is the first, and that of the last note's end the last.
        ([(29, 1, 60), (60, 6, 60)], 0.75 - 0.25),
        ([(0, 48, 40), (6, 3, 60), (12, 3, 60)], 0),
    ],
)
def test_empty_beats(notes, rate):
    assert empty_beat_rate(builders.song(*notes)) == rate


def test_figures_of_a_song():
    song = builders.song((0, 12, 60), (12, 12, 64), (36, 12, 72), (36, 12, 67))
    assert figures(song, distributions(song, find_key(song))) == {
        "pitch_class_entropy": 1.5,
        "scale_consistency": 1,
        "pitch_range": 12,
        "polyphony": 48 / 36,
        "empty_beat_rate": 0.25,
    }
    assert figures(builders.song(), distributions(builders.song(), None)) == {}


@given(builders.songs())
def test_figures_agree_with_the_distributions(song):
    """Ticks one by one, against the sums of changes."""
    counts = distributions(song, find_key(song))
    told = figures(song, counts)
    start, duration, _ = song.notes()
    sounding = np.zeros(song.end, int)
    for begin, length in zip(start.tolist(), duration.tolist(), strict=True):
        sounding[begin : begin + length] += 1
    heard = sounding[song.start[0] :]
    assert told["polyphony"] == pytest.approx(sounding.sum() / np.count_nonzero(sounding))
    assert counts["polyphony"].tolist() == np.bincount(np.minimum(heard, 16), minlength=17).tolist()
    first = song.start[0] // 12
    beats = [sounding[beat * 12 : beat * 12 + 12].any() for beat in range(first, -(-song.end // 12))]
    assert told["empty_beat_rate"] == pytest.approx(1 - np.mean(beats))
    assert 0 <= told["pitch_class_entropy"] <= math.log2(12) + 1e-9
    assert 7 / 12 <= told["scale_consistency"] <= 1
