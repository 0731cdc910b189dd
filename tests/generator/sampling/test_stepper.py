import keras
import numpy as np
import pytest
import tensorflow as tf

from generator.sampling import samplers
from generator.sampling.stepper import Stepper, share_gpus, windowed_and_carried
from nabi.music.vocabulary import START
from nabi.networks import network, trained_model
from tests.generator.models import write_model

pytestmark = pytest.mark.slow

SIZE, UNITS, WINDOW = 9, 6, 3
# Two songs side by side.
SONGS = np.array([[4, 6, 5, 8, 7, 4, 4], [7, 7, 4, 5, 5, 8, 6]], np.int32)


def said(stepper: Stepper, songs: np.ndarray) -> np.ndarray:
    """The logits after each token of the songs, float32 [songs, tokens, V]."""
    state, logits = stepper.initial(len(songs)), []
    for at in range(songs.shape[1]):
        now, state = stepper.advance(tf.constant(songs[:, at], tf.int32), state)
        logits.append(now.numpy())
    return np.stack(logits, 1)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """Weights large enough that a state of long ago is heard."""
    keras.utils.set_random_seed(3)
    built = network.build(
        network.Architecture(vocabulary_size=SIZE, embedding=5, units=UNITS, layers=2, dropout=0.2, blocked=())
    )
    built.set_weights([3 * weights for weights in built.get_weights()])
    return built


def stateful(model: keras.Model) -> keras.Model:
    """The same weights in plain Keras, as tutorials write it: one window a call, the state kept from call to call."""
    layers = keras.layers
    plain = keras.Sequential(
        [
            keras.Input(batch_shape=(1, WINDOW)),
            layers.Embedding(SIZE, 5),
            layers.LSTM(UNITS, stateful=True, return_sequences=True),
            layers.LSTM(UNITS, stateful=True),
            layers.Dense(SIZE),
        ]
    )
    plain.set_weights(model.get_weights())
    return plain


def test_full_windows_are_those_of_a_stateful_keras_model(model):
    logits = said(windowed_and_carried(model, WINDOW), SONGS)
    for row, song in enumerate(SONGS):
        plain = stateful(model)
        expected = [plain.predict(song[None, at : at + WINDOW], verbose=0)[0] for at in range(len(song) - WINDOW + 1)]
        np.testing.assert_allclose(logits[row, WINDOW - 1 :], expected, atol=1e-5)


def test_before_the_first_full_window_what_is_known_is_read_from_zeros(model):
    logits = said(windowed_and_carried(model, WINDOW), SONGS)
    for known in range(1, WINDOW + 1):
        np.testing.assert_allclose(logits[:, known - 1], model(SONGS[:, :known])[:, -1], atol=1e-5)


@pytest.mark.parametrize(
    ("target", "carry_state", "hears"),
    [
        # Of two songs that differ in the first token alone, whether the last logits do too.
        ("every", False, True),
        ("last", False, False),
        ("last", True, True),
    ],
)
def test_a_model_goes_on_as_it_was_trained(tmp_path, target, carry_state, hears):
    folder = write_model(tmp_path, target=target, window=WINDOW, train={"carry_state": carry_state})
    one, other = said(samplers.stepper_of(trained_model.load(folder)), np.array([[4, 6, 5, 8, 7], [7, 6, 5, 8, 7]]))[
        :, -1
    ]
    assert bool(np.abs(one - other).max() > 1e-6) == hears


def test_a_window_begins_with_nothing_where_the_model_was_trained_so(tmp_path):
    loaded = trained_model.load(write_model(tmp_path, target="last", window=WINDOW, train={"blank_first": True}))
    song = [START, *SONGS[0].tolist()]
    logits = said(samplers.stepper_of(loaded), np.array([song]))[0]
    expected = [loaded.model(np.array([[START, *song[1 : at + 1][1 - WINDOW :]]])).numpy()[0, -1] for at in range(8)]
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_the_state_is_that_of_windows_where_the_model_was_trained_so(tmp_path):
    folder = write_model(tmp_path, target="last", window=WINDOW, train={"carry_state": True})
    loaded = trained_model.load(folder)
    expected = said(windowed_and_carried(loaded.model, WINDOW), SONGS)
    np.testing.assert_allclose(said(samplers.stepper_of(loaded), SONGS), expected)


def test_workers_share_a_gpu_and_one_that_has_started_is_left_as_it_is(monkeypatch):
    grown = []

    def grow(gpu, enabled):
        if gpu == "started":
            raise RuntimeError("Physical devices cannot be modified after being initialized")
        grown.append((gpu, enabled))

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["started", "first", "second"])
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", grow)
    share_gpus()
    assert grown == [("first", True), ("second", True)]
