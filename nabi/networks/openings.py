"""The opening of a song, told again: many forms come back to it, such as bar form (AAB), rondos and verses.

A network finds the way through a repeat by the memory's continuation, but must decide at one place of a song to begin
it, and learns that from one place a song. Here a reader stands at the opening's first token, goes on with each token
that is like the opening's, and returns. What it would read next, how well it agreed and how far it ever came are told.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from typing import Any

import tensorflow as tf

# Tokens of the opening that are remembered.
OPENING = 256
# Numbers that are kept of each song: the opening's length, whether a note has sounded, the reader's place, its run, its
# longest run, and the id of the first bar's number.
COUNTERS = 6
# A run that one differing token does not end.
_FIRM = 2


def follow(tables: dict[str, Any], token_B: Any, opening_BxO: Any, counters: Any) -> tuple[list, Any, Any]:
    """Reads one more token of each song.

    Args:
      tables: of `SongMemory`, float32 [V] each: `sounds`, `ticks`, `bars`, `plans`.
      token_B: int32.
      opening_BxO: float32, ids of the opening's tokens: from the slice of the first note on, without the song's plan.
      counters: float32 [B, COUNTERS]; zeros before a song, as the opening.

    Returns:
      The id of the token that follows in the opening, the run of tokens that agreed, its greatest value so far, and
      the first bar's id, float32 [B] each; then the opening and the counters after the token.
    """
    sounds, ticks, bars, plans = (tf.gather(tables[name], token_B) for name in ("sounds", "ticks", "bars", "plans"))
    length, begun, place, run, longest, first_bar = tf.unstack(counters, axis=1)
    new_place, new_run = _read(tables, token_B, opening_BxO, counters)
    place, run = tf.where(plans > 0, place, new_place), tf.where(plans > 0, run, new_run)

    # Until the first note the opening is only the place where its slice begins: silence before is no part of it.
    begun = tf.maximum(begun, sounds)
    is_silence = (begun == 0) & (ticks > 0)
    length = tf.where(is_silence, 0.0, length)
    index = tf.where(begun > 0, length, 0.0)
    writes = (plans == 0) & ~is_silence & (index < OPENING)
    token = tf.cast(token_B, tf.float32)
    is_index = (tf.range(OPENING, dtype=tf.float32) == index[:, None]) & writes[:, None]
    opening_BxO = tf.where(is_index, token[:, None], opening_BxO)
    length = tf.where(writes, index + 1.0, length)

    longest = tf.maximum(longest, run)
    first_bar = tf.where((first_bar == 0) & (bars > 0), token, first_bar)
    follows = tf.where((begun > 0) & (place < length), _token_at(opening_BxO, place), 0.0)
    counters = tf.stack([length, begun, place, run, longest, first_bar], axis=1)
    return [follows, run, longest, first_bar], opening_BxO, counters


def _read(tables: dict[str, Any], token_B: Any, opening_BxO: Any, counters: Any) -> tuple[Any, Any]:
    """Moves the reader by a token; returns its place and its run, [B] each."""
    length, begun, place, run, *_ = tf.unstack(counters, axis=1)
    token = tf.cast(token_B, tf.float32)
    sounds, ticks, bars = (tf.gather(tables[name], token_B) for name in ("sounds", "ticks", "bars"))

    def agrees(other: Any) -> Any:
        """Compares with a token of the opening; bars agree, whatever their numbers."""
        return (other == token) | ((bars > 0) & (_looked_up(tables["bars"], other) > 0))

    def is_alike(other: Any) -> Any:
        """Tells whether a token of the opening does the same as this one with another note or length."""
        return (_looked_up(tables["sounds"], other) == sounds) & (
            (_looked_up(tables["ticks"], other) > 0) == (ticks > 0)
        )

    expected = _token_at(opening_BxO, place)
    reads = (begun > 0) & (place < length)
    goes_on = reads & agrees(expected)
    slips = reads & is_alike(expected) & (run >= _FIRM)
    starts = tf.cast((begun > 0) & agrees(opening_BxO[:, 0]), tf.float32)
    place = tf.where(goes_on | slips, place + 1.0, starts)
    return place, tf.where(goes_on, run + 1.0, tf.where(slips, tf.floor(run / 2.0), starts))


def _token_at(opening_BxO: Any, place_B: Any) -> Any:
    index_B = tf.minimum(tf.cast(place_B, tf.int32), OPENING - 1)
    return tf.gather(opening_BxO, index_B, axis=1, batch_dims=1)


def _looked_up(table_V: Any, id_B: Any) -> Any:
    return tf.gather(table_V, tf.cast(id_B, tf.int32))
