"""The phrase that a song says it comes back to (`again:2`), told token by token.

A network that has said that a phrase is the one before the last need not find its way: what stood there is told.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from typing import Any

import tensorflow as tf

from nabi.music.phrase_tokens import FURTHEST

# Numbers that are kept of each song: how far back the first token of each of the latest phrases stands, the latest
# phrase first, how far back the token stands that is told, and whether a phrase's first token is awaited. Distances are
# counted from 1, the last token; 0 is none.
STATE = FURTHEST + 2


def follow(tables: dict[str, Any], token_B: Any, history_BxH: Any, state: Any) -> tuple[Any, Any]:
    """Reads one more token of each song.

    Args:
      tables: of `SongMemory`, float32 [V] each: `phrases`, `returns`, `plans`.
      token_B: int32.
      history_BxH: float32, ids of the tokens up to this one, the latest first.
      state: float32 [B, STATE]; zeros before a song.

    Returns:
      The id of the token that follows in the earlier phrase, float32 [B], 0 where none is known, and the state after
      the token. The two phrases are read in step.
    """
    lengths, back, plans = (tf.gather(tables[name], token_B) for name in ("phrases", "returns", "plans"))
    is_new = (lengths > 0) & (back == 0)
    marks_BxM, place, awaited = state[:, :-2], state[:, -2], state[:, -1]
    marks_BxM = tf.where(marks_BxM > 0, marks_BxM + 1.0, 0.0)
    index_B = tf.maximum(tf.cast(back, tf.int32) - 1, 0)
    named = tf.gather(marks_BxM, index_B, axis=1, batch_dims=1)
    # As each token is read the one told stands one further back, and so does the next: the distance stays. A token that
    # is no music is no part of either phrase.
    place = tf.where(back > 0, named, tf.where((place > 0) & (plans > 0), place + 1.0, place))
    place = tf.where(is_new, 0.0, place)
    begins = (awaited > 0) & (plans == 0)
    pushed_BxM = tf.concat([tf.ones_like(marks_BxM[:, :1]), marks_BxM[:, :-1]], axis=1)
    marks_BxM = tf.where(begins[:, None], pushed_BxM, marks_BxM)
    awaited = tf.where(is_new | (back > 0), 1.0, tf.where(plans > 0, awaited, 0.0))
    size = history_BxH.shape[1]
    at_B = tf.clip_by_value(tf.cast(place, tf.int32) - 1, 0, size - 1)
    told_B = tf.gather(history_BxH, at_B, axis=1, batch_dims=1)
    told_B = tf.where((place > 0) & (place <= size), told_B, 0.0)
    return told_B, tf.concat([marks_BxM, place[:, None], awaited[:, None]], axis=1)
