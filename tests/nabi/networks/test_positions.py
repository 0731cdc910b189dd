"""Where a song is, told beside its tokens."""

import pytest

from nabi.music.encodings import Events, Voices
from nabi.music.vocabulary import START, Vocabulary
from nabi.networks.song_memory import SongMemory
from tests.nabi.networks.recalling import recalled

pytestmark = pytest.mark.slow


def told(song, name, encoding):
    """What is told after each token, `<start>` left out."""
    vocabulary = Vocabulary.from_ordered(sorted(set(song.split())), {})
    memory = SongMemory.of(vocabulary, encoding)
    return recalled(memory, [START, *vocabulary.encode(song.split())])[name][1:]


# Two bars of 3/4, the second of two quarter notes, after an upbeat's silence.
SONG = "meter:3/4 bar:2 key:C-major last:2 s:1 @1 C5 C4 s:1/2 @3/2 ~C5 D4 s:3/2 bar:1 ~C5 D4 s:2"


def test_the_place_in_the_bar_is_told_from_one_on_and_the_bar_line_begins_it_again():
    assert told(SONG, "place", Voices()) == [1] * 4 + [13] * 4 + [19] * 4 + [1] * 4 + [25]


def test_the_rest_of_the_song_is_told_where_tokens_say_how_long_it_is():
    # Until the last bar's length is read it counts as a whole one.
    assert told(SONG, "left", Voices()) == [0, 73, 73, 61, *[49] * 4, *[43] * 4, *[25] * 4, 1]
    assert told("meter:3/4 C5 s:1", "left", Voices()) == [0, 0, 0]


def test_what_is_far_from_the_end_is_told_in_whole_quarter_notes():
    # 12 quarter notes, then 11 3/4, and from 8 on in twelfths.
    assert told("bar:3 s:1/4 bar:3 last:1/2 s:2 s:1/4", "left", Voices()) == [101, 100, 101, 97, 79, 76]
    assert told("bar:64 s:4 bar:5 bar:17", "left", Voices()) == [153, 153, 109, 153]


def test_a_phrase_is_told_how_many_before_it_came_back_in_a_row():
    song = "bar:9 phrase:1 C4 s:1 @1 phrase:1 C4 s:1 @2 again:2 C4 s:1 @3 again:2 C4 s:1 bar:8 phrase:1 C4"
    assert told(song, "back", Voices()) == [0] * 9 + [2] * 8 + [0, 0]
    assert told(song, "returns", Voices()) == [0] * 9 + [1, 1, 1, 1, 2, 2, 2, 2, 0, 0]


def test_more_than_32_returns_count_as_32():
    song = "bar:64 phrase:1 C4 s:1 @1 " + "again:1 C4 s:1 @1 " * 40
    assert max(told(song, "returns", Voices())) == 32


def test_phrases_that_come_back_from_elsewhere_are_counted_anew():
    song = "bar:9 phrase:1 C4 s:1 @1 phrase:1 C4 s:1 @2 again:2 C4 s:1 @3 again:1 C4 s:1 bar:8"
    assert told(song, "returns", Voices())[-5:] == [1, 1, 1, 1, 1]


def test_a_voice_is_told_for_how_long_its_last_note_has_sounded():
    # C5 is struck for half a quarter note, then held for 3/2; C4 and D4 are each struck once before what is told.
    assert told(SONG, "sounded", Voices()) == [0] * 9 + [6, 6, 0, 0, 24, 18, 0, 0]


def test_a_song_without_bars_is_told_its_place_in_common_time():
    assert told("C4 d:1 s:3 C4 d:1 s:3", "place", Events()) == [1, 1, 37, 37, 37, 25]


def test_the_parts_of_a_quarter_note_are_those_of_every_grid():
    assert told("C4 d:1 s:1/8 C4", "place", Events(divisors=(8, 6))) == [1, 1, 2, 2]


def test_the_rest_of_a_phrase_is_told_where_tokens_say_its_length():
    phrases = "bar:2 phrase:1 phrase:1/2 C4 s:1 @1 C4 s:1/2 @3/2 C4 s:1/2 @2 phrase:2 C4 s:2"
    assert told(phrases, "phrase", Voices()) == [0, 13, 19, 19, 7, 7, 7, 0, 0, 0, 0, 0, 25, 25, 0]


def test_a_phrase_that_comes_back_is_as_long_as_it_was():
    song = "bar:3 phrase:2 C4 s:2 @2 phrase:1 phrase:1/2 C4 s:3/2 @7/2 again:2 C4 s:1/2"
    assert told(song, "phrase", Voices())[-4:] == [0, 25, 25, 19]
    assert told(song, "begun", Voices()) == [0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3]
    twice = "bar:3 phrase:2 C4 s:2 @2 phrase:1 C4 s:1 @3 again:2 C4 s:1 bar:2 ~C4 s:1 @1 again:2"
    assert told(twice, "phrase", Voices())[-1] == 13


def test_the_rest_of_the_song_beyond_the_phrase_is_told():
    song = "meter:3/4 bar:2 last:3 phrase:4 C4 s:3 bar:1 ~C4 s:1 @1 phrase:2 C4 s:2"
    assert told(song, "beyond", Voices()) == [0, 0, 0, 25, 25, 25, 25, 25, 0, 0, 1, 1, 0]


def test_the_length_of_a_phrase_takes_no_place_among_the_voices():
    phrases = "bar:1 phrase:1 C5 C4 s:1 @1 phrase:2 C5"
    assert told(phrases, "sounded", Voices())[-2:] == [12, 12]


def test_the_notes_of_a_slice_are_counted_beside_those_of_the_first_one():
    counted = "bar:1 s:1 @1 C5 G4 E4 s:1 @2 C5 C4 s:1"
    assert told(counted, "voice", Voices()) == [1, 1, 1, 2, 3, 4, 1, 1, 2, 3, 1]
    assert told(counted, "voices", Voices()) == [0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 3]
