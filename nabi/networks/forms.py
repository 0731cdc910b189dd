"""The tokens that carry a song's form on: a phrase that comes back, and one that reaches the song's end.

In bar form (AAB) the phrases up to now come back, one after another; which token says so depends on how many there are.
A network would learn each number from the few songs that have it. Told the token, it learns when to say it.
"""

# ruff: noqa: N803 - shapes stand in the names of arrays.

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from nabi.music.phrase_tokens import FURTHEST, LONGEST_PHRASE
from nabi.networks import positions

# The tokens that are told.
NAMES = ("onward", "closing")


def told(tables: dict[str, npt.NDArray[np.float32]], clock: Any, quarter: float) -> tuple[Any, Any]:
    """Tells the tokens that may begin a phrase.

    Args:
      tables: of `SongMemory`, float32 [V] each: `phrases`, `returns`.
      clock: as `positions.advance` returns it.
      quarter: ticks of a quarter note.

    Returns:
      Ids, float32 [B], by `NAMES`: `again:N` that goes on with phrases that come back, until all of them did, and after
      a new phrase the one that goes back to the first; and the length of a phrase up to the song's end, where one token
      says it. 0 where there is no such token, within a phrase, and where no bar's number has been read.
    """
    now, (_, left) = positions.Clock.read(clock), positions.rest(clock)
    goes_on = tf.where(now.returns < now.back, now.back, 0.0)
    onward = _looked_up(_ids(tables["returns"], range(FURTHEST + 1)), tf.where(now.back > 0, goes_on, now.begun))
    lengths = _ids(tables["phrases"], (quarter * whole for whole in range(LONGEST_PHRASE + 1)))
    quarters = left / quarter
    closing = tf.where(quarters == tf.floor(quarters), _looked_up(lengths, quarters), 0.0)
    begins = (now.phrase == 0) & (now.bars > 0)
    return tf.where(begins, onward, 0.0), tf.where(begins, closing, 0.0)


def _ids(numbers_V: npt.NDArray[np.float32], values: Iterable[float]) -> npt.NDArray[np.float32]:
    """Returns the id that has each number, 0 for the number 0 and where none has it."""
    found = [np.flatnonzero(numbers_V == value) if value else [] for value in values]
    return np.array([ids[0] if len(ids) else 0 for ids in found], np.float32)


def _looked_up(ids: npt.NDArray[np.float32], number_B: Any) -> Any:
    """Returns the id of each number; 0 outside the table."""
    within = (number_B >= 0) & (number_B < len(ids))
    return tf.where(within, tf.gather(ids, tf.cast(tf.where(within, number_B, 0.0), tf.int32)), 0.0)
