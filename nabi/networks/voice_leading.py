"""How voices lead: what a network is told of the intervals around the next note, and logits of intervals for it.

A melody or a rule of counterpoint is the same in every key, and about intervals. A network that has only the names of
notes must learn each once a key. Here it is told intervals, and may raise the logits of notes by their interval from the
last note of their own voice and from the notes just above: what it learns of them it knows of all keys.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

# Notes just above in the slice that count: all of a fourth voice.
ABOVE = 3
PITCHES = 128
# Intervals in semitones that are told apart; wider ones count as these.
_LOWEST, _HIGHEST = -37, 13
INTERVALS = _HIGHEST - _LOWEST + 2
# Integers told of a token: the pitches of the aligned note and of those above, then three intervals for each of these.
REFERENCES = 1 + ABOVE
# Then the scale degrees of these pitches and the key, and how each voice above moved from which interval.
TOLD = REFERENCES + 3 * ABOVE + REFERENCES + 1 + ABOVE
# Motions of a voice, -12..12 semitones, that are told apart from each interval class.
_OCTAVE = 12
_MOTIONS = 2 * _OCTAVE + 1
_PAIRS = _OCTAVE * _MOTIONS + 1
_KEYS = 24
_WIDTH = 8


def told(pitches_V: Any, before: Any, current: Any, key_B: Any) -> list[Any]:
    """Tells the intervals around the next note.

    Args:
      pitches_V: of `SongMemory`.
      before, current: the slice before and the present one, ids float32 [B, S], and their lengths in the last column.

    Returns:
      `TOLD` parts, float32 [B]: pitches 0..128; then of each note above, the nearest first: how far its voice moved, how
      far the two voices were apart, and how far the note is from the last one of the next voice; 0 where there is none.
      Then the degree of each of these pitches in the key, 1..24, and the key.
    """
    slots = int(before.shape[1]) - 1
    place_B = tf.cast(current[:, -1], tf.int32)

    def pitch(slice_BxS: Any, at_B: Any) -> Any:
        """Returns the pitch at a place of a slice."""
        inside_B = (at_B >= 0) & (at_B < slots)
        token_B = tf.gather(slice_BxS, tf.clip_by_value(at_B, 0, slots - 1), axis=1, batch_dims=1)
        return tf.where(inside_B, tf.gather(pitches_V, tf.cast(token_B, tf.int32)), 0.0)

    own_B = pitch(before, place_B)
    above = [(pitch(current, place_B - k), pitch(before, place_B - k)) for k in range(1, REFERENCES)]
    intervals = [
        interval
        for now_B, last_B in above
        for interval in (_interval(last_B, now_B), _interval(last_B, own_B), _interval(now_B, own_B))
    ]
    pitches = [own_B, *(now_B for now_B, _ in above)]
    degrees = [_degree(pitch_B, key_B) for pitch_B in pitches]
    return [*pitches, *intervals, *degrees, key_B, *(_pair(*voice, own_B) for voice in above)]


def _pair(now_B: Any, last_B: Any, own_B: Any) -> Any:
    """Numbers the interval class of two voices and the motion of the upper one, from 1 on; 0 where a note is missing."""
    motion_B = tf.clip_by_value(now_B - last_B, -float(_OCTAVE), float(_OCTAVE)) + _OCTAVE
    pair_B = (last_B - own_B) % _OCTAVE * _MOTIONS + motion_B + 1.0
    return tf.where((now_B > 0) & (last_B > 0) & (own_B > 0), pair_B, 0.0)


def _degree(pitch_B: Any, key_B: Any) -> Any:
    """Numbers the semitones above the tonic, 1..12 in major and 13..24 in minor; 0 without a note or a key."""
    tonic_B, minor_B = (key_B - 1.0) % 12.0, tf.floor((key_B - 1.0) / 12.0)
    degree_B = (pitch_B - 1.0 - tonic_B) % 12.0 + 12.0 * minor_B + 1.0
    return tf.where((pitch_B > 0) & (key_B > 0), degree_B, 0.0)


def _interval(low_B: Any, high_B: Any) -> Any:
    """Numbers an interval 1..`INTERVALS` - 1; 0 where one of the notes is missing."""
    interval_B = tf.clip_by_value(high_B - low_B, float(_LOWEST), float(_HIGHEST)) - _LOWEST + 1.0
    return tf.where((low_B > 0) & (high_B > 0), interval_B, 0.0)


def leading_layers(size: int, spread: object) -> list[keras.layers.Layer]:
    """Makes the layers for a vocabulary of a size; `spread` is the initializer of embeddings."""
    layers = keras.layers
    return [
        *(
            layers.Embedding(INTERVALS, _WIDTH, embeddings_initializer=spread, name=f"interval_{number}")
            for number in range(3 * ABOVE)
        ),
        *(
            layers.Embedding(_KEYS + 1, _WIDTH, embeddings_initializer=spread, name=f"degree_{number}")
            for number in range(REFERENCES + 1)
        ),
        *(
            layers.Embedding(
                _PAIRS, INTERVALS, embeddings_initializer="zeros", dtype="float32", name=f"pair_{number}_logits"
            )
            for number in range(ABOVE)
        ),
        layers.Embedding(PITCHES + 1, PITCHES, trainable=False, name="intervals_of_pitch"),
        layers.Embedding(_KEYS + 1, PITCHES, trainable=False, name="degrees_of_key"),
        layers.Dense(
            REFERENCES * INTERVALS + _KEYS + 1, kernel_initializer="zeros", dtype="float32", name="interval_logits"
        ),
        layers.Dense(size, use_bias=False, trainable=False, dtype="float32", name="pitch_logits"),
    ]


def keep_tables(model: keras.Model, pitches_V: Any, strikes_V: Any) -> None:
    """Writes the fixed tables into a network: the number of each note's interval from each pitch, the ids of notes."""
    numbers = np.arange(PITCHES)[None] - np.arange(PITCHES)[:, None]
    table = np.clip(numbers, _LOWEST, _HIGHEST) - _LOWEST + 1
    model.get_layer("intervals_of_pitch").set_weights([np.concatenate([np.zeros((1, PITCHES)), table])])
    degrees = (np.arange(PITCHES)[None] - np.arange(_KEYS)[:, None]) % 12 + np.arange(_KEYS)[:, None] // 12 * 12 + 1
    model.get_layer("degrees_of_key").set_weights([np.concatenate([np.zeros((1, PITCHES)), degrees])])
    notes = np.arange(1, PITCHES + 1)[:, None] == np.where(strikes_V, pitches_V, 0)
    model.get_layer("pitch_logits").set_weights([notes.astype(np.float32)])


def intervals(layers: Mapping[str, Callable], parts: Sequence) -> list:
    """Returns the vectors of the intervals that `told` tells."""
    begin, end = REFERENCES, REFERENCES + 3 * ABOVE
    parts = parts[:-ABOVE]
    by_name = [(f"interval_{number}", part) for number, part in enumerate(parts[begin:end])]
    by_name += [(f"degree_{number}", part) for number, part in enumerate(parts[end:])]
    return [layers[name](part) for name, part in by_name]


def logits_of(layers: Mapping[str, Callable], values: object, parts: Sequence) -> object:
    """Returns the logits that intervals add to each id."""
    by_interval = layers["interval_logits"](values)
    pairs = [layers[f"pair_{number}_logits"](pair) for number, pair in enumerate(parts[-ABOVE:])]
    index = keras.ops.cast(layers["intervals_of_pitch"](parts[0]), "int32")
    scores = keras.ops.take_along_axis(keras.ops.sum(keras.ops.stack(pairs), axis=0), index, axis=-1)
    for number, pitch in enumerate(parts[:REFERENCES]):
        index = keras.ops.cast(layers["intervals_of_pitch"](pitch), "int32") + number * INTERVALS
        scores = scores + keras.ops.take_along_axis(by_interval, index, axis=-1)
    index = keras.ops.cast(layers["degrees_of_key"](parts[-1 - ABOVE]), "int32") + REFERENCES * INTERVALS
    scores = scores + keras.ops.take_along_axis(by_interval, index, axis=-1)
    return layers["pitch_logits"](scores)
