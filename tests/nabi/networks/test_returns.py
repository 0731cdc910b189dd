"""What is told of a phrase that a song says it comes back to."""

import pytest

from nabi.music.encodings import Voices
from nabi.music.vocabulary import START, Vocabulary
from nabi.networks.song_memory import SongMemory
from tests.nabi.networks.recalling import recalled

pytestmark = pytest.mark.slow


def returned(song):
    """The token that is told after each, "" for none; `<start>` left out."""
    vocabulary = Vocabulary.from_ordered(sorted(set(song.split())), {})
    memory = SongMemory.of(vocabulary, Voices())
    told = recalled(memory, [START, *vocabulary.encode(song.split())])["returned"][1:]
    return ["" if token == 0 else vocabulary.tokens[token] for token in told]


FIRST = "phrase:1 phrase:1/2 cadence:C4 cadence:C4 C4 s:1 bar:2 ~C4 s:1/2"
SECOND = "@1/2 phrase:3 cadence:D4 cadence:D4 D4 s:3"


def test_the_phrase_is_told_token_by_token_up_to_the_next_one():
    third = "@1/2 again:2 C4 s:1 bar:1 ~C4 s:1/2 @1 phrase:1 cadence:E4"
    told = returned(f"bar:3 {FIRST} {SECOND} {third}")
    before = len(f"bar:3 {FIRST} {SECOND}".split())
    assert set(told[:before]) == {""}
    # After the last length stands what followed it: the place of the phrase after.
    assert told[before:] == ["", "C4", "s:1", "bar:2", "~C4", "s:1/2", "@1/2", "phrase:3", "", ""]


def test_of_two_phrases_back_the_one_that_is_named_is_told():
    assert returned(f"bar:3 {FIRST} {SECOND} @1/2 again:1")[-1] == "D4"
    assert returned(f"bar:3 {FIRST} {SECOND} @1/2 again:2")[-1] == "C4"
    assert returned(f"bar:3 {FIRST} {SECOND} @1/2 again:3")[-1] == ""


def test_one_that_comes_back_may_come_back_again():
    again = "@1/2 again:2 C4 s:1 bar:1 ~C4 s:1/2 @1 again:2 D4 s:3 @1/2 again:2"
    assert returned(f"bar:3 {FIRST} {SECOND} {again}")[-5:] == ["D4", "s:3", "@1/2", "again:2", "C4"]


def test_tokens_of_a_plan_between_do_not_count():
    assert returned(f"bar:3 {FIRST} {SECOND} @1/2 again:1 cadence:D4 cadence:D4 D4")[-4:] == ["D4"] * 3 + ["s:3"]
