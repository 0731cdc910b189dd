"""The tokens that carry a song's form on."""

import pytest

from nabi.music.encodings import Voices
from nabi.music.vocabulary import START, Vocabulary
from nabi.networks.song_memory import SongMemory
from tests.nabi.networks.recalling import recalled

pytestmark = pytest.mark.slow


def told(song, name):
    """The token that is told after each, "" for none; `<start>` left out."""
    vocabulary = Vocabulary.from_ordered(sorted({*song.split(), *Voices().required()}), {})
    ids = recalled(SongMemory.of(vocabulary, Voices()), [START, *vocabulary.encode(song.split())])[name][1:]
    return ["" if token == 0 else vocabulary.tokens[token] for token in ids]


AAB = (
    "bar:4 last:1 phrase:2 C4 s:2 @2 phrase:2 D4 s:2 bar:3 again:2 C4 s:2 @2 again:2 D4 s:2 bar:2 phrase:4 C4 s:4 bar:1"
)


def test_phrases_come_back_from_the_first_one_on_until_all_of_them_did():
    onward = {at: token for at, token in enumerate(told(AAB, "onward")) if token}
    # After the length before each phrase that may begin, and its place.
    expected = {4: "again:1", 5: "again:1", 8: "again:2", 9: "again:2", 12: "again:2", 13: "again:2"}
    assert onward == expected | {20: "again:5", 21: "again:5"}


def test_a_phrase_may_reach_the_end_in_one_token():
    closing = {at: token for at, token in enumerate(told(AAB, "closing")) if token}
    assert closing == {
        0: "phrase:16", 1: "phrase:13", 4: "phrase:11", 5: "phrase:11", 8: "phrase:9", 9: "phrase:9", 12: "phrase:7",
        13: "phrase:7", 16: "phrase:5", 17: "phrase:5", 20: "phrase:1", 21: "phrase:1",
    }  # fmt: skip


def test_no_token_is_told_that_there_is_not():
    assert set(told("C4 s:1 @1 C4 s:1", "onward") + told("C4 s:1 @1 C4 s:1", "closing")) == {""}
    assert told("bar:9 s:1/4 @1/4", "closing") == ["", "", ""]
    assert told("bar:64 C4", "closing") == ["", ""]
    # 5 1/2 quarter notes.
    assert told("bar:2 last:3/2", "closing") == ["phrase:8", ""]


def test_the_longest_phrase_and_the_furthest_return_are_told():
    assert told("bar:8 C4", "closing") == ["phrase:32", "phrase:32"]
    one = "phrase:1 C4 s:1 @1 "
    assert told("bar:9 " + one * 16, "onward")[-1] == "again:16"
    assert told("bar:9 " + one * 17, "onward")[-1] == ""
