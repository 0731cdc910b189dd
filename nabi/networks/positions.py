"""Tells where a song is: the place in the bar, how far off its end and the phrase's are, and how long a voice has held.

Tokens say some of this, but at another place, or in two numbers that a network must learn to add: told as one, what is
learnt of a place holds in every bar, and what is learnt of the end in every song.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from typing import Any

import tensorflow as tf

# Parts of a quarter note that are told apart.
PARTS = 12
# The most quarter notes of a place, to the end, and of a note, and notes of a slice: what is more counts as this.
PLACES, LEFT, SOUNDED = 8 * PARTS, 8 * PARTS, 4 * PARTS
VOICES = 16
# Name of what is told -> its number of values, 0 is none.
SIZES = {
    "place": PLACES + 1,
    "left": LEFT + 2,
    "phrase": LEFT + 2,
    "sounded": SOUNDED + 1,
    "voice": VOICES + 1,
    "voices": VOICES + 1,
}
# Numbers that are kept of each song: the ticks of a bar and of the last one, the bars from the last bar line to the
# end, the ticks since that line, and up to the phrase's end; the notes of the present slice, and of the first one.
CLOCK = 7


def advance(tables: dict[str, Any], token_B: Any, clock: Any) -> Any:
    """Moves a song's clock by a token.

    Args:
      tables: of `SongMemory`, float32 [V] each: `ticks`, `sounds`, `bars`, `meters`, `lasts`, `phrases`.
      token_B: int32.
      clock: float32 [B, CLOCK]; zeros before a song.

    Returns:
      The clock after the token.
    """
    names = ("ticks", "sounds", "bars", "meters", "lasts", "phrases")
    ticks, sounds, bars, meters, lasts, phrases = (tf.gather(tables[name], token_B) for name in names)
    bar, last, left, since, phrase, notes, voices = tf.unstack(clock, axis=1)
    bar, last = tf.where(meters > 0, meters, bar), tf.where(lasts > 0, lasts, last)
    left, since = tf.where(bars > 0, bars, left), tf.where(bars > 0, 0.0, since + ticks)
    phrase = tf.maximum(phrase - ticks, 0.0) + phrases
    notes, voices = tf.where(ticks > 0, 0.0, notes + sounds), tf.where((ticks > 0) & (voices == 0), notes, voices)
    return tf.stack([bar, last, left, since, phrase, notes, voices], axis=1)


def rest(clock: Any) -> tuple[Any, Any]:
    """Returns the ticks of the last bar, a whole one until its length is read, and those up to the song's end, [B]."""
    bar, last, bars, since, *_ = tf.unstack(clock, axis=1)
    last = tf.where(last > 0, last, bar)
    return last, tf.where(bars > 1, (bars - 2) * bar + last + bar, last) - since


def told(clock: Any, sounded_B: Any, quarter: float) -> dict[str, Any]:
    """Tells where a song is.

    Args:
      clock: as `advance` returns it.
      sounded_B: float32, ticks.
      quarter: ticks of a quarter note.

    Returns:
      Name -> float32 [B], by the names and within the sizes of `SIZES`: the place in the bar, counted from 1; the rest
      of the song and of the phrase, counted from 1, where tokens say how long they are; and `sounded_B`; all in parts
      of a quarter note; the notes of the present slice up to now, counted from 1, and those of the song's first one:
      music keeps the number of its voices.
    """
    bar, _, bars, since, phrase, notes, voices = tf.unstack(clock, axis=1)
    _, left = rest(clock)
    place = tf.math.floormod(since, tf.maximum(bar, 1.0))
    place_B = tf.where(bar > 0, _parts(place, quarter, PLACES - 1) + 1, 0.0)
    left_B = tf.where(bars > 0, _parts(tf.maximum(left, 0.0), quarter, LEFT) + 1, 0.0)
    phrase_B = tf.where(phrase > 0, _parts(phrase, quarter, LEFT) + 1, 0.0)
    return {
        "place": place_B,
        "left": left_B,
        "phrase": phrase_B,
        "sounded": _parts(sounded_B, quarter, SOUNDED),
        "voice": tf.minimum(notes + 1.0, float(VOICES)),
        "voices": tf.minimum(voices, float(VOICES)),
    }


def _parts(ticks_B: Any, quarter: float, most: int) -> Any:
    return tf.minimum(tf.floor(ticks_B * (PARTS / quarter)), float(most))
