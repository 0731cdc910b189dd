import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.music.about import About
from nabi.music.canonical_form import MAX_TICKS
from nabi.music.silence import shorten
from tests.builders import notes_of, song, songs

QUARTER = 12


def quarters(*notes):
    return song(*((QUARTER * start, QUARTER * duration, pitch) for start, duration, pitch in notes))


def test_a_longer_silence_is_shortened_to_the_limit_and_said():
    short = shorten(quarters((0, 1, 60), (4001, 1, 62)), 32)
    assert notes_of(short) == [(0, 12, 60), (33 * QUARTER, 12, 62)]
    assert short.about.shortened_quarters == 3968


def test_silence_at_the_start_is_silence():
    assert notes_of(shorten(quarters((100, 1, 60)), 32)) == [(32 * QUARTER, 12, 60)]


def test_a_chord_held_on_and_on_is_shortened_and_a_drone_under_a_tune_is_not():
    assert notes_of(shorten(quarters((0, 1000, 48)), 32)) == [(0, 32 * QUARTER, 48)]
    tune = quarters((0, 100, 48), *((4 * bar, 4, 60) for bar in range(25)))
    assert shorten(tune, 32) is tune


@pytest.mark.parametrize(("signature", "place"), [(None, 31), ("4/4", 31), ("3/4", 33), ("64/4", 34)])
def test_whole_bars_are_taken_out_or_quarters_where_a_bar_is_longer(signature, place):
    music = quarters((0, 2, 60), (99, 1, 62))
    music = dataclasses.replace(music, about=About(time_signature=signature))
    assert shorten(music, 32).start.tolist() == [0, place * QUARTER]


def test_phrases_end_where_they_did_among_the_notes():
    music = quarters((0, 1, 60), (2, 1, 60), (203, 1, 62), (204, 2, 62))
    ends = tuple(QUARTER * end for end in (1, 3, 150, 204, 206, 300))
    music = dataclasses.replace(music, about=About(phrase_ends=ends))
    # 42 bars go; an end within the silence does not pass the note after it.
    assert shorten(music, 32).start.tolist() == [0, 2 * QUARTER, 35 * QUARTER, 36 * QUARTER]
    assert shorten(music, 32).about.phrase_ends == tuple(QUARTER * end for end in (1, 3, 35, 36, 38, 132))


@given(songs(), st.integers(1, 12))
def test_nothing_is_lost_but_time(music, most):
    short = shorten(music, most)
    assert short.pitches.tolist() == music.pitches.tolist()
    assert short.end + round(short.about.shortened_quarters * QUARTER) == music.end
    changes = sorted({0, *(tick for start, length, _ in notes_of(short) for tick in (start, start + length))})
    assert max(b - a for a, b in itertools.pairwise(changes)) <= most * QUARTER
    assert shorten(short, most) is short


def test_the_longest_song_that_there_can_be_is_shortened():
    longest = song((0, 1, 60), (MAX_TICKS // 2, MAX_TICKS // 2, 62))
    assert shorten(longest, 1).end <= 3 * QUARTER
