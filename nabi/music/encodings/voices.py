"""`voices`: all that sounds, outer voices first, at every change and bar line: `bar:2` `C5` `~C3` `~E4` `s:1/2`."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np

from nabi.music import note_names, phrases
from nabi.music.about import About
from nabi.music.encodings.base import END, START
from nabi.music.encodings.grid import HELD_MARK
from nabi.music.encodings.metred import SHIFT, Ints, Metred, frame_kind
from nabi.music.song import Song

_STRUCK = note_names.PITCH_NAMES
_HELD = tuple(HELD_MARK + name for name in note_names.PITCH_NAMES)
_NAMES = (*_STRUCK, *_HELD)


@dataclasses.dataclass(frozen=True)
class Voices(Metred):
    """Writes slices of a song: what sounds from one change, or bar line, to the next.

    A slice has its pitches, each struck (`C5`) or held (`~C5`), in the frame of `Metred`: the highest, the lowest, then
    those between from the top down. A voice keeps its place among the tokens of a slice, so that a network sees each as
    a line; BachBot (Liang 2016) writes chorales much alike, but from the top down and in steps of one length. Written
    last, a bass has little choice: with soprano and bass first, as harmony is taught, three of four parallels go.

    >>> song = Song.from_notes(start=[0, 0, 12], duration=[12, 24, 12], pitch=[72, 60, 74])
    >>> Voices().encode(song)
    ['bar:1', 'key:F-major', 'last:2', 'C5', 'C4', 's:1', '@1', 'D5', '~C4', 's:1']

    No music is out of vocabulary.

    Law: `decode(encode(song), song.about) == song`.
    """

    name: ClassVar[str] = "voices"
    FOLLOWS: ClassVar[Mapping[str, frozenset[str]]] = {
        START: frozenset({"meter", "bar"}),
        "meter": frozenset({"bar"}),
        "bar": frozenset({"sounding", "shift", "key", "last", "phrase", "again"}),
        "key": frozenset({"last"}),
        "last": frozenset({"sounding", "shift", "phrase", "again"}),
        "place": frozenset({"sounding", "shift", "phrase", "again"}),
        "phrase": frozenset({"sounding", "shift", "phrase", "cadence"}),
        "cadence": frozenset({"sounding", "shift", "cadence"}),
        "again": frozenset({"sounding", "shift"}),
        "sounding": frozenset({"sounding", "shift"}),
        "shift": frozenset({"bar", "place", END}),
    }

    def encode(self, song: Song) -> list[str]:
        """Writes the slices up to the last note's end; silence is a slice without a pitch."""
        start, duration, pitch = (column.astype(np.int64) for column in self.checked(song).notes())
        ends = start + duration
        changes = _changes(start, ends)
        borders = np.unique(np.concatenate([changes, self.bar_lines(song), phrases.ends(song)]))
        first, last = np.searchsorted(borders, start), np.searchsorted(borders, ends)
        index, names = _sounding(first, last, pitch)
        slices = np.split(names, np.searchsorted(index, np.arange(1, len(borders) - 1)))
        return self.framed(song, borders, ([_NAMES[name] for name in notes.tolist()] for notes in slices))

    def decode(self, tokens: Sequence[str], about: About | None = None) -> Song:
        """Reads tokens as a song; a last slice without its length is left out, and a held pitch that is new is struck.

        Raises:
          ValueError: naming a token of another form.
        """
        notes: list[tuple[int, int, int]] = []
        sounding: dict[int, int] = {}
        now = 0
        for struck, held, length in self._slices(tokens):
            notes += [(sounding.pop(pitch), now, pitch) for pitch in list(sounding) if pitch not in held]
            sounding.update({pitch: sounding.get(pitch, now) for pitch in held} | dict.fromkeys(struck, now))
            now += length
        notes += [(begin, now, pitch) for pitch, begin in sounding.items()]
        start, end, pitches = np.array(notes, np.int64).reshape(-1, 3).T
        about = about if about is not None else self.about(tokens)
        return Song.from_notes(start, end - start, pitches, about, self.ticks_per_quarter)

    def most_tokens(self, song: Song) -> int:
        """Counts each pitch once a slice, two tokens a slice, and those of the plan."""
        start, duration, _ = (column.astype(np.int64) for column in song.notes())
        ends, bar = start + duration, self.bar_ticks(song)
        changes = np.union1d(_changes(start, ends), phrases.ends(song))
        on_lines = changes % bar == 0
        # Slices before each change: the changes before it, and the bar lines before it that are none.
        slices = np.arange(len(changes)) - np.cumsum(on_lines) + on_lines + -(-changes // bar)
        first, last = (slices[np.searchsorted(changes, ticks)] for ticks in (start, ends))
        more = self.most_plan_tokens(song) if len(start) else 0
        return int((last - first).sum()) + 2 * int(slices[-1]) + more

    def reduce(self, song: Song) -> Song:
        """Returns the song itself: nothing is lost."""
        return song

    def kind(self, token: str, before: str) -> str:
        """Returns the kind of a token of the frame (`frame_kind`), or `sounding`."""
        del before
        return frame_kind(token) or "sounding"

    def required(self) -> tuple[str, ...]:
        """Returns every pitch, struck and held, and the tokens of every frame."""
        return (*_NAMES, *super().required())

    def _slices(self, tokens: Sequence[str]) -> Iterator[tuple[list[int], set[int], int]]:
        """Yields the pitches that each slice strikes and those that it holds, and its length in ticks."""
        struck: list[int] = []
        held: set[int] = set()
        for token in tokens:
            if token.startswith(SHIFT):
                yield struck, held, self.ticks(token)
                struck, held = [], set()
            elif token.startswith(HELD_MARK):
                held.add(note_names.parse_pitch(token.removeprefix(HELD_MARK)))
            elif not frame_kind(token):
                struck.append(note_names.parse_pitch(token))


def _changes(start: Ints, ends: Ints) -> Ints:
    """Returns 0 and every tick at which a note begins or ends, ascending."""
    changes: Ints = np.unique(np.concatenate([[0], start, ends]))
    return changes


def _sounding(first: Ints, last: Ints, pitch: Ints) -> tuple[Ints, Ints]:
    """Lists what sounds in each slice: slice numbers, ascending, and indices in `_NAMES`, the outer ones first.

    Args:
      first, last: of each note, its first slice and the one after its last.
      pitch: of each note.
    """
    counts = last - first
    note = np.repeat(np.arange(len(pitch)), counts)
    offset = np.arange(len(note)) - np.repeat(np.cumsum(counts) - counts, counts)
    index = first[note] + offset
    order = np.lexsort((-pitch[note], index))
    order = order[np.lexsort((_places(index[order]), index[order]))]
    return index[order], (pitch[note] + len(_STRUCK) * (offset > 0))[order]


def _places(index: Ints) -> Ints:
    """Returns the place in its slice of each note from the top down: the last one of several is the second.

    >>> _places(np.array([0, 0, 0, 0, 1, 2, 2])).tolist()
    [0, 2, 3, 1, 0, 0, 1]
    """
    first = np.searchsorted(index, index)
    rank, last = np.arange(len(index)) - first, np.searchsorted(index, index, side="right") - 1 - first
    places: Ints = np.where(rank == 0, 0, np.where(rank == last, 1, rank + 1))
    return places
