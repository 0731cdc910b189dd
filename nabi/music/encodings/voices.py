"""`voices`: all that sounds, from the top down, at every change and bar line: `bar:2` `C5` `~E4` `s:1/2` `@1/2`."""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from nabi.music import bars, keys, note_names
from nabi.music.encodings.base import END, START, OnGrid
from nabi.music.encodings.grid import HELD_MARK
from nabi.music.song import About, Song

# The longest bar, in quarter notes: 4/2. Songs with longer ones are written in bars of 4/4.
LONGEST_BAR = 8
# Bars are counted down from here: a song that is longer begins with as many tokens of this number.
MOST_BARS = 64

_SHIFT, _PLACE, _BAR, _METER, _KEY, _LAST = "s:", "@", "bar:", "meter:", "key:", "last:"
_METERS = tuple(
    f"{beats}/{unit}"
    for unit in (2, 4, 8, 16)
    for beats in range(1, 2 * LONGEST_BAR + 1)
    if 4 * beats <= LONGEST_BAR * unit
)
# `key:C-major` ... `key:B-minor`.
_KEYS = {name: _KEY + name.replace(" ", "-") for name in keys.KEY_NAMES}
_KEY_NUMBERS = {token: number for number, token in enumerate(_KEYS.values(), 1)}
_STRUCK = note_names.PITCH_NAMES
_HELD = tuple(HELD_MARK + name for name in note_names.PITCH_NAMES)
_NAMES = (*_STRUCK, *_HELD)
_KINDS = ((_SHIFT, "shift"), (_PLACE, "place"), (_BAR, "bar"), (_METER, "meter"), (_KEY, "key"), (_LAST, "last"))
_NO_MUSIC = tuple(prefix for prefix, kind in _KINDS if kind != "shift")

_Ints = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Voices(OnGrid):
    """Writes slices of a song: what sounds from one change, or bar line, to the next.

    A slice is its place in the bar (`@1` is the second quarter note; at a bar line the number of bars up to the song's
    end, `bar:2`), its pitches from the top down, each struck (`C5`) or held (`~C5`), and its length as a shift
    (`s:1/2`). A voice keeps its place among the tokens of a slice, so that a network sees each as a line; BachBot
    (Liang 2016) writes chorales much alike, but in steps of one length. The first token is the time signature,
    `meter:3/4`, where the song has one. After the first bar's number stand the key, as `nabi.music.keys` finds it
    (`key:C-major`), and how many quarter notes the last bar has (`last:3`): a network can head for its end.

    >>> song = Song.from_notes(start=[0, 0, 12], duration=[12, 24, 12], pitch=[72, 60, 74])
    >>> Voices().encode(song)
    ['bar:1', 'key:F-major', 'last:2', 'C5', 'C4', 's:1', '@1', 'D5', '~C4', 's:1']

    No music is out of vocabulary. A bar that is longer than 8 quarter notes, or is no whole number of ticks, is
    written as bars of 4/4.

    Law: `decode(encode(song), song.about) == song`.
    """

    name: ClassVar[str] = "voices"
    # Pitches descend within a slice.
    FOLLOWS: ClassVar[Mapping[str, frozenset[str]]] = {
        START: frozenset({"meter", "bar"}),
        "meter": frozenset({"bar"}),
        "bar": frozenset({*_STRUCK, "shift", "key", "last"}),
        "key": frozenset({"last"}),
        "last": frozenset({*_STRUCK, "shift"}),
        "place": frozenset({*_STRUCK, "shift"}),
        **{name: frozenset({*_STRUCK[:pitch], "shift"}) for pitch, name in enumerate(_STRUCK)},
        "shift": frozenset({"bar", "place", END}),
    }

    def encode(self, song: Song) -> list[str]:
        """Writes the slices up to the last note's end; silence is a slice without a pitch."""
        start, duration, pitch = (column.astype(np.int64) for column in self.checked(song).notes())
        ends = start + duration
        changes = _changes(start, ends)
        borders = np.union1d(changes, np.arange(0, changes[-1], self._bar(song)))
        first, last = np.searchsorted(borders, start), np.searchsorted(borders, ends)
        index, names = _sounding(first, last, pitch)
        notes = np.split(names, np.searchsorted(index, np.arange(1, len(borders) - 1)))
        tokens = list(self._meter(song)) if len(start) else []
        plan = self._plan(song, int(changes[-1]))
        places, lengths = self.places(song, borders[:-1]), np.diff(borders).tolist()
        for slice_notes, length, place in zip(notes, lengths, places, strict=False):
            tokens += [place, *plan, *(_NAMES[name] for name in slice_notes.tolist())]
            plan = []
            tokens.append(_SHIFT + self._quarters(length))
        return tokens

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
        about = about if about is not None else About(time_signature=_meter_of(tokens))
        return Song.from_notes(start, end - start, pitches, about, self.ticks_per_quarter)

    def most_tokens(self, song: Song) -> int:
        """Counts each pitch once a slice, two tokens a slice, and two of the plan, one too many without a key."""
        start, duration, _ = (column.astype(np.int64) for column in song.notes())
        ends, bar = start + duration, self._bar(song)
        changes = _changes(start, ends)
        on_lines = changes % bar == 0
        # Slices before each change: the changes before it, and the bar lines before it that are none.
        slices = np.arange(len(changes)) - np.cumsum(on_lines) + on_lines + -(-changes // bar)
        first, last = (slices[np.searchsorted(changes, ticks)] for ticks in (start, ends))
        more = len(self._meter(song)) + 2 if len(start) else 0
        return int((last - first).sum()) + 2 * int(slices[-1]) + more

    def reduce(self, song: Song) -> Song:
        """Returns the song itself: nothing is lost."""
        return song

    def kind(self, token: str, before: str) -> str:
        """Returns `shift`, `place`, `bar`, `meter`, `key`, `last`, or a pitch, struck or held, as its own kind."""
        del before
        for prefix, kind in _KINDS:
            if token.startswith(prefix):
                return kind
        return token.removeprefix(HELD_MARK)

    def ticks(self, token: str) -> int:
        """Returns the length of a shift, 0 for any other token."""
        return self._length(token) if token.startswith(_SHIFT) else 0

    def required(self) -> tuple[str, ...]:
        """Returns every pitch, struck and held, every length and place of a slice, bar number and time signature."""
        longest = LONGEST_BAR * self.ticks_per_quarter
        return (
            *_NAMES,
            *(_SHIFT + self._quarters(length) for length in range(1, longest + 1)),
            *(_PLACE + self._quarters(place) for place in range(1, longest)),
            *(f"{_BAR}{left}" for left in range(1, MOST_BARS + 1)),
            *(_METER + meter for meter in _METERS),
            *_KEYS.values(),
            *(_LAST + self._quarters(length) for length in range(1, longest + 1)),
        )

    def opening(self, bars: int, meter: str, key: str = "") -> tuple[str, ...]:
        """Returns the time signature, if there is one, and the number of bars, if it is not 0; bars alone are of 4/4.

        The key stands after the number of bars, so that it is left out without one.

        >>> Voices().opening(bars=16, meter="3/4", key="D minor")
        ('meter:3/4', 'bar:16', 'key:D-minor')
        """
        meter = meter or ("4/4" if bars else "")
        counted = (f"{_BAR}{min(bars, MOST_BARS)}",) if bars else ()
        named = (_KEYS[key],) if bars and key else ()
        return (*((_METER + meter,) if meter in _METERS else ()), *counted, *named)

    def key_number(self, token: str) -> int:
        """Returns 1 more than the index in `nabi.music.keys.KEY_NAMES` of a key; 0 for any other token."""
        return _KEY_NUMBERS.get(token, 0)

    def lengthened(self, tokens: Sequence[str], bars: int) -> list[str]:
        """Counts bars down from another number, to 1.

        >>> Voices().lengthened(["bar:2", "C4", "s:4", "bar:1", "C4", "s:4"], bars=8)
        ['bar:8', 'C4', 's:4', 'bar:7', 'C4', 's:4']
        """
        lines = itertools.count(bars, -1)
        return [f"{_BAR}{min(max(next(lines), 1), MOST_BARS)}" if token.startswith(_BAR) else token for token in tokens]

    def places(self, song: Song, ticks: _Ints) -> list[str]:
        """Writes the first token of a slice that begins at each of these ticks, all before the song's end.

        >>> song = Song.from_notes(start=[0], duration=[96], pitch=[60])
        >>> Voices().places(song, np.array([0, 6, 48]))
        ['bar:2', '@1/2', 'bar:1']
        """
        bar = self._bar(song)
        left, places = -(-(song.end - ticks) // bar), ticks % bar
        return [
            _PLACE + self._quarters(place) if place else f"{_BAR}{min(left, MOST_BARS)}"
            for place, left in zip(places.tolist(), left.tolist(), strict=True)
        ]

    def _bar(self, song: Song) -> int:
        """Returns the ticks of a bar."""
        ticks = bars.bar_ticks(song)
        usable = ticks == int(ticks) and ticks <= LONGEST_BAR * song.ticks_per_quarter
        return int(ticks) if usable else 4 * song.ticks_per_quarter

    def _meter(self, song: Song) -> tuple[str, ...]:
        meter = song.about.time_signature
        return (_METER + meter,) if meter in _METERS else ()

    def _plan(self, song: Song, end: int) -> list[str]:
        """Returns the tokens of the key, if one is found, and of the last bar's length, for a song up to tick `end`."""
        key, bar = keys.find_key(song), self._bar(song)
        named = [_KEYS[key.name]] if key else []
        return [*named, _LAST + self._quarters(end % bar or bar)]

    def _quarters(self, ticks: int) -> str:
        return note_names.duration_name(ticks, self.ticks_per_quarter)

    def _length(self, token: str) -> int:
        return note_names.parse_duration(token.removeprefix(_SHIFT), self.ticks_per_quarter)

    def _slices(self, tokens: Sequence[str]) -> Iterator[tuple[list[int], set[int], int]]:
        """Yields the pitches that each slice strikes and those that it holds, and its length in ticks."""
        struck: list[int] = []
        held: set[int] = set()
        for token in tokens:
            if token.startswith(_SHIFT):
                yield struck, held, self._length(token)
                struck, held = [], set()
            elif token.startswith(HELD_MARK):
                held.add(note_names.parse_pitch(token.removeprefix(HELD_MARK)))
            elif not token.startswith(_NO_MUSIC):
                struck.append(note_names.parse_pitch(token))


def _meter_of(tokens: Sequence[str]) -> str | None:
    return next((token.removeprefix(_METER) for token in tokens[:1] if token.startswith(_METER)), None)


def _changes(start: _Ints, ends: _Ints) -> _Ints:
    """Returns 0 and every tick at which a note begins or ends, ascending."""
    changes: _Ints = np.unique(np.concatenate([[0], start, ends]))
    return changes


def _sounding(first: _Ints, last: _Ints, pitch: _Ints) -> tuple[_Ints, _Ints]:
    """Lists what sounds in each slice: slice numbers, ascending, and indices in `_NAMES`, from the top down.

    Args:
      first, last: of each note, its first slice and the one after its last.
      pitch: of each note.
    """
    counts = last - first
    note = np.repeat(np.arange(len(pitch)), counts)
    offset = np.arange(len(note)) - np.repeat(np.cumsum(counts) - counts, counts)
    index = first[note] + offset
    order = np.lexsort((-pitch[note], index))
    return index[order], (pitch[note] + len(_STRUCK) * (offset > 0))[order]
