"""`bars`: notes from the top down, each with its duration, in bars: `bar:2` `C5` `d:1` `E4` `d:1/2` `s:1/2` `@1/2`."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from nabi.music import note_names, phrases
from nabi.music.about import About
from nabi.music.encodings.base import END, START, as_sum
from nabi.music.encodings.metred import DURATION, LONGEST_BAR, SHIFT, Metred, frame_kind
from nabi.music.song import Song

_AFTER_A_DURATION = frozenset({"note", "shift"})


@dataclasses.dataclass(frozen=True)
class Bars(Metred):
    """Writes the notes that begin at an onset, each with its duration, in slices from onset to onset or bar line.

    As REMI (Huang and Yang 2020) it says the bar and the place in it, so that a network knows the meter; the slices
    have the frame of `Metred`. A duration of more than 8 quarter notes is a sum of several tokens, longest first.

    >>> song = Song.from_notes(start=[0, 0, 12], duration=[12, 24, 12], pitch=[72, 60, 74])
    >>> Bars().encode(song)
    ['bar:1', 'key:F-major', 'last:2', 'C5', 'd:1', 'C4', 'd:2', 's:1', '@1', 'D5', 'd:1', 's:1']

    No music is out of vocabulary.

    Law: `decode(encode(song), song.about) == song`.
    """

    name: ClassVar[str] = "bars"
    # A slice without a note is a bar line, the beginning or the end of a phrase, or silence before the first note.
    FOLLOWS: ClassVar[Mapping[str, frozenset[str]]] = {
        START: frozenset({"meter", "bar"}),
        "meter": frozenset({"bar"}),
        "bar": frozenset({"note", "shift", "key", "last", "phrase", "again"}),
        "key": frozenset({"last"}),
        "last": frozenset({"note", "shift", "phrase", "again"}),
        "place": frozenset({"note", "shift", "phrase", "again"}),
        "phrase": frozenset({"note", "shift", "phrase", "cadence"}),
        "cadence": frozenset({"note", "shift", "cadence"}),
        "again": frozenset({"note", "shift"}),
        "note": frozenset({"duration", "longest duration"}),
        "duration": _AFTER_A_DURATION,
        "longest duration": _AFTER_A_DURATION | {"duration", "longest duration"},
        "shift": frozenset({"bar", "place", END}),
    }

    def encode(self, song: Song) -> list[str]:
        """Writes the slices up to the last note's end; after the last onset they end at bar lines."""
        start, duration, pitch = (column.astype(np.int64) for column in self.checked(song).notes())
        borders = np.unique(np.concatenate([self.bar_lines(song), start, phrases.ends(song), [song.end]]))
        order = np.lexsort((-pitch, start))
        notes = [
            (note_names.PITCH_NAMES[number], *as_sum(DURATION, ticks, self.ticks_per_quarter, LONGEST_BAR))
            for number, ticks in zip(pitch[order].tolist(), duration[order].tolist(), strict=True)
        ]
        first = np.searchsorted(start[order], borders).tolist()
        slices = (itertools.chain(*notes[begin:end]) for begin, end in itertools.pairwise(first))
        return self.framed(song, borders, slices)

    def decode(self, tokens: Sequence[str], about: About | None = None) -> Song:
        """Reads tokens as a song; a last note that has no duration yet is left out.

        Raises:
          ValueError: naming a token of another form, or a duration without a note before it.
        """
        notes: list[list[int]] = []
        now = 0
        for token in tokens:
            if token.startswith(SHIFT):
                now += self.ticks(token)
            elif token.startswith(DURATION):
                if not notes:
                    raise ValueError(f"{token!r} is a duration without a note before it")
                notes[-1][1] += self.length(token.removeprefix(DURATION))
            elif not frame_kind(token):
                notes.append([now, 0, note_names.parse_pitch(token)])
        start, length, pitch = np.array([note for note in notes if note[1]], np.int64).reshape(-1, 3).T
        about = about if about is not None else self.about(tokens)
        return Song.from_notes(start, length, pitch, about, self.ticks_per_quarter)

    def most_tokens(self, song: Song) -> int:
        """Counts each note with its duration, two tokens a slice, and those of the plan."""
        start, duration, _ = song.notes()
        if not len(start):
            return 0
        bar, longest = self.bar_ticks(song), LONGEST_BAR * self.ticks_per_quarter
        within = np.unique(start)
        slices = -(-song.end // bar) + int((within % bar > 0).sum()) + len(phrases.ends(song))
        more = self.most_plan_tokens(song)
        return len(start) + int((-(-duration.astype(np.int64) // longest)).sum()) + 2 * slices + more

    def reduce(self, song: Song) -> Song:
        """Returns the song itself: nothing is lost."""
        return song

    def kind(self, token: str, before: str) -> str:
        """Returns `note`, `duration`, `longest duration`, `shift`, `place`, `bar`, `meter`, `key`, `last`, `phrase`,
        `cadence`, `again`."""
        del before
        if token.startswith(DURATION):
            return "longest duration" if token == f"{DURATION}{LONGEST_BAR}" else "duration"
        return frame_kind(token) or "note"

    def required(self) -> tuple[str, ...]:
        """Returns every pitch and duration, and the tokens of every frame."""
        longest = LONGEST_BAR * self.ticks_per_quarter
        durations = (DURATION + self.quarters(length) for length in range(1, longest + 1))
        return (*note_names.PITCH_NAMES, *durations, *super().required())
