"""Divides a song of a steady number of voices into its parts: soprano, alto, tenor and bass."""

import collections
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
    """A voice of a song, with its name, and its program where that is known."""

    name: str
    song: Song
    program: int | None = None


def of_band(song: Song) -> tuple[Part, ...]:
    """Returns the pitched parts of a song with a band, in its order; drums have no place in a score."""
    if not song.band:
        return ()
    columns, of_part = song.notes(), song.note_parts()
    return tuple(
        Part(player.name, song.with_notes(*(column[of_part == number] for column in columns)), player.program)
        for number, player in enumerate(song.band.instruments)
        if not player.is_drums
    )


def parts(song: Song) -> tuple[Part, ...]:
    """Divides a song into its voices, from the top down; () for a song without a steady number of voices.

    >>> chords = Song.from_notes(start=[0, 0, 12, 12], duration=[12] * 4, pitch=[72, 64, 71, 67])
    >>> [(part.name, part.song.pitches.tolist()) for part in parts(chords)]
    [('Voice 1', [72, 71]), ('Voice 2', [64, 67])]

    A song has N voices if exactly N notes sound for three quarters of the time in which any does, 2 <= N <= 9. Of the
    notes that begin together the higher belongs to the higher voice, each to one whose last note was near. Where more
    begin than voices are free, a voice has several at once. Where fewer do, but at least half as many, two voices have
    met on a note, and both have it: where one of Bach's four voices seems to be missing, it is in unison with another
    in 39 of 40 cases, and rests in one. A voice rests if it is missing for more than 4 quarter notes, or if it would
    move on together with the voice that it has met.

    Law: each note of the song is in at least one part, and the parts together are the song.
    """
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    chords = _full_chords(start, start + duration, pitch)
    if chords is None:
        return ()
    voices = _assigned(start, start + duration, pitch, chords, LONGEST_REST * song.ticks_per_quarter)
    names = _FOUR if len(voices) == len(_FOUR) else [f"Voice {voice.number + 1}" for voice in voices]
    columns = (np.array(voice.notes, np.int64).reshape(-1, 3).T for voice in voices)
    return tuple(Part(name, song.with_notes(*own)) for name, own in zip(names, columns, strict=True))


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

    def after(self, tick: int) -> tuple[int, list[int]]:
        """Returns the tick and the pitches of the next chord; after the last one the song's end, and the last one's."""
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
    counts = np.cumsum(counts)[:-1]
    sounding = np.bincount(counts, weights=lengths, minlength=1)[1:]
    if not sounding.any():
        return None
    number = int(np.argmax(sounding)) + 1
    if not 2 <= number <= MOST or sounding[number - 1] < STEADY * sounding.sum():
        return None
    full = np.flatnonzero(counts == number)
    pitches = np.array([np.sort(pitch[(start <= at) & (at < end)])[::-1] for at in changes[full].tolist()])
    return _Chords(
        changes[full], pitches, np.average(pitches, axis=0, weights=lengths[full]).tolist(), int(changes[-1])
    )


@dataclasses.dataclass
class _Voice:
    """A voice, up to an onset.

    Attributes:
      number: 0 for the highest.
      last: its last pitch.
      until: tick at which its last note ends; before it has one, at which the song's first note begins.
      meeting: onset and pitch of its last note, if it shares that with another voice.
      rests: True if it has left a voice that it had met, and waits for a note of its own.
      notes: start, duration and pitch of its notes.
    """

    number: int
    last: float
    until: int
    meeting: tuple[int, int] | None = None
    rests: bool = False
    notes: list[list[int]] = dataclasses.field(default_factory=list)

    def take(self, onset: int, end: int, pitch: int, *, is_shared: bool) -> None:
        """Adds a note; one that it shares and has not finished ends before."""
        if self.meeting and self.until > onset:
            self.notes[-1][1] = onset - self.notes[-1][0]
            self.until = onset
        self.notes.append([onset, end - onset, pitch])
        # Of voices on one note the lower one is a little lower: it goes on to what lies below.
        self.last, self.until = pitch - self.number / 100, max(self.until, end)
        self.meeting, self.rests = (onset, pitch) if is_shared else None, False

    def cost(self, onset: int) -> float:
        """Returns the cost of giving it a note, besides its leap: it may leave a note that it shares."""
        busy = _TAKEN / 2 if self.meeting else _TAKEN
        return busy if self.until > onset else 0.0


def _assigned(start: _Ints, end: _Ints, pitch: _Ints, chords: _Chords, longest_rest: int) -> list[_Voice]:
    """Gives each note to a voice, or to voices that meet on it."""
    voices = [_Voice(number, level, int(start.min())) for number, level in enumerate(chords.level)]
    order = np.lexsort((-pitch, start)).tolist()
    for onset, group in itertools.groupby(order, key=lambda note: int(start[note])):
        notes = list(group)
        pitches = pitch[notes].tolist()
        pairs = _chosen(onset, pitches, voices, chords, longest_rest)
        meetings = collections.Counter(at for at, _ in pairs)
        for at, voice in pairs:
            left = voice.meeting
            voice.take(onset, int(end[notes[at]]), pitches[at], is_shared=meetings[at] > 1)
            behind = [other for other in voices if left and other.meeting == left]
            if len(behind) == 1:
                # The last one has the note for itself.
                behind[0].meeting = None
    return voices


def _chosen(
    onset: int, pitches: Sequence[int], voices: Sequence[_Voice], chords: _Chords, longest_rest: int
) -> list[tuple[int, _Voice]]:
    """Pairs the notes of an onset, by their indices, with voices; a note may have two, and a voice several."""
    following_onset, following = chords.after(onset)
    free = [voice for voice in voices if following_onset - longest_rest <= voice.until <= onset and not voice.rests]
    # Where a note would have more than two voices, voices rest.
    if not len(free) <= 2 * len(pitches) < 2 * len(free):
        nearest = _nearest(pitches, [voice.last for voice in voices], [voice.cost(onset) for voice in voices])
        return [(at, voices[number]) for at, number in enumerate(nearest)]
    around = [(voice.last, following[voice.number]) for voice in free]
    pairs = list(zip(_shared(pitches, around), free, strict=True))
    kept = pairs[:1]
    for (above_at, above), (at, voice) in itertools.pairwise(pairs):
        # Two voices that have met do not go on to another note together.
        together = at == above_at and voice.meeting == above.meeting
        voice.rests = together and voice.meeting is not None and voice.meeting[1] != pitches[at]
        kept += [] if voice.rests else [(at, voice)]
    return kept


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
