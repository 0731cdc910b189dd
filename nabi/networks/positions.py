"""Tells where a song is: the place in the bar, how far off its end and the phrase's are, and how long a voice has held.

Tokens say some of this, but at another place, or in two numbers that a network must learn to add: told as one, what is
learnt of a place holds in every bar, and what is learnt of the end in every song.
"""

# ruff: noqa: N803 - shapes stand in the names of arrays.

from typing import Any, NamedTuple

import tensorflow as tf

from nabi.music.phrase_tokens import FURTHEST

# Parts of a quarter note that are told apart.
PARTS = 12
# The most quarter notes of a place, and of a note, and notes of a slice: what is more counts as this.
PLACES, SOUNDED = 8 * PARTS, 4 * PARTS
# What is left is told in parts of a quarter note up to 8 quarter notes, then in whole ones up to 64: phrases are chosen
# so that the last one ends with the song.
LEFT, FURTHER = 8 * PARTS, 56
VOICES, PHRASES = 16, 32
# Name of what is told -> its number of values, 0 is none.
SIZES = {
    "place": PLACES + 1,
    "left": LEFT + FURTHER + 2,
    "phrase": LEFT + FURTHER + 2,
    "beyond": LEFT + FURTHER + 2,
    "begun": PHRASES + 1,
    "back": FURTHEST + 1,
    "returns": PHRASES + 1,
    "sounded": SOUNDED + 1,
    "voice": VOICES + 1,
    "voices": VOICES + 1,
}


class Clock(NamedTuple):
    """The numbers that are kept of each song to tell where it is, float32 [B] each.

    Attributes:
      bar: ticks of a bar.
      last: ticks of the last bar; 0 until they are read.
      bars: bars from the last bar line to the end; 0 where none was read.
      since: ticks since that line.
      phrase: ticks up to the phrase's end; 0: none was read.
      begun: phrases that have begun.
      back: how many phrases the latest one comes back; 0: it is new.
      returns: phrases in a row that came back from as far, the latest among them; 0 if it is new.
      notes: notes of the present slice.
      voices: notes of the song's first slice.
      top: highest pitch of the phrase's cadence, 1..128; 0: none was read.
      bottom: lowest pitch of it.
      lengths: ticks of the latest phrases, the latest first, [B, FURTHEST].
    """

    bar: Any
    last: Any
    bars: Any
    since: Any
    phrase: Any
    begun: Any
    back: Any
    returns: Any
    notes: Any
    voices: Any
    top: Any
    bottom: Any
    lengths: Any

    @classmethod
    def read(cls, clock: Any) -> "Clock":
        """Splits [B, CLOCK]."""
        numbers = len(cls._fields) - 1
        return cls(*tf.unstack(clock[:, :numbers], axis=1), clock[:, numbers:])

    def written(self) -> Any:
        """Joins the parts again, [B, CLOCK]."""
        *numbers, lengths = self
        return tf.concat([tf.stack(numbers, axis=1), lengths], axis=1)


CLOCK = len(Clock._fields) - 1 + FURTHEST


def advance(tables: dict[str, Any], token_B: Any, clock: Any) -> Any:
    """Moves a song's clock by a token.

    Args:
      tables: of `SongMemory`, float32 [V] each: `ticks`, `sounds`, `bars`, `meters`, `lasts`, `phrases`, `cadences`,
        `returns`.
      token_B: int32.
      clock: float32 [B, CLOCK], the parts of `Clock`; zeros before a song.

    Returns:
      The clock after the token.
    """
    names = ("ticks", "sounds", "bars", "meters", "lasts", "phrases", "cadences", "returns")
    ticks, sounds, bars, meters, lasts, phrases, cadences, back = (tf.gather(tables[name], token_B) for name in names)
    now = Clock.read(clock)
    after = now._replace(
        bar=tf.where(meters > 0, meters, now.bar),
        last=tf.where(lasts > 0, lasts, now.last),
        bars=tf.where(bars > 0, bars, now.bars),
        since=tf.where(bars > 0, 0.0, now.since + ticks),
        notes=tf.where(ticks > 0, 0.0, now.notes + sounds),
        voices=tf.where((ticks > 0) & (now.voices == 0), now.notes, now.voices),
    )
    return _in_phrase(after, ticks, phrases, cadences, back).written()


def _in_phrase(now: Clock, ticks: Any, phrases: Any, cadences: Any, back: Any) -> Clock:
    """Returns a clock with what a token says of its phrase, float32 [B] each: see the tables of `advance`."""
    # What comes back is as long as it was.
    phrases += tf.where(back > 0, _at(now.lengths, back - 1), 0.0)
    begins = (phrases > 0) & (now.phrase == 0)
    pushed = tf.concat([tf.zeros_like(now.lengths[:, :1]), now.lengths[:, :-1]], axis=1)
    lengths = tf.where(begins[:, None], pushed, now.lengths)
    returns = tf.where(back > 0, tf.where(back == now.back, now.returns, 0.0) + 1.0, 0.0)
    # A cadence's first note is the highest, its second the lowest.
    top = tf.where(now.top == 0, cadences, now.top)
    bottom = tf.where((now.top > 0) & (cadences > 0), cadences, now.bottom)
    return now._replace(
        phrase=tf.maximum(now.phrase - ticks, 0.0) + phrases,
        begun=now.begun + tf.cast(begins, tf.float32),
        back=tf.where(begins, back, now.back),
        returns=tf.where(begins, returns, now.returns),
        top=tf.where(phrases > 0, 0.0, top),
        bottom=tf.where(phrases > 0, 0.0, bottom),
        lengths=tf.concat([lengths[:, :1] + phrases[:, None], lengths[:, 1:]], axis=1),
    )


def rest(clock: Any) -> tuple[Any, Any]:
    """Returns the ticks of the last bar, a whole one until its length is read, and those up to the song's end, [B]."""
    now = Clock.read(clock)
    last = tf.where(now.last > 0, now.last, now.bar)
    return last, tf.where(now.bars > 1, (now.bars - 2) * now.bar + last + now.bar, last) - now.since


def told(clock: Any, sounded_B: Any, quarter: float) -> dict[str, Any]:
    """Tells where a song is.

    Args:
      clock: as `advance` returns it.
      sounded_B: float32, ticks.
      quarter: ticks of a quarter note.

    Returns:
      Name -> float32 [B], by the names and within the sizes of `SIZES`: the place in the bar, counted from 1; the rest
      of the song, of the phrase and of the song beyond the phrase, counted from 1, where tokens say how long they are
      (parts of a quarter note, see `LEFT`); and `sounded_B`, in these; the phrases that have begun, how many phrases
      the latest comes back, and how many in a row did; the notes of the present slice up to now, counted from 1, and
      those of the song's first one: music keeps the number of its voices.
    """
    now, (_, left) = Clock.read(clock), rest(clock)
    place = tf.math.floormod(now.since, tf.maximum(now.bar, 1.0))
    return {
        "place": tf.where(now.bar > 0, _parts(place, quarter, PLACES - 1) + 1, 0.0),
        "left": tf.where(now.bars > 0, _left(left, quarter), 0.0),
        "phrase": tf.where(now.phrase > 0, _left(now.phrase, quarter), 0.0),
        "beyond": tf.where((now.phrase > 0) & (now.bars > 0), _left(left - now.phrase, quarter), 0.0),
        "begun": tf.minimum(now.begun, float(PHRASES)),
        "back": now.back,
        "returns": tf.minimum(now.returns, float(PHRASES)),
        "sounded": _parts(sounded_B, quarter, SOUNDED),
        "voice": tf.minimum(now.notes + 1.0, float(VOICES)),
        "voices": tf.minimum(now.voices, float(VOICES)),
    }


def _at(values_BxN: Any, index_B: Any) -> Any:
    within = tf.clip_by_value(tf.cast(index_B, tf.int32), 0, values_BxN.shape[1] - 1)
    return tf.gather(values_BxN, within, axis=1, batch_dims=1)


def _left(ticks_B: Any, quarter: float) -> Any:
    """Numbers what is left from 1 on: in parts of a quarter note, then in quarter notes."""
    near = _parts(tf.maximum(ticks_B, 0.0), quarter, LEFT)
    return near + tf.clip_by_value(tf.floor(ticks_B / quarter) - LEFT // PARTS, 0.0, float(FURTHER)) + 1.0


def _parts(ticks_B: Any, quarter: float, most: int) -> Any:
    return tf.minimum(tf.floor(ticks_B * (PARTS / quarter)), float(most))
