import dataclasses
import time
from collections.abc import Sequence

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings, strategies

from generator.config import GenerateConfig
from generator.sampling.decode_loop import BLOCK
from generator.sampling.grammar import Grammar
from generator.sampling.sampler import Sampler
from generator.sampling.song_state import ATTEMPTS, SongIds
from generator.sampling.stepper import Stepper, carried, windowed, windowed_and_carried
from generator.sampling.token_content import TokenContents
from nabi.music.encodings import Encoding, Events, Grid, Pitch, PitchDuration, Steps
from nabi.music.vocabulary import END, START, Vocabulary
from nabi.networks import network
from nabi.reading import midi_writer
from tests.generator.models import vocabulary_of

pytestmark = pytest.mark.slow

LETTERS = Vocabulary.from_ordered("abcde", {})
A, B, C, D, E = range(4, 9)
# Letters are notes that take no time.
NOTES = TokenContents(np.ones(9, np.int64), np.zeros(9, np.int64))
ANY = Grammar(np.zeros((1, 9), np.int64), np.array([[False] * 3 + [True] * 6]))


def fake(row_of: Sequence[Sequence[float]]) -> Stepper:
    """A network whose logits depend on the last token alone; its state counts steps."""
    table_VxV = tf.constant(row_of, tf.float32)  # noqa: N806
    return Stepper(
        lambda last, state: (tf.gather(table_VxV, last), [state[0] + 1]), lambda rows: [tf.zeros([rows], tf.int32)]
    )


def successor(ends_after: int = END) -> Stepper:
    """A network that is sure: after `<start>` comes a, then b, c, d, e, and `<end>` after `ends_after`."""
    table = np.full((9, 9), -100.0)
    for token, following in [(START, A), (A, B), (B, C), (C, D), (D, E), (E, A)]:
        table[token, END if token == ends_after else following] = 100.0
    return fake(table)


def spoken(sampled: SongIds) -> str:
    return "".join(LETTERS.tokens[token] for token in sampled.tokens)


def test_a_song_is_what_the_network_says_until_its_end():
    sampler = Sampler(successor(ends_after=D), ANY, GenerateConfig(max_tokens=9), NOTES, slots=2)
    (song,) = sampler.sample([0], [(START,)])
    assert (spoken(song), song.ended, song.primer) == ("abcd", True, (START,))
    assert song.log_likelihood == pytest.approx(0, abs=1e-5)


def test_what_would_come_after_a_song_s_end_may_be_anything():
    table = np.full((9, 9), -100.0)
    table[[START, A, END], [A, END, B]] = [100.0, 100.0, np.nan]
    (song,) = Sampler(fake(table), ANY, GenerateConfig(max_tokens=9), NOTES, slots=2).sample([0], [(START,)])
    assert (spoken(song), song.ended) == ("a", True)
    table[A] = np.nan
    with pytest.raises(ValueError, match="values that are not numbers"):
        Sampler(fake(table), ANY, GenerateConfig(max_tokens=9), NOTES, slots=2).sample([0], [(START,)])


@pytest.mark.parametrize("songs", [[0], [3, 70], list(range(65))], ids=len)
def test_a_batch_has_64_rows_however_few_songs_there_are(songs):
    # Products of other shapes round differently: a song would not be the same alone as among others.
    shapes = set()

    def network_of_any_size(last, state):
        shapes.add((*last.shape, *state[0].shape))
        return tf.tile([[0.0] * 4 + [9.0] + [0.0] * 4], [tf.shape(last)[0], 1]), state

    stepper = Stepper(network_of_any_size, lambda rows: [tf.zeros([rows], tf.int32)])
    made = Sampler(stepper, ANY, GenerateConfig(max_tokens=2), NOTES).sample(songs, [(START,)] * len(songs))
    assert [song.song for song in made] == songs
    assert shapes == {(64, 64)}


def test_a_song_is_cut_at_max_tokens():
    sampler = Sampler(successor(), ANY, GenerateConfig(max_tokens=7), NOTES, slots=2)
    (song,) = sampler.sample([1], [(START,)])
    assert (spoken(song), song.ended) == ("abcdeab", False)


def test_an_end_that_is_the_last_token_allowed_still_ends():
    sampler = Sampler(successor(ends_after=B), ANY, GenerateConfig(max_tokens=3), NOTES, slots=2)
    (song,) = sampler.sample([0], [(START,)])
    assert (spoken(song), song.ended) == ("ab", True)


def test_primers_of_different_lengths_are_not_sampled_and_not_counted():
    sampler = Sampler(successor(), ANY, GenerateConfig(max_tokens=3), NOTES, slots=4)
    songs = sampler.sample([0, 1, 2], [(START,), (START, C, A, D), (B,)])
    assert [spoken(song) for song in songs] == ["abc", "eab", "cde"]
    assert [song.primer for song in songs] == [(START,), (START, C, A, D), (B,)]


def test_the_likelihood_is_of_sampled_tokens_under_the_grammar_before_filters():
    # Of a and b, which alone are legal, a has 3/4; the filters leave only a.
    table = np.log(np.tile([1e-9, 1e-9, 1e-9, 1e-9, 0.3, 0.1, 0.6, 1e-9, 1e-9], (9, 1)))
    legal = np.isin(np.arange(9), [A, B])[None]
    sampling = GenerateConfig(max_tokens=4, top_k=1, temperature=0.5)
    sampler = Sampler(fake(table), Grammar(ANY.next_KxV, legal), sampling, NOTES, slots=1)
    (song,) = sampler.sample([0], [(START, B, B)])
    assert spoken(song) == "aaaa"
    assert song.log_likelihood == pytest.approx(4 * np.log(0.75), rel=1e-5)


def test_the_loop_stops_when_all_songs_have_ended():
    steps = []
    stepper = successor(ends_after=B)

    def counted(last: tf.Tensor, state: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        tf.py_function(lambda: steps.append(1), [], [])
        return stepper.advance(last, state)

    sampler = Sampler(
        dataclasses.replace(stepper, advance=counted), ANY, GenerateConfig(max_tokens=1000), NOTES, slots=8
    )
    sampler.sample([0, 1], [(START,), (START,)])
    assert len(steps) == BLOCK


def test_a_step_begins_when_all_of_the_one_before_it_is_done():
    """Else TensorFlow may take the LSTM's loops of two steps for one, and crash."""
    marks = []

    def slow(step: int) -> int:
        marks.append(("begins", step))
        time.sleep(0.02)
        marks.append(("ends", step))
        return step

    def advance(last: tf.Tensor, state: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        # The token does not wait for this step's slow part. Side effects would keep the steps apart: it is without.
        waited = tf.ensure_shape(tf.numpy_function(slow, [state[0][0]], tf.int32, stateful=False), [])
        return tf.one_hot(last, 9) + tf.cast(state[1], tf.float32)[:, None], [state[0] + 1, waited[None]]

    stepper = Stepper(advance, lambda rows: [tf.zeros([rows], tf.int32), tf.zeros([rows], tf.int32)])
    Sampler(stepper, ANY, GenerateConfig(max_tokens=8, decoding="greedy"), NOTES, slots=1).sample([0], [(A,)])
    assert marks == [(what, step) for step in range(BLOCK) for what in ("begins", "ends")]


def test_songs_of_one_row_come_one_after_the_other(model):
    sampler = of_events(carried(model), GenerateConfig(max_tokens=200, max_repeats=0), slots=4)
    songs = sampler.sample([19, 11, 3, 2], [(START,)] * 4)
    assert [song.song for song in songs] == [19, 11, 3, 2]
    assert len({len(song.tokens) for song in songs}) > 1
    for song in songs:
        assert sampler.sample([song.song], [(START,)]) == [song]


def test_a_network_of_no_numbers_is_refused():
    sampler = Sampler(fake(np.full((9, 9), np.nan)), ANY, GenerateConfig(max_tokens=3), NOTES, slots=4)
    with pytest.raises(ValueError, match="NaN"):
        sampler.sample([1], [(START,)])


def trained(vocabulary_size: int, *, blocked: Sequence[int] = (0, 1, 2)) -> keras.Model:
    """A network of 2 x 32 units whose weights are large enough that its choices differ."""
    keras.utils.set_random_seed(3)
    model = network.build(
        network.Architecture(
            vocabulary_size=vocabulary_size, embedding=16, units=32, layers=2, dropout=0.2, blocked=tuple(blocked)
        )
    )
    model.set_weights([4 * weights for weights in model.get_weights()])
    return model


EVENTS = vocabulary_of(Events())
EVENTS_GRAMMAR = Grammar.of(EVENTS, Events(), ends=True)
EVENTS_MEANINGS = TokenContents.of(EVENTS, Events())


def of_events(stepper: Stepper, config: GenerateConfig, slots: int = 4) -> Sampler:
    return Sampler(stepper, EVENTS_GRAMMAR, config, EVENTS_MEANINGS, slots=slots)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return trained(len(EVENTS))


STEPPERS = {
    "carried": carried,
    "windowed": lambda model: windowed(model, 8),
    "both": lambda model: windowed_and_carried(model, 8),
}


@pytest.mark.parametrize("kind", STEPPERS)
@pytest.mark.parametrize(
    "sampling", [GenerateConfig(max_tokens=40), GenerateConfig(max_tokens=40, top_p=1.0, top_k=20)], ids=repr
)
def test_a_song_does_not_depend_on_its_neighbours(model, kind, sampling):
    sampler = of_events(STEPPERS[kind](model), sampling, slots=16)

    def songs(*numbers: int) -> list[SongIds]:
        return sampler.sample(numbers, [(START,)] * len(numbers))

    full = songs(*range(16))
    assert songs(5) == full[5:6]
    assert songs(*range(7)) == full[:7]
    assert songs(3, 5, 12) == [full[3], full[5], full[12]]
    assert len({song.tokens for song in full}) == 16
    assert full[5].tokens != songs(21)[0].tokens


def test_other_seeds_give_other_songs(model):
    one, other = (
        Sampler(
            carried(model), EVENTS_GRAMMAR, GenerateConfig(seed=seed, max_tokens=40), EVENTS_MEANINGS, slots=4
        ).sample([2], [(START,)])
        for seed in (0, 1)
    )
    assert one != other


def test_a_longer_limit_only_goes_on(model):
    short, long = (
        of_events(carried(model), GenerateConfig(max_tokens=count), slots=4).sample([2], [(START,)])[0]
        for count in (5, 12)
    )
    assert not short.ended
    assert long.tokens[:5] == short.tokens


def logits_at(model: keras.Model, ids: Sequence[int], positions: range, before: int) -> np.ndarray:
    """The network's logits for the ids at these positions, each after the `before` ids before it, or all of them.

    What comes after a position does not touch it, so that one run over all ids serves all positions.
    """
    if before >= positions[-1]:
        return model(np.array([ids[:-1]])).numpy()[0, [at - 1 for at in positions]].astype(np.float64)
    return model(np.array([ids[at - before : at] for at in positions])).numpy()[:, -1].astype(np.float64)


@pytest.mark.parametrize("window", [4, 64])
def test_greedy_songs_are_those_of_the_whole_network_run_for_each_token(model, window):
    """The reference: no carried state, one song, one prediction a token, as the seed systems do it."""
    primer = (START, *EVENTS.encode(["C4", "d:1", "E4", "d:1"]).tolist())
    sampling = GenerateConfig(max_tokens=20, decoding="greedy")
    for stepper, length in ((carried(model), 1000), (windowed(model, window), window)):
        (song,) = of_events(stepper, sampling, slots=4).sample([1], [primer])
        assert song.ended or len(song.tokens) == 20
        ids = [*primer, *song.tokens, *([END] if song.ended else [])]
        positions, score = range(len(primer), len(ids)), 0.0
        for at, logits in zip(positions, logits_at(model, ids, positions, length), strict=True):
            logits = np.where(EVENTS_GRAMMAR.after(ids[:at]), logits, -np.inf)
            assert ids[at] == logits.argmax()
            score += logits.max() - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
        assert song.log_likelihood == pytest.approx(score, rel=1e-4)


TOKENS: dict[Encoding, list[str]] = {
    Events(): ["C4.E4.G4", "C4.E4"],
    PitchDuration(): ["C4:1", "C4.E4:1/2", "G9:8", "R:1", "R:1/3"],
    Grid(): ["C4", "~C4", "C4.~E4", "~C4.~E4", "R"],
    Pitch(): ["C4", "0", "4.7.11", "G9"],
    Pitch(chords="voiced"): ["C4", "C4.E4"],
    Steps(): [],
}


@pytest.fixture(scope="module", params=TOKENS, ids=repr)
def random_sampler(request) -> tuple[Encoding, Vocabulary, list[np.ndarray], Sampler]:
    """A sampler over logits that a test puts into a variable."""
    encoding = request.param
    vocabulary = vocabulary_of(encoding, TOKENS[encoding])
    size = len(vocabulary)
    table = tf.Variable(tf.zeros([size, size]))
    stepper = Stepper(lambda last, state: (tf.gather(table, last), state), lambda rows: [tf.zeros([rows])])
    grammar = Grammar.of(vocabulary, encoding, ends=True)
    return (
        encoding,
        vocabulary,
        table,
        Sampler(stepper, grammar, GenerateConfig(max_tokens=30), TokenContents.of(vocabulary, encoding), slots=2),
    )


@settings(max_examples=30)
@given(seed=strategies.integers(0, 2**32 - 1), spread=strategies.floats(0, 20))
def test_every_sampled_sequence_decodes_and_reads_back(random_sampler, seed, spread):
    encoding, vocabulary, table, sampler = random_sampler
    table.assign(np.random.default_rng(seed).normal(0, spread, table.shape))
    for sampled in sampler.sample([0, 1], [(START,), (START,)]):
        tokens = vocabulary.decode(sampled.tokens)
        assert len(tokens) == len(sampled.tokens)
        song = encoding.decode(tokens)
        canonical = encoding.encode(song)
        assert encoding.decode(canonical) == song
        assert encoding.encode(encoding.decode(canonical)) == canonical
        assert midi_writer.read_exact(midi_writer.write(song)) == song
        if encoding.name == "pitch" or (encoding.name == "steps" and sampled.ended):
            assert canonical == tokens
        if sampled.ended:
            assert len(song)


def test_a_penalty_brings_down_what_was_played_lately_but_no_rhythm():
    # a is a little likelier than b, and b than c; d, which is no note, is as likely as a.
    table = np.tile([-99, -99, -99, -99, 2.0, 1.9, 1.8, 2.01, -99], (9, 1))
    contents = TokenContents(np.array([0] * 4 + [1, 1, 1, 0, 0]), np.zeros(9, np.int64))
    settings = GenerateConfig(max_tokens=6, decoding="greedy", repetition_penalty=1.5, repetition_window=2)
    legal = np.isin(np.arange(9), [A, B, C])[None]
    (song,) = Sampler(fake(table), Grammar(ANY.next_KxV, legal), settings, contents, slots=1).sample([0], [(START,)])
    assert spoken(song) == "abcabc"
    (song,) = Sampler(fake(table), ANY, settings, contents, slots=1).sample([0], [(START,)])
    assert spoken(song) == "dddddd"


def test_the_likelihood_is_the_models_whatever_the_penalty():
    table = np.log(np.tile([1e-9, 1e-9, 1e-9, 1e-9, 0.75, 0.25, 1e-9, 1e-9, 1e-9], (9, 1)))
    legal = np.isin(np.arange(9), [A, B])[None]
    settings = GenerateConfig(max_tokens=3, decoding="greedy", repetition_penalty=100.0, repetition_window=1)
    (song,) = Sampler(fake(table), Grammar(ANY.next_KxV, legal), settings, NOTES, slots=1).sample([0], [(START,)])
    assert spoken(song) == "aba"
    assert song.log_likelihood == pytest.approx(np.log(0.75 * 0.25 * 0.75), rel=1e-5)


def test_a_temperature_of_the_rhythm_is_of_tokens_without_notes():
    # Notes are drawn evenly; of d and e, which are no notes, only the likelier is left at a small temperature.
    table = np.tile([-99, -99, -99, -99, 1.0, 1.0, 1.0, 1.0, 0.9], (9, 1))
    contents = TokenContents(np.array([0] * 4 + [1, 1, 1, 0, 0]), np.zeros(9, np.int64))
    settings = GenerateConfig(max_tokens=200, temperature=100.0, rhythm_temperature=0.01, top_p=1.0)
    legal = np.isin(np.arange(9), [D, E])[None]
    (song,) = Sampler(fake(table), Grammar(ANY.next_KxV, legal), settings, contents, slots=1).sample([0], [(START,)])
    assert set(spoken(song)) == {"d"}
    legal = np.isin(np.arange(9), [A, B, C])[None]
    (song,) = Sampler(fake(table), Grammar(ANY.next_KxV, legal), settings, contents, slots=1).sample([0], [(START,)])
    assert set(spoken(song)) == {"a", "b", "c"}


def test_a_song_goes_back_from_a_loop():
    # After a comes b for sure, and after b mostly a, seldom e, which ends it.
    table = np.full((9, 9), -99.0)
    table[[START, A], [A, B]] = 0
    table[B, [A, E]] = np.log([0.97, 0.03])
    table[E, END] = 0
    settings = GenerateConfig(max_tokens=2000, top_p=1.0, max_repeats=12)
    songs = Sampler(fake(table), ANY, settings, NOTES, slots=4).sample(range(40), [(START,)] * 40)
    gone_back = [song for song in songs if song.attempts]
    assert gone_back
    for song in songs:
        assert song.attempts == ATTEMPTS or song.ended
        # The whole song's likelihood is the sum of its tokens': what was forgotten does not count.
        pairs = spoken(song).count("ba")
        assert song.log_likelihood == pytest.approx(pairs * np.log(0.97) + song.ended * np.log(0.03), abs=1e-3)
    assert Sampler(fake(table), ANY, settings, NOTES, slots=4).sample([gone_back[0].song], [(START,)]) == gone_back[:1]


def test_a_loop_that_cannot_be_left_is_left_alone_in_the_end():
    table = np.full((9, 9), -99.0)
    table[:, A] = 0
    (song,) = Sampler(fake(table), ANY, GenerateConfig(max_tokens=300, max_repeats=4), NOTES, slots=1).sample(
        [0], [(START,)]
    )
    assert (len(song.tokens), song.attempts) == (300, ATTEMPTS)


def test_no_note_begins_after_the_last_tick():
    # The primer takes 5 ticks; a, b, c, d and e take 0 to 4, and the song ends with what comes to 12.
    contents = TokenContents(np.ones(9, np.int64), np.array([0, 0, 0, 0, 0, 1, 2, 3, 4]))
    sampler = Sampler(successor(), ANY, GenerateConfig(max_bars=1, meter="1/4"), contents, slots=1)
    (song,) = sampler.sample([0], [(START, B, E)])
    assert (spoken(song), song.ended) == ("abcde", False)


def test_a_primer_that_is_longer_than_the_limit_is_the_whole_song():
    contents = TokenContents(np.ones(9, np.int64), np.array([0, 0, 0, 0, 0, 1, 2, 3, 4]))
    sampler = Sampler(successor(), ANY, GenerateConfig(max_bars=1, meter="1/8"), contents, slots=1)
    (song,) = sampler.sample([0], [(START, *[B, C, D, E] * 200)])
    assert (spoken(song), song.ended) == ("", False)


@pytest.mark.parametrize("slots", [1, 3])
def test_a_song_that_says_its_end_at_the_last_tick_has_ended(slots):
    contents = TokenContents(np.ones(9, np.int64), np.array([0, 0, 0, 0, 0, 1, 2, 3, 4]))
    # b, c and d take the 6 ticks of the bar.
    sampler = Sampler(successor(ends_after=D), ANY, GenerateConfig(max_bars=1, meter="1/8"), contents, slots=slots)
    (song,) = sampler.sample([0], [(START, B)])
    assert (spoken(song), song.ended) == ("cd", True)


def test_a_song_that_is_refused_is_made_again_until_it_is_accepted_or_too_often_refused():
    table = np.log(np.tile([1e-9, 1e-9, 1e-9, 1e-9, 0.5, 0.5, 1e-9, 1e-9, 1e-9], (9, 1)))
    config, asked = GenerateConfig(max_tokens=3, max_repeats=0, top_p=1.0, max_draws=4), [(START,)] * 30

    def refuses(sampled: SongIds) -> str:
        return "a" if spoken(sampled).startswith("a") else ""

    plain = Sampler(fake(table), ANY, config, NOTES, slots=4).sample(range(30), asked)
    kept = Sampler(fake(table), ANY, config, NOTES, refuses=refuses, slots=4).sample(range(30), asked)
    assert any(refuses(song) for song in plain)
    assert all(song.tokens[0] == B or len(song.refused) == 3 for song in kept)
    assert [song for song in kept if not song.refused] == [song for song in plain if not refuses(song)]
    alone = Sampler(fake(table), ANY, config, NOTES, refuses=refuses, slots=4).sample([7], [(START,)])
    assert alone == kept[7:8]
    never = Sampler(fake(table), ANY, config, NOTES, refuses=lambda _: "never", slots=4).sample([3], [(START,)])
    assert never[0].refused == ("never",) * 3


def test_a_song_is_led_to_its_density():
    """a is a note that takes no time, b a rest of a quarter note: left alone, as many of the one as of the other."""
    table = np.log(np.tile([1e-9, 1e-9, 1e-9, 1e-9, 0.5, 0.5, 1e-9, 1e-9, 1e-9], (9, 1)))
    contents = TokenContents(np.array([0] * 4 + [1, 0, 0, 0, 0]), np.array([0] * 4 + [0, 12, 0, 0, 0]))
    legal = np.isin(np.arange(9), [A, B])[None]
    for density in (0.5, 1.0, 4.0):
        config = GenerateConfig(max_tokens=2000, max_repeats=0, top_p=1.0, density=density)
        sampler = Sampler(fake(table), Grammar(ANY.next_KxV, legal), config, contents, slots=2)
        for song in sampler.sample([0, 1], [(START,)] * 2):
            words = spoken(song)
            assert words.count("a") / words.count("b") == pytest.approx(density, rel=0.05)
