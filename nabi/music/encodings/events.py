"""`events`: lossless polyphony as notes or chords, durations and shifts: `C4.E4` `d:1/2` `s:1/2`."""

import dataclasses
import functools
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np

from nabi.music import note_names
from nabi.music.about import About
from nabi.music.encodings.base import END, START, OnGrid, as_sum
from nabi.music.song import Event, Song

# The longest single duration or shift, in quarter notes. Longer values are sums of several tokens.
LONGEST_QUARTERS = 4

_DURATION, _SHIFT = "d:", "s:"
_AFTER_A_DURATION = {"note", "shift", "longest shift", END}


@dataclasses.dataclass(frozen=True)
class Events(OnGrid):
    """Writes a note or voiced chord, then its duration, then a shift if the next onset is later.

    >>> song = Song.from_notes(start=[0, 0, 6], duration=[6, 6, 12], pitch=[60, 64, 67])
    >>> Events().encode(song)
    ['C4.E4', 'd:1/2', 's:1/2', 'G4', 'd:1']

    No music is out of vocabulary: the 128 notes, and a duration and a shift for each tick of 4 quarter notes (48 by the
    usual divisors), always belong to it. A chord outside the vocabulary is spelled as its notes with no shift between,
    which the canonical form joins again.

    Law: `decode(encode(song)) == song`.
    """

    name: ClassVar[str] = "events"
    # Only the longest value may be followed by another of its kind: sums are written longest first.
    FOLLOWS: ClassVar[Mapping[str, frozenset[str]]] = {
        START: frozenset({"note", "shift", "longest shift"}),
        "note": frozenset({"duration", "longest duration"}),
        "duration": frozenset(_AFTER_A_DURATION),
        "longest duration": frozenset(_AFTER_A_DURATION | {"duration", "longest duration"}),
        "shift": frozenset({"note"}),
        "longest shift": frozenset({"note", "shift", "longest shift"}),
    }

    def encode(self, song: Song) -> list[str]:
        """Writes the tokens of every event; leading silence is a shift."""
        quarter = self.checked(song).ticks_per_quarter
        tokens: list[str] = []
        now = 0
        pitches, offsets = song.pitches.tobytes(), song.offsets.tolist()
        columns = zip(song.start.tolist(), song.duration.tolist(), offsets, offsets[1:], strict=False)
        for start, duration, begin, end in columns:
            if start > now:
                tokens += as_sum(_SHIFT, start - now, quarter, LONGEST_QUARTERS)
            tokens.append(_chord(pitches[begin:end]))
            tokens += as_sum(_DURATION, duration, quarter, LONGEST_QUARTERS)
            now = start
        return tokens

    def decode(self, tokens: Sequence[str], about: About | None = None) -> Song:
        """Reads tokens as a song; a last note that has no duration yet is left out.

        Raises:
          ValueError: if a token is of another form, or a duration follows no note.
        """
        events, now = [], 0
        for chord, durations, shifts in _phrases(tokens):
            if chord and durations:
                events.append(Event(now, note_names.parse_chord(chord), self._sum(durations)))
            elif durations:
                raise ValueError(f"{durations[0]!r} is a duration without a note before it")
            now += self._sum(shifts)
        return self.song_of(events, about)

    def most_tokens(self, song: Song) -> int:
        """Counts the tokens as if every chord were spelled: each note with its duration, and the shifts."""
        _, duration, pitch = song.notes()
        longest = LONGEST_QUARTERS * song.ticks_per_quarter
        values = (duration.astype(np.int64), np.diff(song.start.astype(np.int64), prepend=0))
        return len(pitch) + sum(int((-(-ticks // longest)).sum()) for ticks in values)

    def reduce(self, song: Song) -> Song:
        """Returns the song itself: nothing is lost."""
        return song

    def kind(self, token: str, before: str) -> str:
        """Returns `note` (for chords too), `duration` or `shift`; the longest values are kinds of their own."""
        del before
        for prefix, kind in ((_DURATION, "duration"), (_SHIFT, "shift")):
            if token.startswith(prefix):
                return f"longest {kind}" if token == f"{prefix}{LONGEST_QUARTERS}" else kind
        return "note"

    def ticks(self, token: str) -> int:
        """Returns the length of a shift; notes and durations take no time."""
        return self._sum([token]) if token.startswith(_SHIFT) else 0

    def duration(self, token: str) -> int:
        """Returns the ticks of a note that a duration says; 0 for any other token."""
        return self._sum([token]) if token.startswith(_DURATION) else 0

    def required(self) -> tuple[str, ...]:
        """Returns every note, duration and shift."""
        longest = LONGEST_QUARTERS * self.ticks_per_quarter
        values = [note_names.duration_name(ticks, self.ticks_per_quarter) for ticks in range(1, longest + 1)]
        return (
            *note_names.PITCH_NAMES,
            *(_DURATION + value for value in values),
            *(_SHIFT + value for value in values),
        )

    def spell(self, tokens: Sequence[str], known: Container[str]) -> list[str]:
        """Spells a chord that is not known as its notes, each with the chord's duration."""
        if all(token in known for token in tokens):
            return list(tokens)
        spelled: list[str] = []
        for chord, durations, shifts in _phrases(tokens):
            parts = [chord] if chord in known else chord.split(".")
            for part in parts:
                spelled += [part, *durations] if part else durations
            spelled += shifts
        return spelled

    def _sum(self, values: Sequence[str]) -> int:
        return sum(note_names.parse_duration(value[2:], self.ticks_per_quarter) for value in values)


@functools.lru_cache(maxsize=65536)
def _chord(pitches: bytes) -> str:
    return note_names.chord_name(pitches)


def _phrases(tokens: Sequence[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yields each note with the durations and the shifts that follow it; the first may lack its note ("")."""
    chord: str = ""
    durations: list[str] = []
    shifts: list[str] = []
    for token in tokens:
        if token.startswith(_DURATION):
            durations.append(token)
        elif token.startswith(_SHIFT):
            shifts.append(token)
        else:
            yield chord, durations, shifts
            chord, durations, shifts = token, [], []
    yield chord, durations, shifts
