"""A song on a finer grid is the same song: whatever is made of it does not change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.analysis import tune_fingerprint
from nabi.analysis.style_profile import SongMeasurements
from nabi.music import bars
from nabi.music.augmentation import transpositions
from nabi.music.encodings import Events, Grid, PitchDuration, Steps
from nabi.music.keys import find_key
from nabi.music.selection import Selection
from nabi.music.song import Song
from nabi.reading import midi_writer
from tests.builders import songs

FINER = [((8, 6), 2), ((8, 6, 5), 10)]


def finer(music: Song, times: int) -> Song:
    """The song with all its times so many times as many ticks."""
    start, duration, pitch = (column.astype(np.int64) for column in music.notes())
    return Song.from_notes(start * times, duration * times, pitch, music.about, 12 * times)


@pytest.mark.parametrize(("divisors", "times"), FINER)
@given(music=songs())
def test_tokens_say_quarter_notes_and_so_are_the_same(divisors, times, music):
    fine = finer(music, times)
    for kind in (Events, PitchDuration):
        assert kind(divisors=divisors).encode(fine) == kind().encode(music)
    for kind in (Grid, Steps):
        assert kind(3 * times, divisors=divisors).encode(fine) == kind(3).encode(music)


@pytest.mark.parametrize("times", [2, 10])
@given(music=songs())
def test_files_and_figures_are_the_same(times, music):
    fine = finer(music, times)
    assert midi_writer.write(fine) == midi_writer.write(music)
    assert find_key(fine) == find_key(music)
    ours, theirs = SongMeasurements.of(fine).as_dict(), SongMeasurements.of(music).as_dict()
    # Counted in ticks of the song.
    assert ours["distributions"].pop("polyphony") == [
        times * count for count in theirs["distributions"].pop("polyphony")
    ]
    assert ours == theirs
    assert fine.end / bars.bar_ticks(fine) == music.end / bars.bar_ticks(music)


@pytest.mark.parametrize("times", [2, 10])
@given(music=songs(most_notes=60))
def test_the_tune_is_the_same(times, music):
    assert tune_fingerprint.fingerprint(finer(music, times)) == tune_fingerprint.fingerprint(music)


@given(songs(), st.integers(1, 40))
def test_selections_and_transpositions_stay_on_the_grid(music, times):
    fine = finer(music, times)
    for made, usual in (
        (Selection(excerpt=(1, 5)).of(fine), Selection(excerpt=(1, 5)).of(music)),
        *(
            (one, other)
            for (_, one), (_, other) in zip(transpositions(fine, [1]), transpositions(music, [1]), strict=True)
        ),
    ):
        assert made == finer(usual, times)


def test_lengths_between_two_twelfths_count_as_the_nearest():
    music = Song.from_notes([0, 9, 18, 27], [1, 3, 4, 5], [60, 62, 64, 65], ticks_per_quarter=24)
    counts = SongMeasurements.of(music).distributions["durations"]
    # 1/24, 1/8, 1/6 and 5/24 of a quarter note; halfway goes up.
    assert {place + 1: count for place, count in enumerate(counts.tolist()) if count} == {1: 1, 2: 2, 3: 1}
