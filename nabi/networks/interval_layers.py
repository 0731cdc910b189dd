"""The layers that take in intervals, and raise the logits of notes by intervals; all are stock Keras layers.

The logit of a note, struck or of a cadence, is raised by its interval from the last note of its voice, from the notes
of its slice and from those of the phrase's cadence, by its degree, and by how its voice and each of these notes' would
move together: from which interval, and as the counterpoint's kinds of motion (parallel, similar, contrary, oblique).
What is learnt of an interval holds in every key.
"""

from collections.abc import Callable, Mapping

import keras
import numpy as np
import numpy.typing as npt

from nabi.networks.intervals import (
    HIGHEST,
    INTERVALS,
    KEYS,
    LOWEST,
    MOTIONS,
    OCTAVE,
    PAIR_NAMES,
    PAIRS,
    PITCHES,
    REFERENCES,
    SIZES,
)  # fmt: skip
from nabi.networks.song_memory import SongMemory

_WIDTH = 8
_KINDS_OF_MOTION = 6
# The kinds of motion from each class of interval.
RELATIONS = OCTAVE * _KINDS_OF_MOTION + 1
# The first score by a degree; those by intervals from each reference come before.
DEGREES = len(REFERENCES) * INTERVALS
# What is told as vectors: intervals, degrees and the key, but no pitch and no pair.
EMBEDDED = tuple(name for name in SIZES if name not in (*REFERENCES, *PAIR_NAMES))


def interval_layers(size: int, spread: object) -> list[keras.layers.Layer]:
    """Makes the layers for a vocabulary of a size; `spread` is the initializer of embeddings."""
    layers, fixed = keras.layers, {"trainable": False, "dtype": "float32"}
    return [
        *(
            layers.Embedding(SIZES[name], _WIDTH, embeddings_initializer=spread, name=f"{name}_embedding")
            for name in EMBEDDED
        ),
        *(
            layers.Embedding(PAIRS, INTERVALS, embeddings_initializer="zeros", dtype="float32", name=f"{name}_logits")
            for name in PAIR_NAMES
        ),
        layers.Embedding(PAIRS, INTERVALS, name="relation_of_interval", **fixed),
        layers.Embedding(PITCHES + 1, PITCHES, name="interval_of_pitch", **fixed),
        layers.Embedding(KEYS + 1, PITCHES, name="degree_of_pitch", **fixed),
        layers.Dense(
            relations_of(len(PAIR_NAMES)), kernel_initializer="zeros", dtype="float32", name="interval_logits"
        ),
        layers.Dense(size, use_bias=False, name="pitch_logits", **fixed),
    ]


def keep_intervals(model: keras.Model, memory: SongMemory) -> None:
    """Writes the fixed tables into a network: the interval and the degree of each pitch, and the ids that name it."""
    pitches = np.arange(PITCHES)
    intervals = np.clip(pitches[None] - pitches[:, None], LOWEST, HIGHEST) - LOWEST + 1
    number = np.arange(KEYS)[:, None]
    degrees = (pitches[None] - number) % 12 + number // 12 * 12 + 1
    named = np.where(memory.strikes_V > 0, memory.pitches_V, memory.cadences_V)
    for name, table in (("interval_of_pitch", intervals), ("degree_of_pitch", degrees)):
        model.get_layer(name).set_weights([np.concatenate([np.zeros((1, PITCHES)), table])])
    model.get_layer("relation_of_interval").set_weights([relations()])
    model.get_layer("pitch_logits").set_weights([(pitches[:, None] + 1 == named).astype(np.float32)])


def relations_of(number: int) -> int:
    """Returns the first score by the relations of a pair, by its 0-based number in `PAIR_NAMES`."""
    return DEGREES + KEYS + 1 + number * RELATIONS


def with_intervals(
    layers: Mapping[str, Callable], logits: object, values: object, told: Mapping[str, object]
) -> object:
    """Returns the logits with what intervals add to them.

    Args:
      layers: name -> layer.
      logits: of the tokens.
      values: vectors of what the network knows.
      told: what `SongMemory.recall` tells.
    """
    by_reference = layers["interval_logits"](values)
    if "interval_lookup" in layers:
        return layers["interval_lookup"](by_reference, told, logits)
    own = layers["interval_of_pitch"](told["own"])
    scores = sum(_taken(layers[f"{name}_logits"](told[name]), own) for name in PAIR_NAMES)
    for number, name in enumerate(REFERENCES):
        intervals = own if name == "own" else layers["interval_of_pitch"](told[name])
        scores = scores + _taken(by_reference, intervals, number * INTERVALS)
    scores = scores + _taken(by_reference, layers["degree_of_pitch"](told["key"]), DEGREES)
    for number, name in enumerate(PAIR_NAMES):
        relations = _taken(layers["relation_of_interval"](told[name]), own)
        scores = scores + _taken(by_reference, relations, relations_of(number))
    return logits + layers["pitch_logits"](scores)


def relations() -> npt.NDArray[np.float32]:
    """Numbers how a voice moves by each interval beside a pair, [PAIRS, INTERVALS]; 0 where a note is missing.

    What counts are the class of the interval before and the kind of the motion: both stay, the own voice or the
    other one stays, they move in parallel, in similar or in contrary motion.
    """
    pair, interval = np.arange(PAIRS)[:, None] - 1, np.arange(INTERVALS)[None]
    upper, own = pair % MOTIONS - OCTAVE, interval + LOWEST - 1
    kinds = [(upper == 0) & (own == 0), own == 0, upper == 0, upper == own, upper * own > 0]
    relation = pair // MOTIONS * _KINDS_OF_MOTION + np.select(kinds, range(5), 5) + 1
    return np.where((pair >= 0) & (interval > 0), relation, 0).astype(np.float32)


def _taken(scores: object, numbers: object, first: int = 0) -> object:
    """Takes for each pitch the score of its number, from an index on."""
    return keras.ops.take_along_axis(scores, keras.ops.cast(numbers, "int32") + first, axis=-1)
