"""`pitch-duration`: one token an event, `Eb5:1/2`, `C4.E4.G4:1`, and `R:1` for a gap; or codes, `g8`."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np

from nabi.music import note_codes, note_names
from nabi.music.about import About
from nabi.music.encodings.base import END, START, OnGrid
from nabi.music.song import Event, Song

NOTATIONS = ("names", "codes")


def block(song: Song) -> Song:
    """Makes a song monophonic: one event, a note or a chord, at a time.

    >>> list(block(Song.from_notes(start=[0, 0, 6], duration=[12, 3, 6], pitch=[60, 64, 67])))
    [Event(start=0, pitches=(60, 64), duration=6), Event(start=6, pitches=(67,), duration=6)]

    Events of one start become one chord of the longest duration; each chord is cut at the next onset.
    """
    if not len(song):
        return song
    starts, first = np.unique(song.start, return_index=True)
    longest = np.maximum.reduceat(song.duration, first)
    until_next = np.r_[np.diff(starts), np.iinfo(np.int32).max]
    note_start, _, pitch = song.notes()
    duration = np.minimum(longest, until_next)[np.searchsorted(starts, note_start)]
    return song.with_notes(note_start, duration, pitch)


@dataclasses.dataclass(frozen=True)
class PitchDuration(OnGrid):
    """Writes one voice of notes, chords and rests, each with its length in quarter notes.

    >>> PitchDuration().encode(Song.from_notes(start=[6, 12], duration=[6, 12], pitch=[60, 64]))
    ['R:1/2', 'C4:1/2', 'E4:1']

    Law: `decode(encode(song)) == block(song)`.

    Attributes:
      notation: `codes` writes `g8` for a note that is a code (see `nabi.music.note_codes`), and all other events as
        `names` does; either reads both.
    """

    name: ClassVar[str] = "pitch-duration"
    # A gap is one rest, and no song ends with a rest.
    FOLLOWS: ClassVar[Mapping[str, frozenset[str]]] = {
        START: frozenset({"event", "rest"}),
        "event": frozenset({"event", "rest", END}),
        "rest": frozenset({"event"}),
    }

    notation: Literal["names", "codes"] = "names"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.notation not in NOTATIONS:
            raise ValueError(f"notation {self.notation!r} must be one of {', '.join(NOTATIONS)}")

    def encode(self, song: Song) -> list[str]:
        """Writes the tokens of the blocked song; leading silence is a rest."""
        tokens, now = [], 0
        for event in block(self.checked(song)):
            if event.start > now:
                tokens.append(f"{note_names.REST}:{self._length(event.start - now)}")
            code = note_codes.write(event.pitches, event.duration, self.divisors) if self.notation == "codes" else None
            tokens.append(code or f"{note_names.chord_name(event.pitches)}:{self._length(event.duration)}")
            now = event.start + event.duration
        return tokens

    def decode(self, tokens: Sequence[str], about: About | None = None) -> Song:
        """Reads tokens as a song, one event after another; raises ValueError on a token of another form."""
        events, now = [], 0
        for token in tokens:
            pitches, duration = self._read(token)
            if pitches:
                events.append(Event(now, pitches, duration))
            now += duration
        return self.song_of(events, about)

    def most_tokens(self, song: Song) -> int:
        """Counts a chord and a rest for each onset."""
        return 2 * len(np.unique(song.start))

    def reduce(self, song: Song) -> Song:
        """Returns `block(song)`."""
        return block(song)

    def kind(self, token: str, before: str) -> str:
        """Returns `rest` or `event`."""
        del before
        return "rest" if token.startswith(f"{note_names.REST}:") else "event"

    def ticks(self, token: str) -> int:
        """Returns the length of a token."""
        return self._read(token)[1]

    def _length(self, ticks: int) -> str:
        return note_names.duration_name(ticks, self.ticks_per_quarter)

    def _read(self, token: str) -> tuple[tuple[int, ...], int]:
        """Reads a token as (pitches, ticks), no pitches for a rest; raises ValueError on a token of another form."""
        if note_codes.is_code(token, self.divisors):
            pitch, ticks = note_codes.read(token, self.divisors)
            return (pitch,), ticks
        chord, separator, length = token.partition(":")
        if not separator:
            raise ValueError(f"{token!r} is no token such as Eb5:1/2, R:1 or g8")
        pitches = () if chord == note_names.REST else note_names.parse_chord(chord)
        return pitches, note_names.parse_duration(length, self.ticks_per_quarter)
