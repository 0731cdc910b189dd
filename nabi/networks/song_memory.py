"""A memory of the song itself: what came earlier, told to a network beside the last token.

An LSTM cannot say again what it said many bars ago, and soon forgets in which bar it is. The memory reads a song's
tokens one after another and tells of each, as the ids of earlier tokens:

- the continuation: the token that followed where the longest run of tokens up to now stood before, and the length of
  that run; and the first continuation: the token that followed the earliest occurrence of the last token. The network
  learns from the training songs when to say them again: a cache over the song's own past (Kuhn and De Mori 1990; Grave,
  Joulin and Usunier 2017) with a learnt gate.
- the aligned token: the one at the place of the next token in the slice before (`nabi.networks.slices`).
- the token that follows in the song's opening, which many forms come back to (`nabi.networks.openings`).
- the token that follows in the phrase that the song says it comes back to (`nabi.networks.returns`).
- the tokens that carry the form on (`nabi.networks.forms`).
- the last token of each kind: the bar, the place in it, the time signature; and the first bar's number.
- the place in the bar, and how far off the end is (`nabi.networks.positions`).
- the intervals around the next note, where tokens are notes (`nabi.networks.intervals`).
- what the parts of a band did before, where tokens say who plays (`nabi.networks.parts`).
"""

# ruff: noqa: N803, N806, N815 - shapes stand in the names of arrays.

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from nabi.music.encodings import Encoding, kind_of
from nabi.music.encodings.metred import PLANS
from nabi.music.encodings.token_kinds import pitches_of
from nabi.music.vocabulary import START, Vocabulary
from nabi.networks import forms, intervals, openings, parts, positions, returns, slices

# Tokens that are remembered.
TOKENS = 1024
# Numbers that a processor compares at once.
_LANES = 16
# The longest run that is told apart.
LONGEST_RUN = 31
# Earlier tokens that may be said again.
SAID = ("continuation", "first_continuation", "aligned", "opening", "returned")
# Tokens that may come next; the last ones are told where there are parts.
CANDIDATES = (*SAID, *forms.NAMES, *parts.NAMES)
# What is told of how long and how well the song has agreed with its past.
RUNS = ("run", "opening_run", "longest_opening_run")
# Kinds of tokens of a part of a band.
_OF_A_PART = {"program", "velocity", "note", "duration", "drum"}
# What is told of the song's past; the slice before is part of the present, in which voices go on.
PAST = (*(name for name in SAID if name != "aligned"), *RUNS, *(name for name in parts.NAMES if name != "next_part"))


@dataclasses.dataclass(frozen=True, eq=False)
class SongMemory:
    """The memory of songs in V ids of K kinds.

    Attributes:
      kinds_VxK: float32, 1 for the kind of each id; special ids have none.
      ticks_V: float32, by which ids move the time.
      pitches_V: float32, 1..128 for ids of one note (1 more than its MIDI number), struck or held; else 0.
      strikes_V: float32, 1 for ids that strike one note.
      keys_V: float32, 1..24 for ids of a key, in the order of `nabi.music.keys.KEY_NAMES`; else 0.
      sounds_V: float32, 1 for ids with notes, struck or held.
      bars_V: float32, bars up to the end that a bar's number says; else 0.
      meters_V: float32, ticks of a bar that ids of a time signature say, and `<start>`: four quarter notes; else 0.
      lasts_V, phrases_V: float32, ticks of the last bar, and up to the phrase's end, that ids say; else 0.
      cadences_V: float32, 1..128 for ids of a note of a phrase's cadence; else 0.
      returns_V: float32, by how many phrases ids say that one comes back; else 0.
      plans_V: float32, 1 for ids that are no music: of a time signature, of a key, of the length of the last bar or
        of a phrase, of its cadence or its return, of a part that the song has, and the special ones.
      players_V: float32, 1..128 for ids by which a program goes on (1 more than it), 129 for drums; else 0.
      parts_V: float32, the same number for ids of a part that the song has; else 0.
      owned_V: float32, 1 for ids of what a part plays, in a vocabulary that says who plays; else 0.
    """

    kinds_VxK: npt.NDArray[np.float32]
    ticks_V: npt.NDArray[np.float32]
    pitches_V: npt.NDArray[np.float32]
    strikes_V: npt.NDArray[np.float32]
    keys_V: npt.NDArray[np.float32]
    sounds_V: npt.NDArray[np.float32]
    bars_V: npt.NDArray[np.float32]
    meters_V: npt.NDArray[np.float32]
    lasts_V: npt.NDArray[np.float32]
    phrases_V: npt.NDArray[np.float32]
    cadences_V: npt.NDArray[np.float32]
    returns_V: npt.NDArray[np.float32]
    plans_V: npt.NDArray[np.float32]
    players_V: npt.NDArray[np.float32]
    parts_V: npt.NDArray[np.float32]
    owned_V: npt.NDArray[np.float32]

    @classmethod
    def of(cls, vocabulary: Vocabulary, encoding: Encoding) -> "SongMemory":
        """Tells the kinds of a vocabulary's ids apart by their sound (`kind_of`)."""
        tokens = vocabulary.tokens[vocabulary.special :]
        kinds = [kind_of(encoding, token) for token in tokens]
        names = sorted(set(kinds))
        table = np.zeros((len(vocabulary), len(names)), np.float32)
        table[range(vocabulary.special, len(vocabulary)), [names.index(kind) for kind in kinds]] = 1
        ticks = [float(encoding.ticks(token)) for token in tokens]
        notes = [pitches_of(encoding, token) for token in tokens]
        pitches = [1.0 + note[0] if len(note) == 1 else 0.0 for note in notes]
        strikes = [float(kind == "note") for kind in kinds]
        keys = [float(encoding.key_number(token)) for token in tokens]
        sounds = [float(len(note) > 0) for note in notes]
        numbers = list(zip(kinds, map(encoding.number, tokens), strict=True))
        bars, meters, lasts, phrases, cadences, again = (
            [float(number) * (kind == said) for kind, number in numbers]
            for said in ("bar", "meter", "last", "phrase", "cadence", "again")
        )
        plans = [float(kind in PLANS) for kind in kinds]
        first, special = [0.0] * vocabulary.special, [0.0] * vocabulary.special
        first[START] = 4.0 * encoding.ticks_per_quarter
        columns = [special + column for column in (ticks, pitches, strikes, keys, sounds, bars)]
        columns += [first + meters, special + lasts, special + phrases, special + cadences, special + again]
        columns += [[1.0] * vocabulary.special + plans, *(special + part for part in _parts(encoding, tokens, kinds))]
        return cls(table, *(np.array(column, np.float32) for column in columns))

    @property
    def sizes(self) -> list[int]:
        """Widths of the parts of the state; all are zeros before a song."""
        kinds = self.kinds_VxK.shape[1]
        return [
            TOKENS,
            TOKENS,
            *slices.SIZES,
            kinds,
            openings.OPENING,
            openings.COUNTERS,
            positions.CLOCK,
            returns.STATE,
            *(parts.sizes(TOKENS) if self.has_parts else ()),
        ]

    @property
    def has_parts(self) -> bool:
        """Tells whether ids say who plays."""
        return bool(self.players_V.any())

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the integers that are told of a token."""
        kinds = (f"last_{kind}" for kind in range(self.kinds_VxK.shape[1]))
        told = (name for name in CANDIDATES if self.has_parts or name not in parts.NAMES)
        return (*RUNS, *told, *kinds, "first_bar", *positions.SIZES, *intervals.SIZES)

    def recall(self, token_B: Any, state: list[Any]) -> tuple[dict[str, Any], list[Any]]:
        """Reads one more token of each song.

        Args:
          token_B: int32.
          state: float32 parts, [B, size] each: ids of the tokens before, the latest first; for each distance 1.. the
            run of equal tokens that ended before this token; the slice before and this one, each with its length; for
            how many ticks each note of the slice before has sounded; the last id of each kind; the opening and its
            counters; the clock; the places of phrases; and the parts of `nabi.networks.parts`, if there are any.

        Returns:
          Name -> int32 [B], in the order of `names`, where 0 is none: the runs, 0..`LONGEST_RUN`, the ids of the
          tokens that may come next, of the last token of each kind and of the first bar, and what `positions.told`
          and `intervals.told` tell; and the state after the token.
        """
        token_Bx1 = tf.cast(token_B, tf.float32)[:, None]
        history, runs, before, current, ages_BxS, last_BxK, opening, counters, clock, phrases, *band = state
        run, *told, history, runs = _continuations(token_Bx1, history, runs, tf.gather(self.bars_V, token_B))
        clock = positions.advance(self.tables, token_B, clock)
        now = positions.Clock.read(clock)
        (aligned_B, sounded_B), before, current, ages_BxS = slices.follow(
            self.tables, token_B, before, current, ages_BxS, now.voices
        )
        (follows, *opening_runs, first_bar), opening, counters = openings.follow(
            self.tables, token_B, opening, counters
        )
        returned, phrases = returns.follow(self.tables, token_B, history, phrases)
        of_parts: list[Any] = []
        if self.has_parts:
            kind_B = tf.gather(self.kinds_VxK.argmax(axis=1).astype(np.float32), token_B)
            of_parts, aligned_B, band = parts.follow(self.tables, token_B, kind_B, now.bar, history, band)
        last_BxK = tf.where(tf.gather(self.kinds_VxK, token_B) > 0, token_Bx1, last_BxK)
        key_B = tf.reduce_max(tf.gather(self.keys_V, tf.cast(last_BxK, tf.int32)), axis=1)
        quarter = float(self.meters_V[START]) / 4.0
        around = positions.told(clock, sounded_B, quarter)
        around |= intervals.told(tf.constant(self.pitches_V), aligned_B, before, current, key_B, (now.top, now.bottom))
        lengths = [tf.minimum(length, float(LONGEST_RUN)) for length in (run, *opening_runs)]
        numbers = [*lengths, *told, aligned_B, follows, returned, *forms.told(self.tables, clock, quarter), *of_parts]
        numbers += [*tf.unstack(last_BxK, axis=1), first_bar]
        numbers += [around[name] for name in (*positions.SIZES, *intervals.SIZES)]
        named = {name: tf.cast(number, tf.int32) for name, number in zip(self.names, numbers, strict=True)}
        return named, [history, runs, before, current, ages_BxS, last_BxK, opening, counters, clock, phrases, *band]

    @property
    def tables(self) -> dict[str, npt.NDArray[np.float32]]:
        """The tables of the vocabulary that the parts of the memory take, by their names."""
        names = [field.name for field in dataclasses.fields(self) if field.name.endswith("_V")]
        return {name.removesuffix("_V"): getattr(self, name) for name in names}


def _parts(encoding: Encoding, tokens: Sequence[str], kinds: Sequence[str]) -> list[list[float]]:
    """Returns the columns of the parts of a band, of the tokens after the special ones."""
    players = [
        float(parts.PARTS if kind == "drum" else encoding.program(token) + 1)
        for token, kind in zip(tokens, kinds, strict=True)
    ]
    owned = [float(encoding.PARTS and kind in _OF_A_PART) for kind in kinds]
    return [players, [float(encoding.part(token) + 1) for token in tokens], owned]


def _continuations(token_Bx1: Any, history_BxH: Any, runs_BxH: Any, is_bar_B: Any) -> tuple[Any, ...]:
    equal_BxH = history_BxH == token_Bx1
    # A token that differs halves a run and does not end it: music comes again with changes. A bar's number is no music.
    changed_BxH = tf.where(equal_BxH, runs_BxH + 1.0, tf.floor(runs_BxH / 2.0))
    runs_BxH = tf.where(is_bar_B[:, None] > 0, runs_BxH, changed_BxH)
    history_BxH = tf.concat([token_Bx1, history_BxH[:, :-1]], axis=1)
    # The greatest of these is the longest run and, of equal ones, the latest; argmax is several times slower.
    distances_H = tf.range(TOKENS, dtype=tf.float32)
    best_B = _greatest(runs_BxH * TOKENS + (TOKENS - 1 - distances_H))
    run_B = tf.floor(best_B / TOKENS)
    latest_B = tf.cast(TOKENS - 1 - (best_B - run_B * TOKENS), tf.int32)
    earliest_B = tf.cast(_greatest(tf.where(equal_BxH, distances_H, -1.0)), tf.int32)
    continuation_B = tf.where(run_B > 0, tf.gather(history_BxH, latest_B, axis=1, batch_dims=1), 0.0)
    first_B = tf.gather(history_BxH, tf.maximum(earliest_B, 0), axis=1, batch_dims=1)
    first_B = tf.where(earliest_B >= 0, first_B, 0.0)
    return run_B, continuation_B, first_B, history_BxH, runs_BxH


def _greatest(values_BxH: Any) -> Any:
    """Returns the greatest of `TOKENS` values: of two halves, side by side, since XLA goes through a row one by one."""
    width = TOKENS
    while width > _LANES:
        width //= 2
        values_BxH = tf.maximum(values_BxH[:, :width], values_BxH[:, width:])
    return tf.reduce_max(values_BxH, axis=1)


def candidates(names: Iterable[str]) -> list[str]:
    """Picks, of the names of what is told, those of tokens that may come next."""
    return [name for name in names if name in CANDIDATES]


def withheld(told: dict[str, Any], told_B: Any) -> dict[str, Any]:
    """Returns what `SongMemory.recall` tells, without the song's past in the rows that are False in `told_B`.

    What followed earlier and the runs are none there, as at a song's beginning; the slice before, and where the song
    is, are still told.
    """
    return {name: tf.where(told_B, number_B, 0) if name in PAST else number_B for name, number_B in told.items()}
