"""How much a network is told of its song's past while it is sampled (`--memory`)."""

import functools
from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from generator.config import GenerateConfig
from generator.sampling.grammar import Grammar
from generator.sampling.probabilities import Explainer
from generator.sampling.sampler import Sampler
from generator.sampling.song_state import SongIds
from generator.sampling.stepper import carried
from generator.sampling.token_content import TokenContents
from nabi.music.vocabulary import START
from nabi.networks import network
from nabi.networks.network import Architecture
from nabi.networks.song_memory import CANDIDATES, RUNS, SongMemory, withheld

pytestmark = pytest.mark.slow

SIZE, UNITS, WIDTH = 24, 8, 32
ANY = Grammar(np.zeros((1, SIZE), np.int64), np.array([[False] * 4 + [True] * (SIZE - 4)]))
NOTES = TokenContents(np.ones(SIZE, np.int64), np.zeros(SIZE, np.int64))


@pytest.fixture(scope="module")
def copier() -> keras.Model:
    """A network that likes to say what followed where its last tokens stood before, and else says any token."""
    nothing = np.zeros(SIZE, np.float32)
    memory = SongMemory(np.ones((SIZE, 1), np.float32), *[nothing] * 6, nothing + 48, *[nothing] * 8)
    sizes = Architecture(vocabulary_size=SIZE, embedding=4, units=UNITS, layers=1, dropout=0.0, blocked=(0, 1, 2))
    model = network.build(sizes, memory=memory)
    for name in ("features", "lstm_0", "copy_gate", "logits", "recalled"):
        layer = model.get_layer(name)
        layer.set_weights([np.zeros_like(weights) for weights in layer.get_weights()])
    tokens = np.eye(SIZE, WIDTH, dtype=np.float32) * (np.arange(SIZE) > 0)[:, None]
    model.get_layer("recalled").set_weights([tokens])
    # The gate is half open; the continuation is the first of the tokens that may be copied.
    kernel, bias = model.get_layer("logits").get_weights()
    kernel[UNITS : UNITS + WIDTH] = 12 * tokens.T
    model.get_layer("logits").set_weights([kernel, bias])
    assert CANDIDATES[0] == "continuation"
    return model


@pytest.fixture(scope="module")
def songs_of(copier) -> Callable[..., list[SongIds]]:
    """Samples so many songs at a share; the loop of a share is compiled once."""
    sampler_of = functools.cache(
        lambda share: Sampler(
            carried(copier), ANY, GenerateConfig(max_tokens=80, top_p=1.0, max_repeats=0, memory=share), NOTES, slots=4
        )
    )
    return lambda share, count=6: sampler_of(share).sample(range(count), [(START,)] * count)


def recurring(songs: list[SongIds]) -> float:
    """The share of runs of 3 tokens that stood in their song before."""
    runs = [[song.tokens[at : at + 3] for at in range(len(song.tokens) - 2)] for song in songs]
    return 1 - sum(len(set(run)) for run in runs) / sum(map(len, runs))


def test_the_less_a_network_is_told_the_less_its_songs_come_back(songs_of):
    none, half, every = (recurring(songs_of(share)) for share in (0.0, 0.5, 1.0))
    assert none < 0.1 < half < 0.5 < every


def test_what_is_not_told_is_what_a_beginning_is_not_told(songs_of):
    """Nothing is left to copy, so that each of 80 tokens is as likely as any other of the 20 legal ones."""
    for song in songs_of(0.0):
        assert song.log_likelihood == pytest.approx(-80 * np.log(20), rel=1e-4)


def test_a_song_is_told_alike_alone_and_among_others(songs_of):
    assert songs_of(0.5, count=2) == songs_of(0.5)[:2]


def test_a_song_that_went_back_from_a_loop_is_told_alike_again(copier):
    config = GenerateConfig(max_tokens=60, top_p=1.0, max_repeats=2, memory=0.9, temperature=0.7)
    songs = Sampler(carried(copier), ANY, config, NOTES, slots=4).sample(range(6), [(START,)] * 6)
    assert any(song.attempts > 1 for song in songs)
    for song, tokens in zip(songs, Explainer(carried(copier), ANY, 4, config).explain(songs), strict=True):
        assert np.log([token.probability for token in tokens]).sum() == pytest.approx(song.log_likelihood, rel=1e-4)


def test_the_past_is_withheld_and_the_present_is_not():
    told = {name: tf.constant([7, 7]) for name in (*CANDIDATES, *RUNS, "place", "last_0")}
    left = {name: number.numpy().tolist() for name, number in withheld(told, tf.constant([True, False])).items()}
    bars_ago = {"bars_ago_1", "bars_ago_2", "bars_ago_4"}
    past = {"continuation", "first_continuation", "opening", "returned", *bars_ago, *RUNS}
    assert left == {name: [7, 0] if name in past else [7, 7] for name in told}


def test_what_explains_a_song_was_told_what_the_song_was_told(copier, songs_of):
    explainer = Explainer(carried(copier), ANY, 4, GenerateConfig(memory=0.5))
    for song, tokens in zip(songs_of(0.5), explainer.explain(songs_of(0.5)), strict=True):
        assert np.log([token.probability for token in tokens]).sum() == pytest.approx(song.log_likelihood, rel=1e-4)
