"""Divides a song of a steady number of voices into its parts: soprano, alto, tenor and bass."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nabi.music.song import Song

# Share of the sounding time in which exactly as many notes sound as there are voices.
STEADY = 0.75
# Voices, at most: MIDI's channels below the drums'.
MOST = 9
_FOUR = ("Soprano", "Alto", "Tenor", "Bass")

# The longest time without a note of its own, in quarter notes, in which a voice is taken to be on another one's.
LONGEST_REST = 4

# Cost of giving a note to a voice that sounds, above that of any leap.
_TAKEN = 1000.0

_Ints = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Part:
    """A voice of a song, with its name."""

    name: str
    song: Song


def parts(song: Song) -> tuple[Part, ...]:
    """Divides a song into its voices, from the top down; () for a song without a steady number of voices.

    >>> chords = Song.from_notes(start=[0, 0, 12, 12], duration=[12] * 4, pitch=[72, 64, 71, 67])
    >>> [(part.name, part.song.pitches.tolist()) for part in parts(chords)]
    [('Voice 1', [72, 71]), ('Voice 2', [64, 67])]

    A song has N voices if exactly N notes sound for three quarters of the time in which any does, 2 <= N <= 9. Of the
    notes that begin together the higher belongs to the higher voice, each to one whose last note was near. Where more
    begin than voices are free, a voice has several at once. Where fewer do, voices have met on one note, and both have
    it: of the time in which one of Bach's four voices seems to be missing, it rests in a fortieth. Where a voice is
    missing for more than 4 quarter notes it rests.

    Law: each note of the song is in at least one part, and the parts together are the song.
    """
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    chords = _full_chords(start, start + duration, pitch)
    if chords is None:
        return ()
    longest_rest = LONGEST_REST * song.ticks_per_quarter
    columns = _assigned(start, start + duration, pitch, chords, longest_rest)
    names = _FOUR if chords.voices == len(_FOUR) else [f"Voice {number}" for number in range(1, chords.voices + 1)]
    return tuple(Part(name, song.with_notes(*columns[:3, columns[3] == number])) for number, name in enumerate(names))


class _Chords(NamedTuple):
    """The chords of a song in which all of its N voices have a note.

    Attributes:
      start: ticks at which they begin, ascending, [K].
      pitches: of each, descending, [K, N].
      level: mean pitch of each voice, from the top down.
      end: tick at which the song ends.
    """

    start: _Ints
    pitches: _Ints
    level: list[float]
    end: int

    @property
    def voices(self) -> int:
        return len(self.level)

    def after(self, tick: int) -> tuple[int, list[int]]:
        """Returns the tick and the pitches of the next chord; behind the last one the song's end, and its pitches."""
        at = int(np.searchsorted(self.start, tick, side="right"))
        begin = int(self.start[at]) if at < len(self.start) else self.end
        return begin, self.pitches[min(at, len(self.start) - 1)].tolist()


def _full_chords(start: _Ints, end: _Ints, pitch: _Ints) -> _Chords | None:
    """Finds the chords with a note for each voice; None without a steady number of voices."""
    changes = np.unique(np.concatenate([start, end]))
    lengths = np.diff(changes)
    counts = np.zeros(len(changes), np.int64)
    np.add.at(counts, np.searchsorted(changes, start), 1)
    np.add.at(counts, np.searchsorted(changes, end), -1)
    ticks = np.bincount(np.cumsum(counts)[:-1], weights=lengths, minlength=1)
    sounding = ticks[1:]
    if not sounding.any():
        return None
    number = int(np.argmax(sounding)) + 1
    if not 2 <= number <= MOST or sounding[number - 1] < STEADY * sounding.sum():
        return None
    full = np.flatnonzero(np.cumsum(counts)[:-1] == number)
    pitches = np.array([np.sort(pitch[(start <= at) & (at < end)])[::-1] for at in changes[full].tolist()])
    return _Chords(
        changes[full], pitches, np.average(pitches, axis=0, weights=lengths[full]).tolist(), int(changes[-1])
    )


def _assigned(start: _Ints, end: _Ints, pitch: _Ints, chords: _Chords, longest_rest: int) -> _Ints:
    """Returns start, duration, pitch and voice, 0 for the highest, of each note of each voice, [4, N]."""
    rows: list[list[int]] = []
    # Of each voice: its last pitch, when it ends, and the row of a note that it shares with another voice, or -1.
    last, until, sharing = list(chords.level), [0] * chords.voices, [-1] * chords.voices
    order = np.lexsort((-pitch, start)).tolist()
    for onset, group in itertools.groupby(order, key=lambda note: int(start[note])):
        notes = list(group)
        pitches = pitch[notes].tolist()
        following_onset, following = chords.after(onset)
        free = [voice for voice, tick in enumerate(until) if following_onset - longest_rest <= tick <= onset]
        if len(notes) < len(free):
            chosen = _shared(pitches, [(last[voice], following[voice]) for voice in free])
            pairs = [(notes[at], voice) for at, voice in zip(chosen, free, strict=True)]
        else:
            costs = [_cost(tick > onset, row >= 0) for tick, row in zip(until, sharing, strict=True)]
            pairs = list(zip(notes, _nearest(pitches, last, costs), strict=True))
        for note, voice in pairs:
            if until[voice] > onset and sharing[voice] >= 0:
                _part_from(onset, voice, rows, sharing)
                until[voice] = onset
            shared = sum(note == other for other, _ in pairs) > 1
            sharing[voice] = len(rows) if shared else -1
            rows.append([onset, int(end[note]) - onset, int(pitch[note]), voice])
            # Of voices on one note the lower one is a little lower: it goes on to what lies below.
            last[voice], until[voice] = float(pitch[note]) - voice / 100, max(until[voice], int(end[note]))
    return np.array(rows, np.int64).reshape(-1, 4).T


def _cost(is_busy: bool, is_sharing: bool) -> float:
    """Returns the cost of giving a voice a note, besides its leap: one that shares its note may leave it."""
    return (_TAKEN / 2 if is_sharing else _TAKEN) if is_busy else 0.0


def _part_from(onset: int, voice: int, rows: list[list[int]], sharing: list[int]) -> None:
    """Ends the note that a voice shares; if one other voice is left with it, that one has to stay."""
    begin, _, pitch, _ = rows[sharing[voice]]
    rows[sharing[voice]][1] = onset - begin
    sharing[voice] = -1
    left = [other for other, row in enumerate(sharing) if row >= 0 and rows[row][0] == begin and rows[row][2] == pitch]
    if len(left) == 1:
        sharing[left[0]] = -1


def _shared(pitches: Sequence[int], around: Sequence[tuple[float, int]]) -> list[int]:
    """Assigns more voices, from the top down, to pitches, descending, so that the sum of their leaps is the least.

    Args:
      pitches: MIDI numbers.
      around: of each voice, its last pitch and the one that it goes on to.

    Returns:
      The index of each voice's pitch, not descending; each pitch has a voice.
    """
    borders = itertools.combinations(range(1, len(around)), len(pitches) - 1)
    ways: Iterator[list[int]] = (
        np.repeat(np.arange(len(pitches)), np.diff([0, *at, len(around)])).tolist() for at in borders
    )
    return min(
        ways,
        key=lambda way: sum(
            abs(pitches[at] - other) for at, others in zip(way, around, strict=True) for other in others
        ),
    )


def _nearest(pitches: Sequence[int], last: Sequence[float], taken: Sequence[float]) -> list[int]:
    """Assigns pitches, descending, to voices, from the top down, so that the sum of their leaps is the least.

    Args:
      pitches: MIDI numbers.
      last: last pitch of each voice.
      taken: cost of giving a note to each voice, besides its leap.
    """
    # Of each voice, the best assignment in which it has the last pitch: its cost and its voices.
    best: list[tuple[float, list[int]]] = [(0.0, [])]
    for pitch in pitches:
        best = [
            min(
                (cost + abs(pitch - last[voice]) + taken[voice] + _TAKEN * (own[-1:] == [voice]), [*own, voice])
                for cost, own in best
                if not own or own[-1] <= voice
            )
            for voice in range(len(last))
        ]
    return min(best)[1]
