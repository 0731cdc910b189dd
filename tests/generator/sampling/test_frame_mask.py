"""Under the mask of a frame every song keeps its bars and phrases, and every song that keeps them is possible."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.sampling.frame_mask import FrameMask
from generator.sampling.grammar import Grammar
from nabi.music.about import About
from nabi.music.band import Instrument
from nabi.music.encodings import Bands, Bars, Voices
from nabi.music.song import Song
from nabi.music.timeline import Timeline
from nabi.music.vocabulary import END, START
from tests.builders import songs
from tests.generator.models import vocabulary_of

pytestmark = pytest.mark.slow

# Lengths of less than a quarter note.
PARTS = ["1/12", "1/6", "1/4", "1/3", "5/12", "1/2", "7/12", "2/3", "3/4", "5/6", "11/12"]
ENCODINGS = {"voices": Voices(), "bars": Bars(), "band": Bands()}
VOCABULARIES = {name: vocabulary_of(encoding) for name, encoding in ENCODINGS.items()}
MASKS = {name: FrameMask.of(VOCABULARIES[name], encoding) for name, encoding in ENCODINGS.items()}


def allowed(tokens, name="voices"):
    """The tokens that may come after each of these, `<start>` first."""
    vocabulary, mask = VOCABULARIES[name], MASKS[name]
    memory = mask.initial(1)
    for id_ in (START, *vocabulary.encode(tokens)):
        memory = mask.update(memory, tf.constant([id_]))
        may = np.isfinite(mask.apply(tf.zeros([1, len(vocabulary)]), memory)[0].numpy())
        yield {token for token, is_free in zip(vocabulary.tokens, may, strict=True) if is_free}


def after(text):
    return list(allowed(text.split()))[-1]


BEGUN = "meter:3/4 bar:3 key:C-major last:2 "


def test_a_slice_ends_within_its_bar_and_its_phrase():
    assert {token for token in after(BEGUN + "C4 s:2 @2 C4") if token.startswith("s:")} == {
        f"s:{ticks}" for ticks in [*PARTS, "1"]
    }
    assert after(BEGUN + "phrase:1 C4") & {"s:1/2", "s:1", "s:13/12", "s:2"} == {"s:1/2", "s:1"}
    assert "s:3" not in after(BEGUN + "C4 s:3 bar:2 C4 s:3 bar:1 C4")
    assert "s:2" in after(BEGUN + "C4 s:3 bar:2 C4 s:3 bar:1 C4")


def test_after_a_slice_comes_what_is_true():
    assert after(BEGUN + "C4 s:2") == {"@2"}
    assert after(BEGUN + "C4 s:3") == {"bar:2"}
    assert after(BEGUN + "C4 s:3 bar:2 C4 s:3 bar:1 C4 s:1") == {"@1"}
    assert after(BEGUN + "C4 s:3 bar:2 C4 s:3 bar:1 C4 s:2") == {"<end>"}
    # Songs of more than 64 bars begin with bars of one number.
    assert after("bar:64 last:4 C4 s:4") == {"bar:64", "bar:63"}


def test_key_and_last_bar_are_said_once_before_the_first_note():
    assert {token for token in after("meter:2/4 bar:3") if token.startswith(("C4", "s:", "phrase"))} == set()
    lasts = {token for token in after("meter:2/4 bar:3 key:C-major") if token.startswith("last:")}
    assert "last:2" in lasts
    assert "last:25/12" not in lasts
    assert not {token for token in after(BEGUN + "C4 s:3 bar:2") if token.startswith(("last:", "key:"))}


def test_the_last_bar_may_be_of_a_meter_that_comes_later_and_then_it_does_come():
    lasts = [token for token in list(allowed(["meter:2/4", "bar:3"], "band"))[-1] if token.startswith("last:")]
    assert len(lasts) == 96
    begun = "meter:3/4 bar:2 last:4 part:0 program:0 C4 d:1 s:3 bar:1"
    *_, after_line = allowed(begun.split(), "band")
    assert {"meter:4/4", "meter:9/8", "meter:5/4"} < after_line
    assert not after_line & {"meter:3/4", "meter:7/8", "program:1", "C4", "s:1"}
    *_, changed = allowed([*begun.split(), "meter:4/4"], "band")
    assert {"s:4", "program:1"} < changed
    assert "s:17/4" not in changed
    shorter = "meter:3/4 bar:2 last:2 part:0 program:0 C4 d:1 s:3 bar:1"
    *_, stays = allowed(shorter.split(), "band")
    assert {"meter:2/4", "s:2", "C4"} < stays
    assert not stays & {"meter:1/4", "s:3"}


def test_of_one_bar_the_last_is_of_the_first_meter():
    lasts = {token for token in list(allowed(["meter:2/4", "bar:1"], "band"))[-1] if token.startswith("last:")}
    assert "last:2" in lasts
    assert "last:3" not in lasts


def test_given_tokens_after_which_no_meter_agrees_end_with_the_bar():
    begun = "meter:3/4 bar:2 last:4 part:0 program:0 C4 d:1 s:3 bar:1 C4 d:1"
    *_, after_notes = allowed(begun.split(), "band")
    assert {token for token in after_notes if token.startswith("s:")} >= {"s:3", "s:1"}
    assert "s:4" not in after_notes


def test_a_phrase_begins_where_one_ends_and_ends_within_the_song():
    phrases = {token for token in after(BEGUN) if token.startswith("phrase:")}
    assert {"phrase:8", "phrase:1/2"} < phrases
    assert "phrase:9" not in phrases
    assert {token for token in after(BEGUN + "phrase:7") if token.startswith("phrase:")} == {
        f"phrase:{ticks}" for ticks in PARTS
    }
    assert not {token for token in after(BEGUN + "phrase:8") if token.startswith("phrase:")}
    assert not {token for token in after(BEGUN + "phrase:7 C4 s:3 bar:2") if token.startswith("phrase:")}
    assert "phrase:5" in after(BEGUN + "phrase:3 C4 s:3 bar:2")


def test_a_phrase_has_one_cadence_of_two_notes_the_highest_first():
    assert len([token for token in after(BEGUN + "phrase:4") if token.startswith("cadence:")]) == 128
    assert {"cadence:C4", "cadence:B3"} < after(BEGUN + "phrase:4 cadence:C4")
    assert "cadence:C#4" not in after(BEGUN + "phrase:4 cadence:C4")
    assert not [token for token in after(BEGUN + "phrase:4 cadence:C4 cadence:C4") if token.startswith("cadence:")]
    again = after(BEGUN + "phrase:3 cadence:C4 cadence:C4 C4 s:3 bar:2 phrase:3")
    assert len([token for token in again if token.startswith("cadence:")]) == 128


def test_a_phrase_comes_back_only_where_it_was_and_within_the_song():
    def again(text):
        return {token for token in after(BEGUN + text) if token.startswith("again:")}

    first = "phrase:2 cadence:C4 cadence:C4 C4 s:2 @2 "
    assert again("") == set()
    assert again(first) == {"again:1"}
    assert again(first + "again:1") == set()
    second = first + "phrase:3 cadence:C4 cadence:C4 C4 s:1 bar:2 C4 s:2 @2 "
    assert again(second) == {"again:1", "again:2"}
    # Of the song's 8 quarter notes 1 is left.
    assert again(second + "again:2 C4 s:1 bar:1 C4 s:1 @1") == set()


def test_without_a_bar_nothing_is_masked_and_after_the_end_neither():
    assert after("C4 s:8 @3") == set(VOCABULARIES["voices"].tokens)
    mask, vocabulary = MASKS["voices"], VOCABULARIES["voices"]
    memory = mask.initial(1)
    for id_ in (START, *vocabulary.encode(["bar:1", "last:4", "C4", "s:4"]), END, *vocabulary.encode(["s:1"])):
        memory = mask.update(memory, tf.constant([id_]))
    assert np.isfinite(mask.apply(tf.zeros([1, len(vocabulary)]), memory)).all()


METERS = st.sampled_from([None, "4/4", "3/4", "6/8", "2/2", "5/16"])


@pytest.mark.parametrize("name", list(ENCODINGS))
@settings(max_examples=15, deadline=None)
@given(songs(most_notes=6), METERS, st.sets(st.integers(1, 300), max_size=4))
def test_every_song_may_be_sampled(name, song, meter, ends):
    song = dataclasses.replace(song, about=About(time_signature=meter, phrase_ends=tuple(sorted(ends))))
    tokens = ENCODINGS[name].encode(song)
    for may, token in zip(allowed(tokens, name), [*tokens, "<end>"], strict=True):
        assert token in may


BARS = st.lists(st.tuples(st.sampled_from([(4, 4), (3, 4), (6, 8), (2, 2), (5, 16)]), st.integers(1, 3)), min_size=1)


@settings(max_examples=15, deadline=None)
@given(songs(most_notes=6), BARS)
def test_every_band_whose_meters_change_at_bar_lines_may_be_sampled(song, bars):
    meters, tick = [], 0
    for (beats, unit), count in bars:
        meters.append((tick, beats, unit))
        tick += 48 * beats // unit * count
    start, duration, pitch = song.notes()
    zeros = np.zeros(len(pitch), np.int64)
    timeline, players = Timeline.of(meters=meters), [Instrument("Piano", 0)]
    music = Song.from_parts(start, duration, pitch, zeros, zeros + 90, instruments=players, timeline=timeline)
    tokens = Bands().encode(music)
    for may, token in zip(allowed(tokens, "band"), [*tokens, "<end>"], strict=True):
        assert token in may


@pytest.mark.parametrize("name", list(ENCODINGS))
def test_whatever_is_sampled_the_frame_is_true(name):
    encoding, vocabulary, mask, rows = ENCODINGS[name], VOCABULARIES[name], MASKS[name], 20
    grammar = Grammar.of(vocabulary, encoding, ends=True)
    random, ids = np.random.RandomState(0), np.full(rows, START)
    memory, states, written = mask.initial(rows), np.zeros(rows, np.int64), [[] for _ in range(rows)]
    # Few bars and many slices, so that songs end.
    kinds = [encoding.kind(token, before="shift") for token in vocabulary.tokens]
    weights = np.array([(5 if kind == "shift" else 1) / kinds.count(kind) for kind in kinds])
    weights[[token.startswith("bar:") and int(token[4:]) > 3 for token in vocabulary.tokens]] = 0
    for _ in range(400):
        memory, states = mask.update(memory, tf.constant(ids)), grammar.next_KxV[states, ids]
        may = np.isfinite(mask.apply(tf.zeros([rows, len(vocabulary)]), memory).numpy()) & grammar.legal_KxV[states]
        for row, tokens in enumerate(written):
            if END not in tokens:
                chances = weights * may[row]
                assert chances.sum(), vocabulary.decode(tokens)
                ids[row] = random.choice(len(chances), p=chances / chances.sum())
                tokens.append(ids[row])
    ended = [vocabulary.decode(tokens[:-1]) for tokens in written if tokens[-1] == END]
    assert len(ended) > 5
    for tokens in ended:
        song = encoding.decode(tokens)
        first = next(token for token in tokens if token.startswith("bar:"))
        last = next(token for token in tokens if token.startswith("last:"))
        bars = [token for token in tokens if token.startswith("bar:")]
        assert bars == [f"bar:{left}" for left in range(int(first[4:]), 0, -1)]
        lines = [at for at, token in enumerate(tokens) if token.startswith("bar:")]
        lengths = [
            sum(map(encoding.ticks, tokens[begin:end]))
            for begin, end in zip(lines, [*lines[1:], len(tokens)], strict=True)
        ]
        meters = [encoding.bar_ticks(song)]
        for begin in lines[1:]:
            changed = encoding.number(tokens[begin + 1]) if tokens[begin + 1].startswith("meter:") else 0
            meters.append(changed or meters[-1])
        assert lengths == [*meters[:-1], encoding.number(last)]
        assert lengths[-1] <= meters[-1]
