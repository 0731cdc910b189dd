"""`steps`: one token a sounding pitch, ascending; `|` closes each step: `C4` `E4` `G4` `|`; `|` alone is silence."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import numpy as np

from nabi.music import note_names
from nabi.music.about import About
from nabi.music.encodings.base import END, START, OnGrid
from nabi.music.encodings.roll import HELD, SILENT, cost, mark, rolls_of, song_of, tie
from nabi.music.song import Song

# Closes a step.
STEP = "|"

_CLOSED, _SILENT = "sounding step", "silent step"


def write_steps(steps: Iterable[Iterable[int]]) -> list[str]:
    """Writes steps as tokens, every one of them, silent ones at the end too.

    >>> write_steps([[64, 60], []])
    ['C4', 'E4', '|', '|']

    Args:
      steps: the MIDI numbers 0..127 that sound in each step, in any order.

    Raises:
      ValueError: for a number outside 0..127.
    """
    tokens: list[str] = []
    for pitches in steps:
        tokens += [note_names.chord_name([pitch]) for pitch in sorted(set(pitches))]
        tokens.append(STEP)
    return tokens


def read_steps(tokens: Iterable[str]) -> list[list[int]]:
    """Reads the MIDI numbers of each step, in the order of the tokens; a last step that is not closed is left out.

    >>> read_steps(["C4", "E4", "|", "|", "G4"])
    [[60, 64], []]

    Raises:
      ValueError: naming a token that is neither a note nor `|`.
    """
    steps: list[list[int]] = []
    pitches: list[int] = []
    for token in tokens:
        if token == STEP:
            steps.append(pitches)
            pitches = []
        else:
            pitches.append(note_names.parse_pitch(token))
    return steps


@dataclasses.dataclass(frozen=True)
class Steps(OnGrid):
    """Writes the pitches that sound in each step of a grid: any chord in 129 tokens, none out of vocabulary.

    There are no onset marks: a pitch that sounds in two neighbouring steps is one held note.

    Laws: `decode(encode(song)) == tie(song, step)`, and `encode(decode(tokens)) == tokens` for tokens that the grammar
    allows from the start to the end of a song.

    Attributes:
      step: ticks a step (3 of 12 a quarter note: a 16th note).
    """

    name: ClassVar[str] = "steps"
    # Pitches ascend within a step, and no song ends with silence.
    FOLLOWS: ClassVar[Mapping[str, frozenset[str]]] = {
        START: frozenset({*note_names.PITCH_NAMES, _SILENT}),
        **{
            name: frozenset({*note_names.PITCH_NAMES[pitch + 1 :], _CLOSED})
            for pitch, name in enumerate(note_names.PITCH_NAMES)
        },
        _CLOSED: frozenset({*note_names.PITCH_NAMES, _SILENT, END}),
        _SILENT: frozenset({*note_names.PITCH_NAMES, _SILENT}),
    }

    step: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.step < 1:
            raise ValueError(f"step {self.step} must be at least 1 tick")

    def encode(self, song: Song) -> list[str]:
        """Writes the tokens of every step up to the last note's end."""
        rolls = rolls_of(self.checked(song), self.step, onset_marks=False)
        return write_steps(np.flatnonzero(row).tolist() for roll in rolls for row in roll)

    def decode(self, tokens: Sequence[str], about: About | None = None) -> Song:
        """Reads tokens as a song; silent steps at its end are lost, as no note follows them."""
        steps = read_steps(tokens)
        roll = np.full((len(steps), 128), SILENT, np.uint8)
        for row, pitches in enumerate(steps):
            roll[row, pitches] = HELD
        return song_of([mark(roll, onset_marks=False)], self.step, self.song_of((), about))

    def most_tokens(self, song: Song) -> int:
        """Counts one token a step, and one for each step of each note."""
        return sum(cost(song, self.step))

    def reduce(self, song: Song) -> Song:
        """Returns `tie(song, step)`."""
        return tie(song, self.step)

    def kind(self, token: str, before: str) -> str:
        """Returns the name of a note as its own kind; `|` closes a sounding step after a note, else a silent one."""
        if token != STEP:
            return token
        return _SILENT if before in (START, _CLOSED, _SILENT) else _CLOSED

    def ticks(self, token: str) -> int:
        """Returns the ticks of a step for `|`, 0 for a note."""
        return self.step if token == STEP else 0

    def required(self) -> tuple[str, ...]:
        """Returns every note, and `|`."""
        return (*note_names.PITCH_NAMES, STEP)
