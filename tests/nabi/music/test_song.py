import pickle

import pytest
from hypothesis import given

from nabi.music.about import About
from nabi.music.song import Event, Song
from tests.builders import notes_of, song, songs


def test_notes_of_equal_start_and_duration_are_one_event():
    assert list(song((0, 12, 67), (0, 12, 60), (0, 6, 64))) == [Event(0, (60, 67), 12), Event(0, (64,), 6)]


def test_pitch_struck_while_it_sounds_ends_its_earlier_note_which_leaves_its_chord():
    music = song((0, 24, 60), (0, 24, 64), (12, 12, 60))
    assert list(music) == [Event(0, (60,), 12), Event(0, (64,), 24), Event(12, (60,), 12)]


def test_of_the_same_pitch_twice_at_one_start_the_longer_stays():
    assert list(song((0, 3, 60), (0, 9, 60), (0, 6, 60))) == [Event(0, (60,), 9)]


def test_duration_is_at_least_one_tick_and_leading_silence_is_kept():
    assert list(song((7, 0, 60))) == [Event(7, (60,), 1)]


def test_events_of_one_start_are_sorted_by_pitch():
    assert [event.pitches for event in song((0, 1, 70), (0, 2, 50), (0, 3, 60))] == [(50,), (60,), (70,)]


def test_songs_differ_by_what_they_are_about():
    assert Song.from_notes([0], [1], [60], About("a")) != Song.from_notes([0], [1], [60], About("b"))


@pytest.mark.parametrize(("note", "message"), [((0, 1, 128), "pitch 128"), ((-1, 1, 60), "start -1")])
def test_value_outside_its_range_is_named(note, message):
    with pytest.raises(ValueError, match=message):
        song(note)


def test_bytes_give_back_what_a_song_is_about():
    about = About("a", alternatives=("Violin (40)", "Flute (73)"))
    assert Song.from_bytes(Song.from_notes([0], [1], [60], about).to_bytes()).about == about


def test_a_tune_of_a_file_without_a_hash_has_none():
    assert About("a.abc").of_tune("7") == About("a.abc#7")
    assert About("a.abc", "f00d").of_tune("7") == About("a.abc#7", "f00d#7")


def test_bytes_and_transposition_keep_the_grid():
    fine = song((0, 1, 60), ticks_per_quarter=120)
    assert fine != song((0, 1, 60))
    assert Song.from_bytes(fine.to_bytes()) == fine
    assert fine.transpose(2) == song((0, 1, 62), ticks_per_quarter=120)


def test_transpose_moves_the_key_signature():
    tune = Song.from_notes([0], [1], [60], About(key_signature="D minor"))
    assert tune.transpose(2) == Song.from_notes([0], [1], [62], About(key_signature="E minor"))
    assert tune.transpose(-12).about.key_signature == "D minor"


def test_transpose_moves_every_pitch_and_refuses_to_leave_the_range():
    assert notes_of(song((0, 1, 60), (0, 1, 64)).transpose(-2)) == [(0, 1, 58), (0, 1, 62)]
    with pytest.raises(ValueError, match="pitch 128"):
        song((0, 1, 127)).transpose(1)


def test_end_is_where_the_last_note_ends():
    assert song((0, 100, 60), (50, 10, 62)).end == 100
    assert song().end == 0


@pytest.mark.parametrize("data", [b"", b"NSg3", b"x" * 40])
def test_bytes_that_are_no_song_are_refused(data):
    with pytest.raises(ValueError, match="song"):
        Song.from_bytes(data)


@given(songs())
def test_bytes_and_pickles_give_the_song_back(music):
    assert Song.from_bytes(music.to_bytes()) == music
    assert pickle.loads(pickle.dumps(music)) == music


@given(songs())
def test_canonical_form_is_a_function_of_the_notes(music):
    notes = notes_of(music)
    assert song(*reversed(notes)) == music
    assert Song.from_events(music) == music


@given(songs())
def test_no_pitch_sounds_twice_at_once(music):
    ends: dict[int, int] = {}
    for start, duration, pitch in sorted(notes_of(music)):
        assert start >= ends.get(pitch, 0)
        ends[pitch] = start + duration
