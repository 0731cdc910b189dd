import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.analysis.style_profile import SongMeasurements, StyleProfile
from tests import builders

CHORD = builders.song((0, 12, 60), (0, 12, 64), (0, 12, 67))
LOW = builders.song((0, 12, 50), (12, 24, 53), (48, 12, 57), (60, 12, 50))


def profile(*songs) -> StyleProfile:
    seen = StyleProfile()
    for song in songs:
        seen.add(song)
    return seen


def test_distributions_are_pooled_and_figures_are_means_of_songs():
    seen = profile(CHORD, LOW, CHORD.transpose(2))
    assert seen.songs == 3
    assert seen.keys == {"C major": 1, "D minor": 1, "D major": 1}
    assert seen.distributions["durations"].nonzero()[0].tolist() == [11, 23]
    assert seen.distributions["durations"][[11, 23]].tolist() == [9, 1]
    assert seen.figures["polyphony"].mean == pytest.approx((3 + 1 + 3) / 3, abs=1e-4)
    assert seen.figures["polyphony"].spread == pytest.approx(math.sqrt(8 / 9), abs=1e-4)
    assert (seen.figures["pitch_range"].mean, seen.figures["pitch_range"].spread) == (7, 0)


def test_a_figure_is_a_mean_of_the_songs_that_have_it_and_distances_of_held_chords_count_one_by_one():
    # Onsets of held chords, in quarter notes, 4 and 6 apart; then thrice 4 apart.
    uneven = builders.song(*((12 * quarter, 24, 60) for quarter in (0, 4, 10)))
    even = builders.song(*((12 * quarter, 48, 60 + quarter) for quarter in (0, 4, 8, 12)))
    seen = profile(uneven, CHORD, even)
    assert (seen.figures["held_chords_on_bars"].weight, seen.figures["held_chords_on_bars"].mean) == (5, 80)
    assert seen.figures["top_voice_steps"].weight == 2
    assert seen.figures["ends_on_triad"].weight == 3


def test_songs_without_notes_change_nothing():
    assert profile(builders.song(), CHORD).as_dict() == profile(CHORD).as_dict()
    empty = profile(builders.song())
    assert (empty.songs, empty.figures) == (0, {})
    assert set(empty.overlaps(profile(CHORD)).values()) == {None}


def test_json_goes_there_and_back():
    seen = profile(CHORD, CHORD, LOW)
    told = json.loads(json.dumps(seen.as_dict()))
    assert list(told["keys"]) == ["C major", "D minor"]
    assert StyleProfile.from_dict(told).as_dict() == told
    assert StyleProfile.from_dict(profile().as_dict()).as_dict() == profile().as_dict()


def test_a_profile_may_be_made_of_what_is_left_of_songs():
    rows = [json.loads(json.dumps(SongMeasurements.of(song).as_dict())) for song in (CHORD, LOW)]
    assert rows[1]["key"] == "D minor"
    seen = StyleProfile()
    for row in rows:
        seen.add_dict(row)
    assert seen.as_dict() == profile(CHORD, LOW).as_dict()


@pytest.mark.parametrize(
    "damage",
    [
        {"songs": None},
        {"songs": "many"},
        {"keys": []},
        {"keys": {"H minor": 1}},
        {"figures": {"polyphony": "thick"}},
        {"figures": {"polyphony": {"weight": 1, "mean": 3.0}}},
        {"figures": {"polyphony": {"weight": 0, "mean": 3.0, "spread": 1.0}}},
        {"distributions": {}},
    ],
)
def test_what_is_no_profile_is_refused(damage):
    with pytest.raises(ValueError, match=r"it is no style profile|must be|invalid literal|could not convert|is no key"):
        StyleProfile.from_dict({**profile(CHORD).as_dict(), **damage})


@given(st.lists(builders.songs(), max_size=5))
def test_the_order_of_songs_does_not_matter(songs):
    one, other = profile(*songs), profile(*reversed(songs))
    assert one.keys == other.keys
    assert {name: counts.tolist() for name, counts in one.distributions.items()} == {
        name: counts.tolist() for name, counts in other.distributions.items()
    }
    assert one.figures.keys() == other.figures.keys()
    for name, figure in one.figures.items():
        assert dataclasses.astuple(figure) == pytest.approx(dataclasses.astuple(other.figures[name]), abs=1e-6)


@given(builders.songs(), builders.songs())
def test_overlaps_are_symmetric_and_whole_with_itself(one, other):
    first, second = profile(one), profile(other)
    assert first.overlaps(second) == second.overlaps(first)
    assert all(value is None or value == pytest.approx(1) for value in first.overlaps(first).values())
