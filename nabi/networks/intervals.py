"""Intervals around the next note, told to a network beside the song's past.

A melody and a rule of counterpoint are about intervals and degrees of the scale, and the same in every key. A network
that is told names of notes only must learn each of them once a key.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from collections.abc import Callable
from typing import Any

import tensorflow as tf

# Notes above the next one in its slice, and notes below its voice in the slice before, that are told of.
NEIGHBOURS = 3
PITCHES = 128
KEYS = 24
# Intervals in semitones that are told apart; wider ones count as these.
LOWEST, HIGHEST = -37, 13
INTERVALS = HIGHEST - LOWEST + 2
# Motions of a voice, -12..12 semitones, told apart for each class of its interval before.
OCTAVE = 12
MOTIONS = 2 * OCTAVE + 1
PAIRS = OCTAVE * MOTIONS + 1

_ABOVE = range(1, NEIGHBOURS + 1)
# The highest and the lowest note at the phrase's end.
CADENCE = ("cadence_top", "cadence_bottom")
# The pitch of the last note in the next note's voice, of the notes above it in its slice, the nearest first, and of the
# phrase's cadence.
REFERENCES = ("own", *(f"above_{k}" for k in _ABOVE), *CADENCE)
# How each of these notes moved from which interval to the voice of the next note.
PAIR_NAMES = tuple(f"pair_{k}" for k in _ABOVE)
# Name of what is told -> its number of values, 0 is none.
SIZES = {
    **dict.fromkeys(REFERENCES, PITCHES + 1),
    **{f"{kind}_{k}": INTERVALS for kind in ("moved", "was_apart", "is_apart", "below") for k in _ABOVE},
    **{f"to_{name}": INTERVALS for name in CADENCE},
    **dict.fromkeys(PAIR_NAMES, PAIRS),
    **{f"degree_of_{name}": KEYS + 1 for name in (*REFERENCES, *(f"below_{k}" for k in _ABOVE))},
    "key": KEYS + 1,
}


def told(pitches_V: Any, before: Any, current: Any, key_B: Any, cadence: tuple[Any, Any]) -> dict[str, Any]:
    """Tells the intervals around the next note.

    Args:
      pitches_V: of `SongMemory`.
      before, current: the slice before and the present one, ids float32 [B, S], and their lengths in the last column.
      key_B: 1..24, in the order of `nabi.music.keys.KEY_NAMES`; 0: none.
      cadence: pitches [B], 1..128, for each of `CADENCE`; 0: none.

    Returns:
      Name -> float32 [B], by the names and within the sizes of `SIZES`.
    """
    place_B = tf.cast(current[:, -1], tf.int32)
    pitch = _reader(pitches_V, int(before.shape[1]) - 1)
    own_B = pitch(before, place_B)
    pitches, parts = {"own": own_B}, {}
    for k in _ABOVE:
        now_B, last_B = pitch(current, place_B - k), pitch(before, place_B - k)
        below_B = pitch(before, place_B + k)
        parts |= {f"moved_{k}": _interval(last_B, now_B), f"was_apart_{k}": _interval(last_B, own_B)}
        parts |= {f"is_apart_{k}": _interval(now_B, own_B), f"below_{k}": _interval(own_B, below_B)}
        parts |= {f"pair_{k}": _pair(now_B, last_B, own_B), f"degree_of_below_{k}": _degree(below_B, key_B)}
        pitches[f"above_{k}"] = now_B
    for name, pitch_B in zip(CADENCE, cadence, strict=True):
        pitches[name], parts[f"to_{name}"] = pitch_B, _interval(own_B, pitch_B)
    degrees = {f"degree_of_{name}": _degree(pitch_B, key_B) for name, pitch_B in pitches.items()}
    return {**pitches, **parts, **degrees, "key": key_B}


def _reader(pitches_V: Any, slots: int) -> Callable[[Any, Any], Any]:
    def pitch(slice_BxS: Any, at_B: Any) -> Any:
        """Returns the pitch at a place of a slice, 1..128; 0 where there is no note."""
        token_B = tf.gather(slice_BxS, tf.clip_by_value(at_B, 0, slots - 1), axis=1, batch_dims=1)
        return tf.where((at_B >= 0) & (at_B < slots), tf.gather(pitches_V, tf.cast(token_B, tf.int32)), 0.0)

    return pitch


def _interval(from_B: Any, to_B: Any) -> Any:
    """Numbers an interval 1..`INTERVALS` - 1; 0 where one of the notes is missing."""
    number_B = tf.clip_by_value(to_B - from_B, float(LOWEST), float(HIGHEST)) - LOWEST + 1.0
    return tf.where((from_B > 0) & (to_B > 0), number_B, 0.0)


def _pair(now_B: Any, last_B: Any, own_B: Any) -> Any:
    """Numbers the interval class of two voices and the motion of the upper one, 1..; 0 where a note is missing."""
    motion_B = tf.clip_by_value(now_B - last_B, -float(OCTAVE), float(OCTAVE)) + OCTAVE
    number_B = (last_B - own_B) % OCTAVE * MOTIONS + motion_B + 1.0
    return tf.where((now_B > 0) & (last_B > 0) & (own_B > 0), number_B, 0.0)


def _degree(pitch_B: Any, key_B: Any) -> Any:
    """Numbers the semitones above the tonic, 1..12 in major and 13..24 in minor; 0 without a note or a key."""
    tonic_B, minor_B = (key_B - 1.0) % 12.0, tf.floor((key_B - 1.0) / 12.0)
    number_B = (pitch_B - 1.0 - tonic_B) % 12.0 + 12.0 * minor_B + 1.0
    return tf.where((pitch_B > 0) & (key_B > 0), number_B, 0.0)
