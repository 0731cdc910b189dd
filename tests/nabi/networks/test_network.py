import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from nabi.networks import network, variants
from nabi.networks.network import Architecture

pytestmark = pytest.mark.slow

SMALL = Architecture(vocabulary_size=7, embedding=5, units=5, layers=2, dropout=0.3, blocked=(0,))
RICH = {"layer_norm": True, "residual": True, "tied_embeddings": True, "variational_dropout": True}
KINDS = {"plain": {}, **{name: {name: True} for name in RICH}, "all": RICH}
TOKENS = tf.constant([[4, 5, 6, 4, 5], [6, 6, 5, 4, 4]])


def built(**options):
    return network.build(dataclasses.replace(SMALL, **options))


def test_blocked_ids_have_no_chance():
    logits = built(blocked=(0, 1, 3))(np.array([[4, 5]])).numpy()
    assert (logits[..., [0, 1, 3]] < -1e8).all()
    assert (np.abs(logits[..., [2, 4, 5, 6]]) < 10).all()


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_carried_state_continues_the_song(kind, fused):
    model = built(**KINDS[kind])
    stateful = variants.variant(model, state=True, fused=fused)
    states = [tf.zeros((2, size)) for size in variants.state_sizes(model)]
    first, *states = stateful([TOKENS[:, :2], *states])
    second, *_ = stateful([TOKENS[:, 2:], *states])
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), model(TOKENS), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_plain_keras_loads_every_kind_in_safe_mode(tmp_path, kind):
    model = built(**KINDS[kind])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(TOKENS), model(TOKENS))
    assert {type(layer).__module__.split(".")[0] for layer in loaded.layers} == {"keras"}


def test_residual_adds_an_input_as_wide_as_the_output():
    names = {layer.name for layer in built(embedding=4, residual=True).layers}
    assert "residual_0" not in names
    assert "residual_1" in names


def test_tied_logits_are_products_with_the_vectors_of_the_tokens():
    model = built(tied_embeddings=True)
    values = keras.Model(model.input, model.get_layer("to_embedding").output)(TOKENS).numpy()
    vectors = model.get_layer("embedding").get_weights()[0]
    np.testing.assert_allclose(model(TOKENS)[..., 1:], (values @ vectors.T)[..., 1:], rtol=1e-5, atol=1e-6)
    assert len(model.trainable_variables) == len(built().trainable_variables)


def test_features_are_never_trained():
    features = np.arange(14, dtype=np.float32).reshape(7, 2)
    model = network.build(SMALL, features)
    np.testing.assert_array_equal(model.get_layer("embedding").get_weights()[0], features)
    assert not model.get_layer("embedding").trainable_variables
    assert model.get_layer("lstm_0").cell.kernel.shape == (2, 20)
