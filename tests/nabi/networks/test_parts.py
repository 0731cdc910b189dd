"""The memory tells each part of a band its own past: its last chord, and what stood there some bars ago."""

import numpy as np
import pytest

from nabi.music.band import Instrument
from nabi.music.encodings import Bands, Voices
from nabi.music.song import Song
from nabi.music.vocabulary import START, Vocabulary
from nabi.networks.song_memory import SongMemory
from tests.nabi.networks.recalling import recalled

pytestmark = pytest.mark.slow

ENCODING = Bands(velocity_steps=0)
VOCABULARY = Vocabulary.from_ordered(sorted(ENCODING.required()), {})
MEMORY = SongMemory.of(VOCABULARY, ENCODING)
TRIO = [Instrument("Piano", 0), Instrument("Bass", 33), Instrument("Drums", 0, is_drums=True)]


def told_after(tokens, name):
    """What is told of a name after `<start>` and after each token, as tokens; "" where nothing is."""
    ids = recalled(MEMORY, [START, *VOCABULARY.encode(tokens).tolist()])[name]
    return [VOCABULARY.tokens[number] if number else "" for number in ids]


BARS = [
    *(
        "bar:3",
        "part:0",
        "part:33",
        "part:drums",
        "program:0",
        "C5",
        "d:1",
        "program:33",
        "C2",
        "d:4",
        "drum:36",
        "s:4",
    ),
    *("bar:2", "program:0", "D5", "d:1", "A4", "d:1", "program:33", "D2", "d:4", "drum:38", "s:4"),
    *("bar:1", "program:0", "E5", "d:1", "program:33", "E2", "d:4"),
]


def after(name, bar):
    """What is told after each token of a bar, the last one counted from its number on."""
    first = BARS.index(f"bar:{bar}")
    return list(zip(BARS[first:], told_after(BARS, name)[first + 1 :], strict=False))


def test_a_place_of_a_part_is_told_what_came_after_it_a_bar_ago():
    assert after("bars_ago_1", 2) == [
        ("bar:2", "part:0"), ("program:0", "C5"), ("D5", "d:1"), ("d:1", "program:33"),
        # The bar before had no second note; the bass comes in with its own past.
        ("A4", ""), ("d:1", ""), ("program:33", "C2"), ("D2", "d:4"), ("d:4", "drum:36"), ("drum:38", "s:4"),
        ("s:4", "bar:2"), ("bar:1", "program:0"), ("program:0", "D5"), ("E5", "d:1"), ("d:1", "A4"),
        ("program:33", "D2"), ("E2", "d:4"), ("d:4", "drum:38"),
    ]  # fmt: skip


def test_a_place_is_told_what_came_after_it_two_bars_ago():
    assert [told for _, told in after("bars_ago_2", 1)] == ["part:0", "C5", "d:1", "program:33", "C2", "d:4", "drum:36"]
    assert set(told_after(BARS, "bars_ago_4")) == {""}


def test_nothing_is_told_of_a_bar_whose_length_is_another():
    changed = ["meter:3/4", *BARS[:12], "bar:2", "program:0", "D5"]
    assert set(told_after(changed, "bars_ago_1")[-3:]) == {""}


def test_a_note_is_told_the_note_at_its_place_of_its_part_s_last_chord():
    # Where no program is said yet the bass would go on.
    assert [told for _, told in after("aligned", 1)] == ["D2", "D5", "A4", "A4", "D2", "", ""]


def test_the_next_of_the_parts_that_the_song_lists_is_told():
    assert [told for _, told in after("next_part", 2)][:10] == [
        "part:0", *["part:33"] * 5, *["part:drums"] * 3, "",
    ]  # fmt: skip


def test_where_no_program_is_said_the_last_one_plays_though_drums_came_between():
    tokens = ["bar:2", "program:33", "C2", "d:4", "drum:36", "s:4", "bar:1", "D2", "d:4", "drum:36", "s:4"]
    assert told_after(tokens, "bars_ago_1")[8:] == ["d:4", "drum:36", "s:4", "bar:1"]


def test_an_encoding_without_parts_has_no_such_memory():
    voices = Vocabulary.from_ordered(sorted(Voices().required()), {})
    memory = SongMemory.of(voices, Voices())
    assert not memory.has_parts
    assert "next_part" not in memory.names
    assert len(memory.sizes) == len(MEMORY.sizes) - 6


def test_the_told_stay_within_a_vocabulary_for_any_band():
    rng = np.random.default_rng(1)
    count = 60
    song = Song.from_parts(
        np.sort(rng.integers(0, 400, count)), rng.integers(1, 60, count), rng.integers(30, 90, count),
        rng.integers(0, 3, count), [90] * count, instruments=TRIO,
    )  # fmt: skip
    told = recalled(MEMORY, [START, *VOCABULARY.encode(ENCODING.encode(song)).tolist()])
    assert max(map(max, told.values())) < len(VOCABULARY)
    assert any(told["bars_ago_1"])
