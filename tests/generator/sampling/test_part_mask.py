"""Under the mask of parts a band is said before it plays, and the parts that are asked for come in."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings

from generator.sampling.part_list_mask import PartListMask
from generator.sampling.part_mask import PartMask
from generator.sampling.part_tables import PartTables
from nabi.music.encodings import Bands
from nabi.music.note_names import PITCH_NAMES
from nabi.music.vocabulary import START
from tests.builders import bands
from tests.generator.models import vocabulary_of

pytestmark = pytest.mark.slow

VOCABULARY = vocabulary_of(Bands())
VOCABULARY_PART = {token: Bands().part(token) for token in VOCABULARY.tokens if Bands().part(token) >= 0}


def may_follow(text, asked=(), ranges=None):
    """The tokens that may come after `<start>` and the tokens of a text."""
    *_, may = allowed(text.split(), PartTables.of(VOCABULARY, Bands(), ranges or {}, asked))
    return {token for token, is_free in zip(VOCABULARY.tokens, may, strict=True) if is_free}


def may_be_listed(text, asked=()):
    """The parts that may be listed after a text, and whether music may begin."""
    may = may_follow(text, asked)
    return {VOCABULARY_PART[token] for token in may & set(VOCABULARY_PART)}, "program:40" in may


def allowed(tokens, tables):
    """Yields the ids that may come after `<start>` and after each of the tokens, bool [V]."""
    masks = [PartListMask(tables), PartMask(tables)]
    memories = [mask.initial(1) for mask in masks]
    for token in (START, *VOCABULARY.encode(tokens).tolist()):
        memories = [mask.update(memory, tf.constant([token])) for mask, memory in zip(masks, memories, strict=True)]
        logits = tf.zeros([1, len(VOCABULARY)])
        for mask, memory in zip(masks, memories, strict=True):
            logits = mask.apply(logits, memory)
        yield np.isfinite(logits[0].numpy())


def no_drums(player):
    return not player.is_drums


def programs(tokens):
    return {token for token in tokens if token.startswith("program:")}


def test_who_plays_is_said_before_the_first_note_but_drums_are_drums():
    before, after = may_follow("bar:2"), may_follow("bar:2 program:40")
    assert not before & set(PITCH_NAMES)
    assert {"drum:36", "velocity:3", "program:0", "s:1"} <= before
    assert set(PITCH_NAMES) <= after


def test_a_part_stays_in_its_range_whichever_part_played_before():
    ranges = {33: (28, 30), 40: (55, 57)}
    notes = [may_follow(text, ranges=ranges) & set(PITCH_NAMES) for text in (
        "bar:2 program:33", "bar:2 program:33 E1 d:1 program:40", "bar:2 program:40 G3 d:1 s:1 @1", "bar:2 program:0",
    )]  # fmt: skip
    assert notes == [{"E1", "F1", "F#1"}, {"G3", "G#3", "A3"}, {"G3", "G#3", "A3"}, set(PITCH_NAMES)]


def test_without_drums_a_velocity_waits_for_somebody_who_plays():
    *_, before = allowed(["bar:2"], PartTables.of(VOCABULARY, Bands(), {}, may_have=no_drums))
    *_, after = allowed(["bar:2", "program:3"], PartTables.of(VOCABULARY, Bands(), {}, may_have=no_drums))
    velocity = VOCABULARY.encode(["velocity:3"])[0]
    assert (before[velocity], after[velocity]) == (False, True)


def test_parts_are_listed_in_their_order():
    assert may_be_listed("bar:2") == (set(range(129)), True)
    assert may_be_listed("bar:2 last:4 part:40") == (set(range(41, 129)), True)
    assert may_be_listed("bar:2 last:4 part:40 part:drums") == (set(), True)


def test_no_part_is_listed_behind_one_that_is_asked_for_and_missing():
    assert may_be_listed("bar:2 last:4 part:8", ASKED) == (set(range(9, 40)), False)
    assert may_be_listed("bar:2 last:4 part:33", ASKED) == (set(range(34, 41)), False)
    assert may_be_listed("bar:2 last:4 part:33 part:40", ASKED) == (set(range(41, 129)), False)
    assert may_be_listed("bar:2 last:4 part:33 part:40 part:drums", ASKED) == (set(), True)


def test_only_parts_that_are_listed_play():
    listed = "bar:2 last:4 part:33 part:40"
    assert programs(may_follow(listed)) == {"program:33", "program:40"}
    assert not may_follow(listed + " program:33") & {"drum:36"}
    assert "drum:36" in may_follow("bar:2 last:4 part:drums")


def test_no_velocity_waits_for_a_part_that_is_not_listed():
    assert "velocity:3" not in may_follow("bar:2 last:4 part:33")
    assert "velocity:3" in may_follow("bar:2 last:4 part:drums")
    assert "velocity:3" in may_follow("bar:2 last:4 part:33 program:33")


def test_in_a_slice_parts_come_in_their_order_and_notes_from_the_top_down():
    begun = "bar:2 program:33 C2 d:1"
    assert programs(may_follow(begun)) == {f"program:{number}" for number in range(34, 128)}
    assert {"B1", "C-1"} <= may_follow(begun)
    assert not may_follow(begun) & {"C2", "C#2"}
    assert not may_follow(begun + " drum:38") & {"B1", "program:40", "drum:38", "drum:40"}
    assert "drum:36" in may_follow(begun + " drum:38")
    assert {"C2", "program:0", "drum:40"} <= may_follow(begun + " drum:38 s:1 @1")


def test_no_velocity_waits_for_a_note_below_the_lowest_one():
    ranges = {33: (36, 40)}
    assert "velocity:3" in may_follow("bar:2 last:4 part:33 program:33 C#2 d:1", ranges=ranges)
    assert "velocity:3" not in may_follow("bar:2 last:4 part:33 program:33 C2 d:1", ranges=ranges)
    assert "velocity:3" in may_follow("bar:2 last:4 part:33 part:drums program:33 C2 d:1", ranges=ranges)


def test_parts_that_are_asked_for_play_though_a_given_beginning_does_not_list_them():
    may = may_follow("bar:2 last:4 part:0 part:33 program:0", ASKED)
    assert programs(may) == {"program:0", "program:33", "program:40"}
    assert "drum:36" in may


ASKED = ("bass", "40", "drums")
TWO_BARS = "bar:4 program:0 C4 d:1 s:4 bar:3 s:4"


def test_a_given_list_that_is_past_who_was_asked_for_goes_on():
    listed, may_begin = may_be_listed("bar:2 part:40", asked=("0", "bass"))
    assert may_begin
    assert listed == set(range(41, 129))


def test_a_part_that_is_said_plays_before_drums_do():
    listed = "bar:2 part:40 part:drums"
    assert "drum:36" in may_follow(f"{listed} velocity:4")
    assert not may_follow(f"{listed} program:40 velocity:4") & {f"drum:{pitch}" for pitch in range(128)}


def test_who_only_played_in_a_given_beginning_does_not_go_on():
    tables = PartTables.of(VOCABULARY, Bands(), {}, ("bass",), may_have=lambda player: player.program == 33)
    begun = "bar:2 part:40 program:40 C5 d:1"
    *_, after = allowed([*begun.split(), "s:1"], tables)
    assert not after[VOCABULARY.ids["C5"]]
    *_, cut = allowed(begun.split()[:-2], tables)
    assert cut[VOCABULARY.ids["C5"]]


def test_until_the_third_bar_parts_come_in_as_they_like():
    assert may_follow(TWO_BARS, ASKED) - set(VOCABULARY_PART) == may_follow(TWO_BARS) - set(VOCABULARY_PART)


def test_in_the_third_bar_what_is_missing_comes_in_and_nothing_else():
    may = may_follow(TWO_BARS + " bar:2", ASKED)
    # After the violins the basses could no longer come in.
    assert programs(may) == {f"program:{number}" for number in range(32, 40)}
    assert "tempo:120" in may
    assert not may & {"s:1", "C4", "drum:36", "velocity:2"}


@pytest.mark.parametrize("text", ["bar:1 last:4 part:33 part:40 part:drums", "bar:2 program:0 C4 d:1 s:4 bar:1"])
def test_in_a_shorter_song_what_is_missing_comes_in_in_the_last_bar(text):
    may = may_follow(text, ASKED)
    assert programs(may) <= {f"program:{number}" for number in range(32, 40)}
    assert "program:33" in may
    assert not may & {"s:1", "C4", "drum:36", "velocity:2"}


def test_a_part_that_comes_in_says_how_loud_and_what_it_plays_and_then_the_next_one_comes():
    begun = TWO_BARS + " bar:2 program:35"
    assert {"C2", "velocity:2"} <= may_follow(begun, ASKED)
    assert set(PITCH_NAMES) <= may_follow(begun + " velocity:2", ASKED)
    may = may_follow(begun + " velocity:2 C2 d:1", ASKED)
    assert (programs(may), may & {"s:1", "C3"}) == ({"program:40"}, set())


def test_a_velocity_alone_is_for_drums_that_come_in():
    assert not may_follow(TWO_BARS + " bar:2 velocity:3", ASKED) & set(PITCH_NAMES)
    assert "velocity:3" not in may_follow(TWO_BARS + " bar:2", ("bass",))


def test_when_all_were_heard_the_song_goes_on():
    whole = TWO_BARS + " bar:2 program:35 C2 d:1 program:40 C4 d:1 drum:36"
    assert may_follow(whole, ASKED) - set(VOCABULARY_PART) == may_follow(whole) - set(VOCABULARY_PART)


@settings(max_examples=30, deadline=None)
@given(bands())
def test_every_band_may_be_sampled(music):
    tokens = Bands().encode(music)
    for may, token in zip(
        allowed(tokens, PartTables.of(VOCABULARY, Bands(), {})), VOCABULARY.encode(tokens), strict=False
    ):
        assert may[token]
