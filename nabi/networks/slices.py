"""The slice before and the present one, told at the place of the next token: of a voice, its last note.

A slice ends with the token that moves the time. Where all that sounds is written a voice keeps its place in it, also
where two voices meet on one note.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from typing import Any

import tensorflow as tf

# Tokens of a slice that are aligned.
SLICE = 16
# Widths of the slice before and of the present one, each with its length, and of the ages of the former's notes.
SIZES = (SLICE + 1, SLICE + 1, SLICE)


def follow(
    tables: dict[str, Any], token_B: Any, before: Any, current: Any, ages_BxS: Any, voices_B: Any
) -> tuple[tuple[Any, Any], Any, Any, Any]:
    """Adds a token to the present slice.

    Args:
      tables: of `SongMemory`, float32 [V] each: `ticks`, `pitches`, `strikes`, `plans`.
      token_B: int32.
      before, current: ids of the slices, float32 [B, SLICE], and their lengths in the last column.
      ages_BxS: for how many ticks each note of the slice before has sounded.
      voices_B: notes of the song's first slice.

    Returns:
      The id at the next place of the slice before, and for how many ticks its note has sounded, float32 [B] each; then
      the two slices and the ages after the token.
    """
    ticks_Bx1, plans_Bx1 = (tf.gather(tables[name], token_B)[:, None] for name in ("ticks", "plans"))
    pitches_V, length_B = tf.constant(tables["pitches"]), current[:, -1]
    # What is no music takes no place: a voice keeps its own in a slice that begins a phrase.
    is_place = (tf.range(SLICE + 1, dtype=tf.float32) == length_B[:, None]) & (plans_Bx1 == 0)
    # Tokens beyond the last place are forgotten; the length stays.
    length_Bx1 = tf.minimum(length_B[:, None] + tf.cast(plans_Bx1 == 0, tf.float32), float(SLICE))
    token_Bx1 = tf.cast(token_B, tf.float32)[:, None]
    current = tf.concat([tf.where(is_place, token_Bx1, current)[:, :-1], length_Bx1], axis=1)
    is_held_V = (tables["pitches"] > 0) & (tables["strikes"] == 0)
    # Where all that sounds is written a missing note means that two voices are on one.
    full = _by_voices(current, voices_B) if is_held_V.any() else current
    is_held_BxS = tf.gather(is_held_V, tf.cast(full[:, :-1], tf.int32))
    ends_Bx1 = ticks_Bx1 > 0
    ages_BxS = tf.where(ends_Bx1, ticks_Bx1 + tf.where(is_held_BxS, ages_BxS, 0.0), ages_BxS)
    before, current = tf.where(ends_Bx1, full, before), tf.where(ends_Bx1, 0.0, current)
    next_B = tf.cast(current[:, -1], tf.int32)
    aligned_B, sounded_B = (
        tf.where(next_B < SLICE, tf.gather(part, tf.minimum(next_B, SLICE - 1), axis=1, batch_dims=1), 0.0)
        for part in (before, ages_BxS)
    )
    is_note_B = tf.gather(pitches_V, tf.cast(aligned_B, tf.int32)) > 0
    return (aligned_B, tf.where(is_note_B, sounded_B, 0.0)), before, current, ages_BxS


def _by_voices(slice_BxS: Any, voices_B: Any) -> Any:
    """Writes a slice of fewer notes than voices with a note for each, so that every voice keeps its place.

    Args:
      slice_BxS: ids of a place, of the outer notes, of those between from the top down, and of a length; the last
        column is the number of these.
      voices_B: notes of a slice in which no two voices meet.

    Returns:
      The slice, with notes written twice: the lowest of those between, or of two notes for the upper half of them the
      highest and for the lower half the lowest; as it was, if it has no note or no fewer notes than voices.
    """
    length_Bx1, voices_Bx1 = slice_BxS[:, -1:], voices_B[:, None]
    notes_Bx1, place_S = length_Bx1 - 2.0, tf.range(slice_BxS.shape[1] - 1, dtype=tf.float32)
    is_upper = place_S <= tf.math.ceil(voices_Bx1 / 2.0) + 1.0
    outer = tf.where(is_upper, 1.0, tf.minimum(notes_Bx1, 2.0))
    inner = tf.where((place_S > notes_Bx1) & (notes_Bx1 < 3), outer, tf.minimum(place_S, notes_Bx1))
    index = tf.where(place_S <= voices_Bx1, inner, place_S - voices_Bx1 + notes_Bx1)
    index = tf.clip_by_value(tf.cast(index, tf.int32), 0, slice_BxS.shape[1] - 2)
    full = tf.concat([tf.gather(slice_BxS[:, :-1], index, axis=1, batch_dims=1), voices_Bx1 + 2.0], axis=1)
    is_missing_Bx1 = (notes_Bx1 > 0) & (notes_Bx1 < voices_Bx1) & (voices_Bx1 + 2.0 <= slice_BxS.shape[1] - 1)
    return tf.where(is_missing_Bx1, full, slice_BxS)
