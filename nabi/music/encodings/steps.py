"""`steps`: one token a sounding pitch, ascending, each step closed by `|`: `C4` `E4` `G4` `|`; silence is `|` alone."""

import dataclasses
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import ClassVar

import numpy as np

from nabi.music import note_names
from nabi.music.encodings.base import END, START, OnGrid
from nabi.music.encodings.roll import HELD, SILENT, cost, mark, rolls_of, song_of, tie
from nabi.music.song import About, Song

# Closes a step.
STEP = "|"

_CLOSED, _SILENT = "sounding step", "silent step"


def write_steps(steps: Iterable[Iterable[int]]) -> list[str]:
    """The tokens of steps, every one of them, silent ones at the end too.

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
    """The MIDI numbers of each step, as they stand; a last step that is not closed is left out.

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
    """What sounds in each step of a grid, pitch by pitch: any chord in 129 tokens, none out of the vocabulary.

    There are no onset marks: a pitch that sounds in two neighbouring steps is one held note.

    Laws: `decode(encode(song)) == tie(song, step)`, and `encode(decode(tokens)) == tokens` for tokens that the grammar
    allows from the start to the end of a song.

    Attributes:
      step: ticks a step (3 of 12 a quarter note: a 16th note).
    """

    name: ClassVar[str] = "steps"
    # Within a step pitches ascend. A song does not end with silence.
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
        """The tokens of every step up to the last note's end."""
        rolls = rolls_of(self.checked(song), self.step, onset_marks=False)
        return write_steps(np.flatnonzero(row).tolist() for roll in rolls for row in roll)

    def decode(self, tokens: Sequence[str], about: About | None = None) -> Song:
        """The song that the steps say; silent steps at its end have no note to keep them."""
        steps = read_steps(tokens)
        roll = np.full((len(steps), 128), SILENT, np.uint8)
        for row, pitches in enumerate(steps):
            roll[row, pitches] = HELD
        return song_of([mark(roll, onset_marks=False)], self.step, self.song_of((), about))

    def most_tokens(self, song: Song) -> int:
        """One a step, and one for each step that a note sounds in."""
        return sum(cost(song, self.step))

    def reduce(self, song: Song) -> Song:
        """`tie`."""
        return tie(song, self.step)

    def kind(self, token: str, before: str) -> str:
        """A note is its own kind; what `|` closes is a sounding step after a note, else a silent one."""
        if token != STEP:
            return token
        return _SILENT if before in (START, _CLOSED, _SILENT) else _CLOSED

    def ticks(self, token: str) -> int:
        """A step, once it is closed."""
        return self.step if token == STEP else 0

    def required(self) -> tuple[str, ...]:
        """Every note, and `|`."""
        return (*note_names.PITCH_NAMES, STEP)

    def spell(self, tokens: Sequence[str], known: Container[str]) -> list[str]:
        """The tokens as they are: an unknown one has no other spelling."""
        del known
        return list(tokens)
