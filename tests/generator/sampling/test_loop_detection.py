import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.sampling.loop_detection import LEAST_NOTES, LEAST_QUARTERS, looping
from generator.sampling.token_content import TokenContents

NOTES = TokenContents(np.array([0] * 4 + [1] * 6 + [0] * 2), np.zeros(12, np.int64))
IN_BARS = TokenContents(np.array([0] * 4 + [1] * 6 + [0] * 4), np.zeros(14, np.int64), bars=(10, 11, 12, 13))


@pytest.mark.parametrize(
    ("tokens", "repeated"),
    [
        ([4, 5, 6] * 8, 21),
        ([9, 8, 7, *[4, 5, 6] * 8], 21),
        ([4, 5, 6] * 8 + [4], 22),
        ([4, 5, 6] * 8 + [7], 0),
        ([4, 5, 6] * 7, 0),
        ([4] * 24, 23),
        ([4, 5] * 6 + [6, 7] * 11 + [6, 8], 0),
    ],
)
def test_a_phrase_that_comes_again_and_again_is_a_loop(tokens, repeated):
    assert looping(np.array(tokens), NOTES, 4) == repeated


def test_a_long_phrase_has_to_come_so_often():
    phrase = [4, 5, 6, 7, 8, 9, 4, 4, 5, 5, 6, 6]
    assert looping(np.array(phrase * 3), NOTES, 4) == 0
    assert looping(np.array(phrase * 4), NOTES, 4) == 36


def test_a_phrase_that_comes_again_in_other_bars_is_a_loop():
    tokens = [token for bar in (13, 12, 11, 10) for token in (bar, 4, 5, 6, 7, 8, 9)]
    assert looping(np.array(tokens), dataclasses.replace(IN_BARS, bars=()), 4) == 0
    assert looping(np.array(tokens), IN_BARS, 4) == 21


def test_rests_and_shifts_are_no_notes():
    assert looping(np.array([10, 11] * 50), NOTES, 4) == 0
    assert looping(np.array([4, 10, 11] * (LEAST_NOTES - 1)), NOTES, 4) == 0
    assert looping(np.array([4, 10, 11] * LEAST_NOTES), NOTES, 4) == 3 * (LEAST_NOTES - 1)


@given(st.lists(st.integers(4, 9), min_size=1, max_size=20), st.lists(st.integers(4, 9), max_size=9), st.integers(2, 6))
def test_every_planted_loop_is_found_and_cut_to_one_phrase(phrase, before, repeats):
    song = np.array(before + phrase * max(repeats, -(-LEAST_NOTES // len(phrase))))
    repeated = looping(song, NOTES, repeats)
    assert repeated >= len(phrase) * (repeats - 1)
    kept = song[: len(song) - repeated]
    shortest = next(p for p in range(1, len(song)) if np.array_equal(song[-repeated:], song[-repeated - p : -p]))
    assert np.array_equal(np.resize(kept[-shortest:], repeated), song[-repeated:])


def test_a_loop_that_takes_time_has_to_last():
    quarter = TokenContents(NOTES.notes_V, np.array([0] * 10 + [12, 1]))
    quarters = LEAST_QUARTERS
    # As an encoding that tells held notes again at each step would: a chord of 4 notes, held.
    held = [4, 5, 6, 7, 10]
    assert looping(np.array(held * (quarters - 1)), quarter, 4) == 0
    assert looping(np.array(held * quarters), quarter, 4) == 5 * (quarters - 1)
    assert looping(np.array([4, 5, 6, 7, 11] * quarters), quarter, 4) == 0
    fine = TokenContents(NOTES.notes_V, 10 * quarter.ticks_V, ticks_per_quarter=120)
    assert looping(np.array(held * (quarters - 1)), fine, 4) == 0
    assert looping(np.array(held * quarters), fine, 4) == 5 * (quarters - 1)
