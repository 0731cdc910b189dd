"""Intervals around the next note, told to a network beside the song's past.

A melody and a rule of counterpoint are about intervals and degrees of the scale, and the same in every key. A network
that is told names of notes only must learn each of them once a key.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from collections.abc import Callable
from typing import Any

import tensorflow as tf

# Notes of the present slice that are told of: its highest, its lowest and its latest one; each once.
NEIGHBOURS = ("top", "bottom", "latest")
# Notes of the slice before that come after the next note's voice.
FOLLOWING = 3
PITCHES = 128
KEYS = 24
# Intervals in semitones that are told apart; wider ones count as these.
LOWEST, HIGHEST = -37, 37
INTERVALS = HIGHEST - LOWEST + 2
# Motions of a voice, -12..12 semitones, told apart for each class of its interval before.
OCTAVE = 12
MOTIONS = 2 * OCTAVE + 1
PAIRS = OCTAVE * MOTIONS + 1

_AFTER = tuple(f"following_{k}" for k in range(1, FOLLOWING + 1))
# The highest and the lowest note at the phrase's end.
CADENCE = ("cadence_top", "cadence_bottom")
# The pitch of the last note in the next note's voice, of the notes of its slice, and of the phrase's cadence.
REFERENCES = ("own", *NEIGHBOURS, *CADENCE)
# How each of these notes moved from which interval to the voice of the next note.
PAIR_NAMES = tuple(f"pair_{name}" for name in NEIGHBOURS)
# Name of what is told -> its number of values, 0 is none.
SIZES = {
    **dict.fromkeys(REFERENCES, PITCHES + 1),
    **{f"{kind}_{name}": INTERVALS for kind in ("moved", "was_apart", "is_apart") for name in NEIGHBOURS},
    **{f"to_{name}": INTERVALS for name in (*_AFTER, *CADENCE)},
    **dict.fromkeys(PAIR_NAMES, PAIRS),
    **{f"degree_of_{name}": KEYS + 1 for name in (*REFERENCES, *_AFTER)},
    "key": KEYS + 1,
}


def told(
    pitches_V: Any, aligned_B: Any, before: Any, current: Any, key_B: Any, cadence: tuple[Any, Any]
) -> dict[str, Any]:
    """Tells the intervals around the next note.

    Args:
      pitches_V: of `SongMemory`.
      aligned_B: float32, id of the last note of the next note's voice, or of what is no note.
      before, current: the slice before and the present one, ids float32 [B, S], and their lengths in the last column.
      key_B: 1..24, in the order of `nabi.music.keys.KEY_NAMES`; 0: none.
      cadence: pitches [B], 1..128, for each of `CADENCE`; 0: none.

    Returns:
      Name -> float32 [B], by the names and within the sizes of `SIZES`.
    """
    place_B = tf.cast(current[:, -1], tf.int32)
    pitch = _reader(pitches_V, int(before.shape[1]) - 1)
    own_B = tf.gather(pitches_V, tf.cast(aligned_B, tf.int32))
    pitches, parts = {"own": own_B}, {}
    for name, at_B in zip(
        NEIGHBOURS, _neighbours(tf.gather(pitches_V, tf.cast(current[:, :-1], tf.int32))), strict=True
    ):
        now_B, last_B = pitch(current, at_B), pitch(before, at_B)
        parts |= {f"moved_{name}": _interval(last_B, now_B), f"was_apart_{name}": _interval(last_B, own_B)}
        parts |= {f"is_apart_{name}": _interval(now_B, own_B), f"pair_{name}": _pair(now_B, last_B, own_B)}
        pitches[name] = now_B
    pitches |= dict(zip(CADENCE, cadence, strict=True))
    following = {name: pitch(before, place_B + k) for k, name in enumerate(_AFTER, 1)}
    for name, pitch_B in {**following, **dict(zip(CADENCE, cadence, strict=True))}.items():
        parts[f"to_{name}"] = _interval(own_B, pitch_B)
    degrees = {f"degree_of_{name}": _degree(pitch_B, key_B) for name, pitch_B in {**pitches, **following}.items()}
    return {**pitches, **parts, **degrees, "key": key_B}


def _neighbours(pitches_BxS: Any) -> tuple[Any, Any, Any]:
    """Finds the places of a slice's highest, lowest and latest note, int32 [B] each; -1 of one that was named before.

    Args:
      pitches_BxS: 1..128, 0 where there is no note.
    """
    slots = pitches_BxS.shape[1]
    place_S = tf.range(slots, dtype=tf.float32)
    sounds_BxS = pitches_BxS > 0
    # The greatest of these is the wanted note; argmax is several times slower.
    best = [
        tf.where(sounds_BxS, pitches_BxS * slots + place_S, -1.0),
        tf.where(sounds_BxS, (PITCHES - pitches_BxS) * slots + place_S, -1.0),
        tf.where(sounds_BxS, place_S, -1.0),
    ]
    top_B, bottom_B, latest_B = (tf.cast(tf.reduce_max(values, axis=1), tf.int32) for values in best)
    top_B, bottom_B = (tf.where(at_B >= 0, at_B % slots, -1) for at_B in (top_B, bottom_B))
    latest_B = tf.where((latest_B == top_B) | (latest_B == bottom_B), -1, latest_B)
    return top_B, tf.where(bottom_B == top_B, -1, bottom_B), latest_B


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
    """Numbers the interval class of two voices and the motion of the other one, 1..; 0 where a note is missing."""
    motion_B = tf.clip_by_value(now_B - last_B, -float(OCTAVE), float(OCTAVE)) + OCTAVE
    number_B = (last_B - own_B) % OCTAVE * MOTIONS + motion_B + 1.0
    return tf.where((now_B > 0) & (last_B > 0) & (own_B > 0), number_B, 0.0)


def _degree(pitch_B: Any, key_B: Any) -> Any:
    """Numbers the semitones above the tonic, 1..12 in major and 13..24 in minor; 0 without a note or a key."""
    tonic_B, minor_B = (key_B - 1.0) % 12.0, tf.floor((key_B - 1.0) / 12.0)
    number_B = (pitch_B - 1.0 - tonic_B) % 12.0 + 12.0 * minor_B + 1.0
    return tf.where((pitch_B > 0) & (key_B > 0), number_B, 0.0)
