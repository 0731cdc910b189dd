"""Small untrained models, in memory, whose songs go everywhere that the grammar allows."""

import functools
from typing import Any

from nabi.music.encodings import Encoding
from nabi.networks.trained_model import TrainedModel
from tests.generator.models import vocabulary_of


@functools.cache
def model_of(
    encoding: Encoding, *, memory: bool = False, song_marks: bool = True, target: str = "every", **architecture: Any
) -> TrainedModel:
    """A model of 2 x 8 units."""
    import keras

    from nabi.networks import network
    from nabi.networks.song_memory import SongMemory

    chord = ("C4.E4.G4",) if encoding.name == "events" else ()
    vocabulary = vocabulary_of(encoding, chord)
    keras.utils.set_random_seed(7)
    built = network.build(
        network.Architecture(
            vocabulary_size=len(vocabulary),
            **{"embedding": 8, "units": 8, "layers": 2, "dropout": 0.1, **architecture},
            blocked=tuple(vocabulary.unpredicted(song_marks=song_marks)),
        ),
        memory=SongMemory.of(vocabulary, encoding) if memory else None,
    )
    if memory:
        # Scores of intervals begin at zero: with others songs show whether they are looked up well.
        layer = built.get_layer("interval_logits")
        kernel, bias = layer.get_weights()
        layer.set_weights([keras.random.normal(kernel.shape, stddev=0.3, seed=1), bias])
    config = {"dataset": {"song_marks": song_marks, "window": 8}, "target": target, "train": {}}
    return TrainedModel(built, vocabulary, encoding, config, {})
