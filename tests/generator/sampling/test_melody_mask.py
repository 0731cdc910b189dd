"""Under the mask of a line every song keeps the line, and every song that keeps it is possible."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings, strategies

from generator.config import GenerateConfig
from generator.sampling.grammar import Grammar
from generator.sampling.melody import Melody
from generator.sampling.melody_mask import MelodyMask
from generator.sampling.melody_phrases import MelodyPhrases
from generator.sampling.order_mask import OrderMask
from generator.sampling.phrase_mask import PhraseMask
from generator.sampling.sampler import Sampler
from generator.sampling.stepper import Stepper
from generator.sampling.token_content import TokenContents
from nabi.music.about import About
from nabi.music.encodings import Voices
from nabi.music.song import Song
from nabi.music.vocabulary import END, START
from tests.builders import notes_of, song
from tests.generator.models import vocabulary_of

pytestmark = pytest.mark.slow

VOICES = Voices()
VOCABULARY = vocabulary_of(VOICES)
GRAMMAR = Grammar.of(VOCABULARY, VOICES, ends=True)
CONTENTS = TokenContents.of(VOCABULARY, VOICES)


@strategies.composite
def lines(draw) -> Song:
    """Up to four notes and rests, also of the same pitch in a row, in one of three meters."""
    lengths = draw(strategies.lists(strategies.integers(1, 10), min_size=1, max_size=4))
    rests = draw(strategies.lists(strategies.sampled_from([0, 0, 3, 6]), min_size=len(lengths), max_size=len(lengths)))
    pitch = strategies.sampled_from([0, 60, 61, 62, 127])
    ends = np.cumsum(np.add(lengths, rests)).tolist()
    notes = [(end - length, length, draw(pitch)) for end, length in zip(ends, lengths, strict=True)]
    meter = draw(strategies.sampled_from([None, "1/8", "3/4"]))
    phrase_ends = tuple(sorted(draw(strategies.sets(strategies.sampled_from(ends)))))
    return dataclasses.replace(song(*notes), about=About(time_signature=meter, phrase_ends=phrase_ends))


class Walk:
    """Steps of several songs from token to token, under the mask of a line and the grammar."""

    def __init__(self, line: Song, *, lowest: bool, rows: int = 1) -> None:
        melody = Melody.of(line, VOICES, VOCABULARY, lowest=lowest)
        self.masks = [OrderMask(CONTENTS), MelodyMask(melody), PhraseMask(melody.phrases)]
        self.memories, self.grammar_B = [mask.initial(rows) for mask in self.masks], np.zeros(rows, np.int64)

    def after(self, ids_B: np.ndarray) -> np.ndarray:
        """What may come after a token of each song, bool [B, V]; anything after `<end>`."""
        self.memories = [
            mask.update(memory, tf.constant(ids_B, tf.int32))
            for mask, memory in zip(self.masks, self.memories, strict=True)
        ]
        self.grammar_B = GRAMMAR.next_KxV[self.grammar_B, ids_B]
        logits = tf.zeros([len(ids_B), len(VOCABULARY)])
        for mask, memory in zip(self.masks, self.memories, strict=True):
            logits = mask.apply(logits, memory)
        may_BxV = np.isfinite(logits.numpy())
        return may_BxV & (GRAMMAR.legal_KxV[self.grammar_B] | (ids_B == END)[:, None])


def sampled(walk: Walk, seed: int, rows: int) -> list[list[int]]:
    """The ids of songs whose network is a coin: a slice ends about as often as another note comes."""
    random, ids_B, columns = np.random.default_rng(seed), np.full(rows, START), []
    while (ids_B != END).any():
        weights_BxV = walk.after(ids_B) * np.where(CONTENTS.ticks_V > 0, 1 + CONTENTS.ticks_V, 0.05)
        weights_BxV /= weights_BxV.sum(1, keepdims=True)
        drawn_B = [random.choice(len(VOCABULARY), p=weights_V) for weights_V in weights_BxV]
        ids_B = np.where(ids_B == END, END, drawn_B)
        columns.append(ids_B)
    return [[token for token in song if token != END] for song in np.transpose(columns).tolist()]


def assert_keeps(music: Song, line: Song, *, lowest: bool) -> None:
    """Every note of the line is in the song, as long as it was, and nothing beyond it while it sounds."""
    notes, kept = notes_of(music), notes_of(line)
    assert set(kept) <= set(notes)
    assert music.end == line.end
    for start, duration, pitch in set(notes) - set(kept):
        for begin, length, own in kept:
            if start < begin + length and begin < start + duration:
                assert pitch > own if lowest else pitch < own


@pytest.mark.parametrize("lowest", [False, True])
@settings(max_examples=8, deadline=None)
@given(line=lines(), seed=strategies.integers(0, 2**32 - 1))
def test_whatever_is_sampled_the_line_stays(lowest, line, seed):
    for ids in sampled(Walk(line, lowest=lowest, rows=8), seed, rows=8):
        tokens = VOCABULARY.decode(ids)
        assert_keeps(VOICES.decode(tokens, line.about), line, lowest=lowest)
        # The places and the bars that were forced are the right ones.
        places = [token for token in tokens if VOICES.kind(token, "shift") in ("bar", "place")]
        ticks = np.cumsum([0, *(VOICES.ticks(token) for token in tokens if VOICES.ticks(token))])[:-1]
        assert places == VOICES.places(line, ticks)
        if line.about.phrase_ends:
            assert VOICES.about(tokens).phrase_ends == line.about.phrase_ends


@pytest.mark.parametrize("lowest", [False, True])
@settings(max_examples=8, deadline=None)
@given(line=lines(), others=strategies.lists(strategies.tuples(*[strategies.integers(0, 20)] * 3), max_size=4))
def test_every_song_that_keeps_the_line_may_be_sampled(lowest, line, others):
    pitches = [pitch for _, _, pitch in notes_of(line)]
    beyond = range(max(pitches) + 1, 128) if lowest else range(min(pitches))
    # Where the line's phrases are known, the first one begins with the line.
    first = int(line.start[0]) if line.about.phrase_ends else 0
    more = [
        (start, min(1 + length, line.end - start), beyond[number % len(beyond)])
        for start, length, number in others
        if beyond and first <= start < line.end
    ]
    music = Song.from_notes(*zip(*notes_of(line), *more, strict=True), about=line.about)
    walk, before = Walk(line, lowest=lowest), START
    ids = [*VOCABULARY.encode(VOICES.encode(music)).tolist(), END]
    for token in ids:
        # The tokens before the first note are given, not sampled.
        is_given = VOICES.kind(VOCABULARY.tokens[token], "start") in ("meter", "key", "last")
        assert walk.after(np.array([before]))[0, token] or is_given
        before = token


LINE = song((0, 12, 72), (12, 6, 74), (24, 24, 71))


@pytest.mark.parametrize("lowest", [False, True])
def test_songs_of_a_sampler_keep_the_line_to_its_end_whatever_the_limit_of_tokens(lowest):
    table = tf.constant(np.random.default_rng(1).normal(0, 4, [len(VOCABULARY)] * 2), tf.float32)
    stepper = Stepper(lambda last, state: (tf.gather(table, last), state), lambda rows: [tf.zeros([rows])])
    melody = Melody.of(LINE, VOICES, VOCABULARY, lowest=lowest)
    config = GenerateConfig(max_tokens=3, harmonize="line.mid")
    sampler = Sampler(stepper, GRAMMAR, config, CONTENTS, given=melody, frame=[OrderMask(CONTENTS)], slots=4)
    # Two songs of one row come one after the other.
    songs = sampler.sample(range(6), [(START,)] * 6)
    for made in songs:
        assert made.ended
        assert np.isfinite(made.log_likelihood)
        assert_keeps(VOICES.decode(VOCABULARY.decode(made.tokens)), LINE, lowest=lowest)
    assert len({made.tokens for made in songs}) == 6
    assert sampler.sample([5], [(START,)]) == songs[5:]


def test_what_comes_after_the_end_is_free():
    mask = MelodyMask(Melody.of(LINE, VOICES, VOCABULARY))
    memory = mask.initial(1)
    for token in [*VOCABULARY.encode(VOICES.encode(LINE)).tolist(), END, START]:
        memory = mask.update(memory, tf.constant([token]))
    np.testing.assert_array_equal(mask.apply(tf.zeros([1, len(VOCABULARY)]), memory), np.zeros([1, len(VOCABULARY)]))


def phrases_after(text: str, line: Song, *, lowest: bool = False) -> set[str]:
    """The tokens of phrases that the mask of a line leaves after these, `<start>` first."""
    mask = PhraseMask(MelodyPhrases.of(line, VOICES, VOCABULARY, lowest=lowest))
    memory = mask.initial(1)
    for token in [START, *VOCABULARY.encode(text.split()).tolist()]:
        memory = mask.update(memory, tf.constant([token]))
    may = np.isfinite(mask.apply(tf.zeros([1, len(VOCABULARY)]), memory)[0].numpy())
    told = ("phrase:", "cadence:", "again:")
    return {token for token, is_free in zip(VOCABULARY.tokens, may, strict=True) if is_free and token.startswith(told)}


# Three phrases of a quarter note and an 8th, the last as the first.
PHRASED = dataclasses.replace(
    song((0, 18, 72), (18, 18, 74), (36, 18, 72)), about=About(phrase_ends=(18, 36, 54))
)  # fmt: skip
BEGUN = "bar:2 key:C-major last:1/2 "


def test_the_phrases_of_a_line_are_said_as_they_are():
    cadences = {"cadence:C5"}
    assert phrases_after(BEGUN, PHRASED) == {"phrase:1"}
    assert phrases_after(BEGUN + "phrase:1", PHRASED) == {"phrase:1/2"}
    assert phrases_after(BEGUN + "phrase:1 phrase:1/2", PHRASED) == cadences
    assert len(phrases_after(BEGUN + "phrase:1 phrase:1/2 cadence:C5", PHRASED)) == 128
    second = "phrase:1 phrase:1/2 cadence:C5 cadence:C4 C5 C4 s:3/2 @3/2 phrase:1 phrase:1/2"
    assert phrases_after(BEGUN + second, PHRASED) == {"cadence:D5"}
    third = f"{second} cadence:D5 cadence:C4 D5 C4 s:3/2 @3 "
    assert phrases_after(BEGUN + third, PHRASED) == {"phrase:1", "again:2"}
    assert "phrase:1" not in phrases_after(BEGUN + third + "again:2", PHRASED)


def test_of_a_lowest_line_the_last_note_of_a_cadence_is_given():
    assert len(phrases_after(BEGUN + "phrase:1 phrase:1/2", PHRASED, lowest=True)) == 128
    assert phrases_after(BEGUN + "phrase:1 phrase:1/2 cadence:G5", PHRASED, lowest=True) == {"cadence:C5"}


def test_where_no_phrases_are_known_the_line_tells_where_they_lead():
    line = dataclasses.replace(PHRASED, about=About())
    assert {"phrase:1", "phrase:3", "phrase:1/2"} < phrases_after(BEGUN, line)
    assert "cadence:D5" in phrases_after(BEGUN + "phrase:2", line)
    assert not {"cadence:C5", "again:1"} & phrases_after(BEGUN + "phrase:2", line)
