import itertools

import numpy as np
import pytest
import tensorflow as tf

from generator.config import GenerateConfig
from generator.sampling.beam_search import BeamSearch
from generator.sampling.grammar import Grammar
from generator.sampling.stepper import Stepper
from generator.sampling.token_content import TokenContents
from nabi.music.vocabulary import END, START

# Ids from 4 on are letters; each takes as many ticks as its place.
A, B, C = range(4, 7)
SIZE = 7
NOTES = TokenContents(np.ones(SIZE, np.int64), np.array([0, 0, 0, 0, 1, 2, 3]))
ANY = Grammar(np.zeros((1, SIZE), np.int64), np.array([[False] * 3 + [True] * 4]))


def table_of(**following: dict[int, float]) -> np.ndarray:
    """Probabilities of the next id after each, by its name."""
    table = np.full((SIZE, SIZE), 1e-9)
    for name, row in following.items():
        for token, probability in row.items():
            table[{"start": START, "a": A, "b": B, "c": C}[name], token] = probability
    return table


def stepper_of(table: np.ndarray) -> Stepper:
    logits_VxV = tf.constant(np.log(table), tf.float32)  # noqa: N806
    return Stepper(lambda last, state: (tf.gather(logits_VxV, last), state), lambda rows: [tf.zeros([rows])])


# The likelier beginning, a, leads to less likely songs than b.
GARDEN_PATH = table_of(start={A: 0.6, B: 0.4}, a={A: 0.34, B: 0.33, C: 0.33}, b={END: 1.0}, c={END: 1.0})


def found(table: np.ndarray, primer: tuple[int, ...] = (START,), grammar: Grammar = ANY, **settings) -> tuple:
    config = GenerateConfig(**{"max_tokens": 5, **settings})
    (song,) = BeamSearch(stepper_of(table), grammar, config, NOTES).sample([3], [primer])
    assert song.song == 3
    return song.tokens, song.ended, song.log_likelihood


def test_one_beam_is_greedy_and_two_see_the_better_song():
    assert found(GARDEN_PATH, decoding="beam", beams=1)[0] == (A, A, A, A, A)
    tokens, ended, likelihood = found(GARDEN_PATH, decoding="beam", beams=2)
    assert (tokens, ended) == ((B,), True)
    assert likelihood == pytest.approx(np.log(0.4), abs=1e-5)


def test_with_as_many_beams_as_songs_the_likeliest_by_the_token_is_found():
    """The reference: every song of 3 tokens, scored one by one."""
    table = np.random.default_rng(7).dirichlet(np.ones(SIZE), SIZE)
    legal = np.isin(np.arange(SIZE), [A, B, C])[None]
    tokens, _, likelihood = found(table, decoding="beam", beams=27, max_tokens=3, grammar=Grammar(ANY.next_KxV, legal))
    kept = np.where(legal, table, 0)
    kept /= kept.sum(1, keepdims=True)
    scores = {
        song: np.log([kept[pair] for pair in itertools.pairwise((START, *song))]).sum()
        for song in itertools.product([A, B, C], repeat=3)
    }
    assert tokens == max(scores, key=scores.__getitem__)
    assert likelihood == pytest.approx(scores[tokens], rel=1e-5)


def test_a_primer_is_read_and_not_scored():
    assert found(GARDEN_PATH, primer=(START, A, B), decoding="beam", beams=2) == ((), True, pytest.approx(0, abs=1e-5))


def test_a_beam_whose_time_is_over_is_done():
    # b takes 2 ticks of the 3 (a bar of 1/16); the second b passes them.
    table = table_of(start={B: 1.0}, b={B: 1.0})
    assert found(table, decoding="beam", beams=2, max_bars=1, meter="1/16")[:2] == ((B, B), False)


def test_songs_of_one_primer_are_the_same_and_of_others_their_own():
    search = BeamSearch(stepper_of(GARDEN_PATH), ANY, GenerateConfig(max_tokens=5, decoding="beam", beams=2), NOTES)
    songs = search.sample([0, 1, 2], [(START,), (START, C), (START,)])
    assert [song.tokens for song in songs] == [(B,), (), (B,)]
    assert [song.song for song in songs] == [0, 1, 2]


def test_a_network_of_no_numbers_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        found(np.full((SIZE, SIZE), np.nan), decoding="beam", beams=2)
