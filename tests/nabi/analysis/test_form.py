import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nabi.analysis.form import FIGURES, figures, is_triad
from nabi.analysis.slices import Slices
from nabi.music.about import About
from nabi.music.keys import find_key
from tests import builders
from tests.nabi.analysis.chords import chords

C, F, G = (48, 60, 64, 67), (53, 60, 65, 69), (43, 59, 62, 67)
CADENCE = chords((1, *C), (1, *F), (1, *G), (1, *C))
# The same up to its end in B major.
FAR = chords(*[(4, *C), (4, *F), (4, *G), (4, *C)], *[(4, *(pitch - 1 for pitch in chord)) for chord in (C, F, G, C)])


def measured(song):
    return {name: figure.value for name, figure in figures(song, find_key(song)).items()}


def test_a_cadence():
    assert find_key(CADENCE).name == "C major"
    assert measured(CADENCE) == {
        "parallel_fifths": 0,
        "parallel_octaves": 0,
        "top_voice_steps": 100,
        "usual_polyphony": 100,
        "duration_entropy": 0,
        "held_chords": 0,
        "recurrence": 0,
        "key_kept": 100,
        "ends_on_triad": 100,
        "ends_on_tonic": 100,
        "ends_v_i": 100,
        "major": 100,
    }


def test_a_song_without_notes_has_no_figures():
    assert figures(builders.song(), None) == {}


def test_a_song_without_a_key_has_no_tonic():
    chromatic = chords((1, *range(60, 72)))
    assert find_key(chromatic) is None
    found = measured(chromatic)
    assert {"ends_on_tonic", "major"} & set(found) == set()
    assert found["key_kept"] == 0


@pytest.mark.parametrize(
    ("meter", "percentage"),
    # The held chords begin at the quarter notes 0, 4 and 9.
    [("4/4", 50), (None, 50), ("5/4", 50), ("1/4", 100), ("3/4", 0), ("6/8", 0), ("2/2", 50), ("8/16", 50)],
)
def test_held_chords_and_their_distance_in_bars(meter, percentage):
    song = chords(*((quarters, 60, 64) for quarters in (2, 1, 1, 4, 1, 3)))
    found = figures(dataclasses.replace(song, about=About(time_signature=meter)), None)
    assert found["held_chords"].value == 16 * 3 / 12
    assert found["held_chords_on_bars"] == (percentage, 2)


def test_a_slice_is_held_until_the_next_onset():
    # Two notes of a quarter note, two quarter notes apart.
    assert measured(builders.song((0, 12, 60), (24, 12, 60)))["held_chords"] == 16 * 1 / 3


def test_a_top_voice_by_step():
    # Up by a tone, a repetition, up by a third, down by a semitone.
    assert measured(chords((1, 60), (1, 62), (1, 62), (1, 65), (1, 64)))["top_voice_steps"] == 75


def test_the_usual_number_of_notes_is_the_one_that_sounds_longest():
    song = chords((1, 60), (1, 62), (3, 60, 64, 67), (1, 60, 64))
    assert measured(song)["usual_polyphony"] == 50


def test_durations_of_two_lengths():
    assert measured(chords((1, 60), (2, 62), (1, 60), (2, 62)))["duration_entropy"] == 1


def test_a_song_that_ends_in_another_key():
    assert (measured(CADENCE)["key_kept"], measured(FAR)["key_kept"]) == (100, 0)
    # The first and the last 16 quarter notes of 17 overlap.
    assert measured(chords((1, 67), (4, *C), (4, *F), (4, *G), (4, *C)))["key_kept"] == 100


@pytest.mark.parametrize(
    ("last", "triad", "tonic", "v_i"),
    [
        (C, 100, 100, 100),
        # In root position and in first inversion: the bass falls by a third, and rises by a sixth.
        ((52, 60, 67), 100, 0, 0),
        ((36, 60, 67), 100, 100, 100),
        ((48, 60), 0, 100, 100),
        ((48, 58, 64, 67), 0, 100, 100),
        ((45, 60, 64), 100, 0, 0),
    ],
)
def test_endings(last, triad, tonic, v_i):
    song = chords((4, *C), (4, *F), (4, *G), (1, *last))
    found = {name: figure.value for name, figure in figures(song, find_key(CADENCE)).items()}
    assert (found["ends_on_triad"], found["ends_on_tonic"], found["ends_v_i"]) == (triad, tonic, v_i)


def test_the_last_chord_is_what_ends_with_the_song():
    # The upper notes lie already when the bass steps from G to C, and D has ended.
    song = builders.song((0, 36, 64), (0, 36, 67), (0, 24, 43), (12, 12, 62), (24, 12, 48))
    found = measured(song)
    assert (found["ends_on_triad"], found["ends_v_i"]) == (100, 100)
    assert measured(builders.song((0, 12, 60)))["ends_v_i"] == 0


@pytest.mark.parametrize(
    ("pitches", "verdict"),
    [
        ([60, 64, 67], True), ([60, 63, 67], True), ([40, 67, 72], True), ([60, 67, 79], True), ([60, 63], True),
        ([60], False), ([60, 72], False), ([60, 62], False), ([60, 63, 66], False), ([60, 64, 68], False), ([], False),
    ],
)  # fmt: skip
def test_triads(pitches, verdict):
    assert is_triad(pitches) is verdict


@given(builders.songs(), st.integers(1, 5))
def test_bars_of_silence_before_a_song_change_nothing(song, bars):
    start, duration, pitch = song.notes()
    assert measured(song.with_notes(start + 48 * bars, duration, pitch)) == measured(song)


@given(builders.songs())
def test_figures_are_those_of_their_definition(song):
    found, slices = measured(song), Slices.of(song)
    assert set(found) <= set(FIGURES)
    counts = dict.fromkeys(slices.count.tolist(), 0)
    for count, length in zip(slices.count.tolist(), slices.length.tolist(), strict=True):
        counts[count] += length
    assert found["usual_polyphony"] == pytest.approx(100 * max(counts.values()) / sum(counts.values()))
    assert all(0 <= found[name] <= 100 for name in found if name not in ("parallel_fifths", "parallel_octaves"))
    last = [pitch for start, length, pitch in builders.notes_of(song) if start + length == song.end]
    assert found["ends_on_triad"] == 100 * is_triad(last)
