"""Songs of the page are those of the sampler in Python, token by token."""

import numpy as np
import pytest

from generator.config import GenerateConfig
from generator.songs.preparation import prepare
from nabi.music.encodings import Bars, Events, Voices
from nabi.music.song import Song
from tests.generator.composer.models import model_of

pytestmark = pytest.mark.slow

SAMPLE = """([settings, numbers]) => {
  const key = tables.keys.findIndex((one) => one.name === settings.key);
  return numbers.map((number) => {
    const run = sampler.sample(number, { ...settings, key });
    let step = run.next();
    while (!step.done) step = run.next();
    return step.value;
  });
}"""
LIMITS = {"max_tokens": 120, "max_repeats": 2}


def in_python(model, config, numbers, primer=None):
    from generator.sampling.primer import Primers
    from generator.songs.song_sampler import SongSampler

    ready = prepare(model, "", config, "")
    primers = Primers((tuple(primer),), config.seed) if primer else ready.primers
    return SongSampler(model, config, primers, slots=4).sample(numbers)


def in_browser(run, model, config, numbers, primer=None, **more):
    settings = {name: value for name, value in config.as_dict().items() if isinstance(value, (int, float, str))}
    return run(model, SAMPLE, [{**settings, "seed": str(config.seed), "primer": primer}, list(numbers)], **more)


def assert_equal(run, model, numbers=range(3), primer=None, **settings):
    config = GenerateConfig.create({**LIMITS, **settings})
    expected = in_python(model, config, numbers, primer)
    sampled = in_browser(run, model, config, numbers, primer)
    assert [song["tokens"] for song in sampled] == [list(song.tokens) for song in expected]
    assert [song["ended"] for song in sampled] == [song.ended for song in expected]
    return sampled, expected


@pytest.mark.parametrize(
    ("encoding", "architecture"),
    [
        (Voices(), {"memory": True}),
        (Voices(divisors=(5, 2)), {"memory": True}),
        (Bars(), {"memory": True, "layer_norm": True}),
        (Events(), {"memory": True}),
        (Events(), {"residual": True, "layers": 3, "tied_embeddings": True}),
        (Bars(), {"song_marks": False, "layers": 1}),
    ],
)
def test_songs_are_those_of_python(run, encoding, architecture):
    assert_equal(run, model_of(encoding, **architecture), seed=3)


@pytest.mark.parametrize(
    "settings",
    [
        {
            "rhythm_temperature": 1.5,
            "phrase_temperature": 0.2,
            "top_p": 1.0,
            "max_bars": 2,
            "meter": "3/4",
            "candidates": 3,
        },
        {"memory": 0.5, "seed": 2**64 - 1, "top_p": 0.6, "top_k": 9, "min_p": 0.01},
        {"key": "D minor", "max_bars": 3, "max_draws": 4},
        {"key": "E dorian", "lowest": 50, "highest": 70, "ended": True, "max_draws": 3, "max_tokens": 40},
    ],
)
def test_every_setting_does_what_it_does_in_python(run, settings):
    assert_equal(run, model_of(Voices(), memory=True), **settings)


def test_a_song_that_loops_goes_another_way_like_python(run):
    model = model_of(Events(), units=9)
    kernel, bias = model.model.get_layer("logits").get_weights()
    # The same note again and again, and seldom another one.
    bias[model.vocabulary.encode(["C4", "d:1", "s:1"])] = [13, 13, 20]
    model.model.get_layer("logits").set_weights([kernel, bias])
    _, expected = assert_equal(run, model, range(2), top_p=1.0, max_tokens=150)
    assert any(song.attempts for song in expected)


def test_songs_go_on_from_given_ids_like_python(run):
    model = model_of(Voices(), memory=True)
    chord = Song.from_notes(start=[0, 0, 12], duration=[24, 12, 12], pitch=[48, 64, 65])
    primer = [2, *model.vocabulary.encode(model.encoding.lengthened(model.encoding.encode(chord), 4)).tolist()]
    sampled, _ = assert_equal(run, model, primer=primer)
    assert all(song["primer"] == primer for song in sampled)


def test_notes_are_those_that_python_decodes(run):
    for encoding in (Voices(), Bars(), Events()):
        model = model_of(encoding)
        for song in in_browser(run, model, GenerateConfig.create(LIMITS), range(3)):
            decoded = encoding.decode(model.vocabulary.decode(song["tokens"]))
            start, duration, pitch = (column.tolist() for column in decoded.notes())
            told = [(note["start"], note["duration"], note["pitch"]) for note in song["notes"]]
            assert sorted(told) == sorted(zip(start, duration, pitch, strict=True))


def test_a_page_of_halves_has_the_songs_of_the_rounded_model(run):
    import keras

    model = model_of(Voices(), memory=True)
    config = GenerateConfig.create(LIMITS)
    sampled = in_browser(run, model, config, range(3), precision="float16")
    kept = model.model.get_weights()
    try:
        for layer in model.model.layers:
            if layer.trainable:
                layer.set_weights([values.astype("float16").astype(values.dtype) for values in layer.get_weights()])
        assert any(not np.array_equal(one, other) for one, other in zip(kept, model.model.get_weights(), strict=True))
        expected = in_python(model, config, range(3))
    finally:
        model.model.set_weights(kept)
    assert isinstance(model.model, keras.Model)
    assert [song["tokens"] for song in sampled] == [list(song.tokens) for song in expected]
