"""Lookups in the place of layers, where a network with a memory is sampled a token at a time."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from nabi.music.encodings import Voices
from nabi.music.vocabulary import START, Vocabulary
from nabi.networks import lookups, network, variants
from nabi.networks.network import Architecture
from nabi.networks.song_memory import SongMemory

pytestmark = pytest.mark.slow

TEXT = """
  meter:4/4 bar:2 key:C-major phrase:8 cadence:D5 cadence:G3 C5 C3 G4 E4 s:1 @1 D5 ~C3 G4 F4 s:1 @2 E5 C3 ~G4 E4 s:2
  bar:1 C5 C3 G4 E4 s:1 @1 D5 G3 B4 s:1
"""
SONG = TEXT.split()
VOCABULARY = Vocabulary.from_ordered(sorted(set(SONG)), {})
IDS = [START, *VOCABULARY.encode(SONG).tolist()]
# The second song is the first one with its halves exchanged, so that rows differ.
SONGS = np.array([IDS, IDS[20:] + IDS[:20]], np.int32)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """A network none of whose weights is 0, as those of intervals are before they are trained."""
    keras.utils.set_random_seed(1)
    sizes = Architecture(vocabulary_size=len(VOCABULARY), embedding=5, units=6, layers=2, dropout=0.0, blocked=(0,))
    built = network.build(sizes, memory=SongMemory.of(VOCABULARY, Voices()))
    random = np.random.default_rng(1)
    for layer in built.layers:
        if layer.trainable_weights:
            layer.set_weights([random.normal(scale=0.3, size=part.shape) for part in layer.get_weights()])
    return built


@pytest.fixture(scope="module")
def expected(model) -> np.ndarray:
    """The logits after each token by the network's own layers, float32 [songs, tokens, V]."""
    empty = [tf.zeros((len(SONGS), size)) for size in variants.state_sizes(model)]
    return variants.variant(model, state=True)([tf.constant(SONGS), *empty])[0].numpy()


@pytest.mark.parametrize("most_bytes", [lookups.MOST_BYTES, 0], ids=["tables", "too large for tables"])
def test_lookups_give_what_the_layers_give(model, expected, monkeypatch, most_bytes):
    monkeypatch.setattr(lookups, "MOST_BYTES", most_bytes)
    step = variants.stepwise(model)
    state = [tf.zeros((len(SONGS), size)) for size in variants.state_sizes(model)]
    for at in range(SONGS.shape[1]):
        logits, state = step(tf.constant(SONGS[:, at]), state)
        np.testing.assert_allclose(logits, expected[:, at], rtol=1e-4, atol=1e-4)


def test_what_intervals_add_is_heard(model, expected):
    """Else the test above would compare nothing: scores of intervals decide between notes here."""
    without = variants.variant(model, state=True)
    layer = without.get_layer("interval_logits")
    layer.set_weights([np.zeros_like(part) for part in layer.get_weights()])
    empty = [tf.zeros((len(SONGS), size)) for size in variants.state_sizes(model)]
    logits = without([tf.constant(SONGS), *empty])[0].numpy()
    assert np.abs(logits - expected).max() > 1
