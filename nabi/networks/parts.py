"""Tells each part of a band its own past: its last notes, and the bars before, at the place of the next token.

In the tokens of a band the notes of all parts are mixed, and the run of equal tokens by which a network finds its way
through a repeat ends as soon as one part plays something else. Here each part is told its own past: the chord that it
played last, and what stood one, two and four bars ago at the same place of the same part; and which part comes next of
those that the song said it has.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from nabi.music.encodings.band_reduction import DRUMS

# Programs, and the drums beyond them, numbered from 1; 0 is none.
PARTS = DRUMS + 1
# Notes of a chord that are told.
CHORD = 4
# Bars that are looked back.
BARS = (1, 2, 4)
# The tokens that are told.
NAMES = (*(f"bars_ago_{bars}" for bars in BARS), "next_part")
# Kinds of tokens, and notes of a part in a slice, that are told apart.
_KINDS, _NOTES = 32, 32


class _Present(NamedTuple):
    """The present part, float32 [B] each.

    Attributes:
      part: its number; 0: none was named.
      program: number of the one that was named last, whose notes come where nothing else is said.
      notes: its notes in the present slice.
      begun: 1 if a part has played in the present slice, else 0.
    """

    part: Any
    program: Any
    notes: Any
    begun: Any


def sizes(tokens: int) -> list[int]:
    """Returns the widths of the parts of the state, where so many tokens are remembered."""
    return [tokens, tokens, PARTS * CHORD, CHORD, PARTS, len(_Present._fields)]


def follow(
    tables: dict[str, Any], token_B: Any, kind_B: Any, bar_B: Any, history_BxH: Any, state: list[Any]
) -> tuple[list[Any], Any, list[Any]]:
    """Reads one more token of each song.

    Args:
      tables: of `SongMemory`, float32 [V] each: `ticks`, `sounds`, `players`, `parts`, `owned`.
      token_B: int32.
      kind_B: float32, number of the token's kind.
      bar_B: float32, ticks of a bar; 0: not known.
      history_BxH: float32, ids of the tokens up to this one, the latest first.
      state: float32 parts, [B, size] each by `sizes`; zeros before a song: where each token stands in its slice, and
        how many ticks ago that began; the last chord of each part before this slice, and that of the present part in
        it; the parts that the song has; and the present part.

    Returns:
      The ids of `NAMES`, float32 [B] each, 0 where there is none; the id at the next note's place of the chord that
      the present part played last; and the state after the token.
    """
    places_BxH, ages_BxH, chords_BxC, chord_BxC, has_BxP, present = state
    ticks, owned, part = (tf.gather(tables[name], token_B) for name in ("ticks", "owned", "parts"))
    chords_BxC, chord_BxC, now = _played(tables, token_B, chords_BxC, chord_BxC, _Present(*tf.unstack(present, axis=1)))
    note_B = tf.where(owned > 0, now.part * _NOTES + tf.minimum(now.notes, _NOTES - 1.0), 0.0)
    places_BxH = _pushed(places_BxH, note_B * _KINDS + kind_B + 1.0)
    ages_BxH = _pushed(ages_BxH, tf.zeros_like(ticks))
    ago = [_stood(places_BxH, ages_BxH, history_BxH, bars * bar_B) for bars in BARS]
    has_BxP = tf.maximum(has_BxP, tf.one_hot(tf.cast(part, tf.int32) - 1, PARTS))
    told = [*ago, _next_part(tables["parts"], has_BxP, now.part * now.begun)]
    state = [places_BxH, ages_BxH + ticks[:, None], chords_BxC, chord_BxC, has_BxP, tf.stack(now, axis=1)]
    return told, _in_chord(chords_BxC, now), state


def _played(
    tables: dict[str, Any], token_B: Any, chords_BxC: Any, chord_BxC: Any, now: _Present
) -> tuple[Any, Any, _Present]:
    """Adds a token to the chord of its part; a chord is kept when another part goes on, and when the slice ends."""
    ticks, sounds, player, owned = (
        tf.gather(tables[name], token_B) for name in ("ticks", "sounds", "players", "owned")
    )
    program = tf.where((player > 0) & (player < PARTS), player, now.program)
    part = tf.where(player > 0, player, tf.where((sounds > 0) | (ticks > 0), program, now.part))
    is_over_B = (ticks > 0) | (part != now.part)
    is_own_PxC = tf.range(PARTS * CHORD) // CHORD == tf.cast(now.part, tf.int32)[:, None] - 1
    keeps_Bx1 = (is_over_B & (now.notes > 0))[:, None]
    chords_BxC = tf.where(is_own_PxC & keeps_Bx1, tf.tile(chord_BxC, [1, PARTS]), chords_BxC)
    notes = tf.where(is_over_B, 0.0, now.notes)
    is_note_B = (sounds > 0) | (player == PARTS)
    is_place = (tf.range(CHORD, dtype=tf.float32) == notes[:, None]) & is_note_B[:, None]
    chord_BxC = tf.where(is_over_B[:, None], 0.0, chord_BxC)
    chord_BxC = tf.where(is_place, tf.cast(token_B, tf.float32)[:, None], chord_BxC)
    begun = tf.where(ticks > 0, 0.0, tf.maximum(now.begun, owned))
    return chords_BxC, chord_BxC, _Present(part, program, notes + tf.cast(is_note_B, tf.float32), begun)


def _stood(places_BxH: Any, ages_BxH: Any, history_BxH: Any, ago_B: Any) -> Any:
    """Returns the id that came after the token that stood so many ticks ago where the last one stands; 0: none did."""
    size = history_BxH.shape[1]
    is_there = (places_BxH == places_BxH[:, :1]) & (ages_BxH == ago_B[:, None]) & (ago_B[:, None] > 0)
    index_B = tf.reduce_max(tf.where(is_there, tf.range(size, dtype=tf.float32), 0.0), axis=1)
    after_B = tf.gather(history_BxH, tf.maximum(tf.cast(index_B, tf.int32) - 1, 0), axis=1, batch_dims=1)
    return tf.where(index_B > 0, after_B, 0.0)


def _next_part(parts_V: Any, has_BxP: Any, reached_B: Any) -> Any:
    """Returns the id that names the song's next part after a number, 0 after the last one."""
    number_P = tf.range(1, PARTS + 1, dtype=tf.float32)
    comes_BxP = (has_BxP > 0) & (number_P > reached_B[:, None])
    number_B = tf.reduce_min(tf.where(comes_BxP, number_P, PARTS + 1.0), axis=1)
    ids = np.zeros(PARTS + 2, np.float32)
    named_V = np.asarray(parts_V, np.int64)
    ids[named_V[named_V > 0]] = np.flatnonzero(named_V > 0)
    return tf.gather(ids, tf.cast(number_B, tf.int32))


def _in_chord(chords_BxC: Any, now: _Present) -> Any:
    """Returns the id at the next note's place of the last chord of the present part; 0 where it had no such note."""
    index_B = tf.cast((now.part - 1.0) * CHORD + now.notes, tf.int32)
    id_B = tf.gather(chords_BxC, tf.clip_by_value(index_B, 0, PARTS * CHORD - 1), axis=1, batch_dims=1)
    return tf.where((now.part > 0) & (now.notes < CHORD), id_B, 0.0)


def _pushed(values_BxH: Any, value_B: Any) -> Any:
    return tf.concat([value_B[:, None], values_BxH[:, :-1]], axis=1)
