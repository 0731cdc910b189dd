"""`pitch`: a note is `Eb5`, a chord its normal order `4.7.11` or its voicing `C4.E4.G4`; time is dropped."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from nabi.music import note_names
from nabi.music.about import About
from nabi.music.encodings.base import END, START, OnGrid
from nabi.music.song import Event, Song

CHORDS = ("normal", "voiced")


@dataclasses.dataclass(frozen=True)
class Pitch(OnGrid):
    """Writes one token an event, in order, without time: the encoding of the Keras + music21 article.

    >>> song = Song.from_notes(start=[0, 0, 0, 12], duration=[12, 12, 12, 12], pitch=[64, 67, 71, 75])
    >>> Pitch().encode(song), Pitch(chords="voiced").encode(song)
    (['4.7.11', 'Eb5'], ['E4.G4.B4', 'Eb5'])

    Law: `encode(decode(tokens)) == tokens` for tokens that `encode` can write.

    Attributes:
      chords: `normal` writes a chord as its normal order (12 pitch classes, no octave), `voiced` as its pitches.
      step: ticks from one decoded event to the next, and of each duration (6 of 12 a quarter note: the article's 0.5).
    """

    name: ClassVar[str] = "pitch"
    FOLLOWS: ClassVar[Mapping[str, frozenset[str]]] = {START: frozenset({"event"}), "event": frozenset({"event", END})}

    chords: Literal["normal", "voiced"] = "normal"
    step: int = 6

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.chords not in CHORDS:
            raise ValueError(f"chords {self.chords!r} must be one of {', '.join(CHORDS)}")
        if self.step < 1:
            raise ValueError(f"step {self.step} must be at least 1 tick")

    def encode(self, song: Song) -> list[str]:
        """Writes one token an event, in the order of the events."""
        return [self._token(event.pitches) for event in self.checked(song)]

    def decode(self, tokens: Sequence[str], about: About | None = None) -> Song:
        """Reads tokens as events `step` ticks apart; a normal order gets its lowest ascending voicing from C4."""
        return self.song_of(
            (Event(index * self.step, _pitches(token), self.step) for index, token in enumerate(tokens)), about
        )

    def most_tokens(self, song: Song) -> int:
        """Counts one token an event."""
        return len(song)

    def reduce(self, song: Song) -> Song:
        """Returns the pitches in order, a step apart: all that this encoding keeps."""
        return self.decode(self.encode(song))

    def kind(self, token: str, before: str) -> str:
        """Returns `event` for every token."""
        del token, before
        return "event"

    def ticks(self, token: str) -> int:
        """Returns the ticks of a step, for every token."""
        del token
        return self.step

    def _token(self, pitches: tuple[int, ...]) -> str:
        if len(pitches) == 1 or self.chords == "voiced":
            return note_names.chord_name(pitches)
        return note_names.classes_name(pitches)


def _pitches(token: str) -> tuple[int, ...]:
    return note_names.parse_classes(token) if note_names.is_classes(token) else note_names.parse_chord(token)
