"""The song's opening, told again."""

import pytest

from nabi.music.encodings import Events, Voices
from nabi.music.vocabulary import START, Vocabulary
from nabi.networks import openings
from nabi.networks.song_memory import LONGEST_RUN, SongMemory
from tests.nabi.networks.recalling import recalled

pytestmark = pytest.mark.slow

VOCABULARY = Vocabulary.from_ordered(list(Voices().required()), {})
MEMORY = SongMemory.of(VOCABULARY, Voices())

PLAN = "meter:4/4 bar:5 key:C-major last:3"
# A song of two voices: an upbeat, a bar, an upbeat.
OPENING = "@3 C5 C4 s:1 bar:4 D5 D4 s:3"


def told(song, *names, encoding=None):
    """What is told after each token, `<start>` left out: ids as tokens, runs as numbers."""
    vocabulary, memory = VOCABULARY, MEMORY
    if encoding:
        vocabulary = Vocabulary.from_ordered(sorted(set(song.split())), {})
        memory = SongMemory.of(vocabulary, encoding)
    parts = recalled(memory, [START, *vocabulary.encode(song.split())])
    columns = [parts[name][1:] for name in names]
    return [[vocabulary.tokens[id_] for id_ in columns[0]], *columns[1:]]


def test_a_song_that_comes_back_to_its_opening_is_told_how_it_goes_on():
    song = f"{PLAN} s:3 {OPENING} @3 C5 C4 s:1 bar:3 D5"
    opening, run = told(song, "opening", "opening_run")
    assert opening[-6:] == ["C5", "C4", "s:1", "bar:4", "D5", "D4"]
    assert run[-6:] == [1, 2, 3, 4, 5, 6]


def test_the_opening_begins_with_the_slice_of_the_first_note_whatever_silence_stands_before():
    for before in (f"{PLAN} s:3", f"{PLAN} s:1 @1 s:2", "bar:5 s:3"):
        assert told(f"{before} @3 C5", "opening")[0][-1] == "@3"
    opening, run = told(f"{PLAN} C5 s:4 bar:4 C5 s:4", "opening", "opening_run")
    # Bars agree, whatever their numbers; the plan stands between the first and its note, and is no part.
    assert opening[4:] == ["bar:5", "bar:5", "C5", "s:4", "bar:4"]
    assert run[4:] == [0, 0, 1, 2, 3]


def test_nothing_is_told_before_the_first_note():
    assert told(f"{PLAN} s:3 @3", "opening", "opening_run") == [["<pad>"] * 6, [0] * 6]


def test_another_note_halves_the_run_and_the_reader_goes_on():
    opening, run, longest = told(
        f"{PLAN} s:3 {OPENING} {OPENING.replace('D5', 'E5')}", "opening", "opening_run", "longest_opening_run"
    )
    assert opening[-3:] == ["D4", "s:3", "@3"]
    assert run[-4:] == [5, 2, 3, 4]
    assert longest[-4:] == [5, 5, 5, 5]


def test_one_token_more_or_less_ends_the_run():
    opening, run = told(f"{PLAN} s:3 {OPENING} @3 C5 C4 G3 s:1", "opening", "opening_run")
    assert run[-5:] == [1, 2, 3, 0, 0]
    assert opening[-2:] == ["@3", "@3"]


@pytest.mark.parametrize("silence", ["", "s:2 "])
def test_openings_of_other_encodings_begin_with_their_first_note(silence):
    phrase = "C4 d:1 s:1 D4 d:1 s:1"
    opening, run = told(f"{silence}{phrase} {phrase}", "opening", "opening_run", encoding=Events())
    assert opening[-6:] == ["d:1", "s:1", "D4", "d:1", "s:1", "C4"]
    assert run[-6:] == [1, 2, 3, 4, 5, 6]


def test_the_first_bars_number_is_told():
    assert told(f"{PLAN} s:3 {OPENING}", "first_bar")[0] == ["<pad>"] + ["bar:5"] * 12


def test_runs_are_counted_up_to_the_longest_and_the_opening_is_remembered_up_to_its_length():
    notes = [token for token in VOCABULARY.tokens if not token.startswith(("<", "~", "s:", "@", "bar:"))][:100]
    tune = " ".join(f"bar:1 {note} s:4" for note in notes)
    opening, run = (column[300:] for column in told(f"{tune} {tune}", "opening", "opening_run"))
    assert run[:4] == [1, 2, 3, 4]
    assert run[30:255] == [LONGEST_RUN] * 225
    assert openings.OPENING == 256
    # Token 255 is a bar's number, and the last that is remembered.
    assert opening[253:256] == ["s:4", "bar:1", "<pad>"]


def test_bar_numbers_leave_runs_as_they_are():
    song = "bar:9 C5 s:1 @1 D5 s:3 bar:8 C5 s:1 @1 D5 s:3 bar:7 C5"
    assert told(song, "continuation", "run")[1][6:] == [0, 1, 2, 3, 4, 5, 5, 6]
