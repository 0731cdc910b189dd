"""`grid`: one token a step of a piano roll: `C4.~E4`, held pitches marked; `R` for silence."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np

from nabi.music import note_names
from nabi.music.about import About
from nabi.music.encodings.base import END, START, OnGrid
from nabi.music.encodings.roll import HELD, ONSET, Roll, cost, mark, rolls_of, song_of
from nabi.music.song import Song

HELD_MARK = "~"


@dataclasses.dataclass(frozen=True)
class Grid(OnGrid):
    """Writes a piano roll, one token a step, pitches ascending.

    >>> song = Song.from_notes(start=[0, 0, 3], duration=[6, 3, 3], pitch=[60, 64, 67])
    >>> Grid(step=3).encode(song)
    ['C4.E4', '~C4.G4']

    Law: `decode(encode(song)) == reduce(song)`, and `reduce(song) == snap(song, step)` unless an option drops more.

    Attributes:
      step: ticks a token (3 of 12 a quarter note: a 16th note).
      onset_marks: mark held pitches with `~`; without marks, a pitch struck again is read as one long note.
      highest: keep only the highest sounding pitch of each step, as the MIT lab does.
    """

    name: ClassVar[str] = "grid"
    # No song ends with silence.
    FOLLOWS: ClassVar[Mapping[str, frozenset[str]]] = {
        START: frozenset({"sounding", "rest"}),
        "sounding": frozenset({"sounding", "rest", END}),
        "rest": frozenset({"sounding", "rest"}),
    }

    step: int = 3
    onset_marks: bool = True
    highest: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.step < 1:
            raise ValueError(f"step {self.step} must be at least 1 tick")

    def encode(self, song: Song) -> list[str]:
        """Writes a token for every step up to the last note's end."""
        return [token for roll in self._rolls(song) for token in self._tokens(roll)]

    def decode(self, tokens: Sequence[str], about: About | None = None) -> Song:
        """Reads steps as a song; a held pitch that did not sound before starts there."""
        roll = np.zeros((len(tokens), 128), np.uint8)
        for row, token in enumerate(tokens):
            for part in token.split(".") if token != note_names.REST else ():
                is_held = part.startswith(HELD_MARK)
                roll[row, note_names.parse_chord(part.removeprefix(HELD_MARK))[0]] = HELD if is_held else ONSET
        return song_of([mark(roll, onset_marks=self.onset_marks)], self.step, self.song_of((), about))

    def most_tokens(self, song: Song) -> int:
        """Counts one token a step."""
        return cost(song, self.step)[0]

    def reduce(self, song: Song) -> Song:
        """Returns the song on the steps, without what the options drop."""
        return song_of(self._rolls(song), self.step, song)

    def kind(self, token: str, before: str) -> str:
        """Returns `rest` or `sounding`."""
        del before
        return "rest" if token == note_names.REST else "sounding"

    def ticks(self, token: str) -> int:
        """Returns the ticks of a step, for every token."""
        del token
        return self.step

    def _rolls(self, song: Song) -> Iterator[Roll]:
        return rolls_of(self.checked(song), self.step, onset_marks=self.onset_marks, highest=self.highest)

    def _tokens(self, roll: Roll) -> list[str]:
        parts: list[list[str]] = [[] for _ in range(len(roll))]
        for row, pitch in zip(*(index.tolist() for index in np.nonzero(roll)), strict=True):
            mark = HELD_MARK if self.onset_marks and roll[row, pitch] == HELD else ""
            parts[row].append(mark + note_names.PITCH_NAMES[pitch])
        return [".".join(part) or note_names.REST for part in parts]
