"""The common part of encodings whose tokens say the meter, bars, places and phrases: `bar:2` `@1/2` `phrase:8`."""

import dataclasses
import itertools
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from nabi.music import bars, keys, note_names, phrase_tokens
from nabi.music.about import About
from nabi.music.encodings.base import OnGrid
from nabi.music.phrase_tokens import AGAIN, CADENCE, PHRASE
from nabi.music.song import Song

# The longest bar, in quarter notes: 4/2. Songs with longer ones are written in bars of 4/4.
LONGEST_BAR = 8
# Bars are counted down from here: a song that is longer begins with as many tokens of this number.
MOST_BARS = 64

SHIFT, DURATION = "s:", "d:"
_PLACE, _BAR, METER, _KEY, _LAST = "@", "bar:", "meter:", "key:", "last:"
METERS = tuple(
    f"{beats}/{unit}"
    for unit in (2, 4, 8, 16)
    for beats in range(1, 2 * LONGEST_BAR + 1)
    if 4 * beats <= LONGEST_BAR * unit
)
# `key:C-major` ... `key:B-minor`.
_KEYS = {name: _KEY + name.replace(" ", "-") for name in keys.KEY_NAMES}
_KEY_NUMBERS = {token: number for number, token in enumerate(_KEYS.values(), 1)}
# Prefix of a token that is no note -> its kind.
_KINDS = {
    SHIFT: "shift", _PLACE: "place", _BAR: "bar", METER: "meter", _KEY: "key", _LAST: "last", PHRASE: "phrase",
    CADENCE: "cadence", AGAIN: "again",
}  # fmt: skip
# Kinds of tokens that say how a phrase is planned, and a song, with the parts of a band; they are no music.
PHRASES = frozenset({"phrase", "cadence", "again"})
PLANS = PHRASES | {"meter", "key", "last", "part"}

Ints = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Metred(OnGrid):
    """Frames the notes of a song's slices, none longer than a bar, by where they stand and by how long they are.

    A slice begins with its place in the bar (`@1` is the second quarter note) or, at a bar line, with the number of
    bars up to the song's end (`bar:2`), and ends with its length as a shift (`s:1/2`). The first token is the time
    signature, `meter:3/4`, where the song has one. After the first bar's number stand the key, as `nabi.music.keys`
    finds it (`key:C-major`), and how many quarter notes the last bar has (`last:3`): a network can head for its end.

    Where the song's phrases are known (`nabi.music.phrases`) each begins with how many quarter notes are left to its
    end, the whole ones and the rest, and with the highest and the lowest note that sound there: `phrase:7` `phrase:1/2`
    `cadence:F#4` `cadence:D3`; or, if it is the same as an earlier one, with how many phrases back that stood:
    `again:2`. So a network decides first where a phrase goes, as composers do. Notes are read as they are, whatever was
    said.

    A bar that is longer than 8 quarter notes, or is no whole number of ticks, is written as bars of 4/4.
    """

    def ticks(self, token: str) -> int:
        """Returns the length of a shift, 0 for any other token."""
        return self.length(token.removeprefix(SHIFT)) if token.startswith(SHIFT) else 0

    def duration(self, token: str) -> int:
        """Returns the ticks of a note that a token says, where notes have durations of their own; 0 for any other.

        >>> Metred().duration("d:1/2"), Metred().duration("s:1/2")
        (6, 0)
        """
        return self.length(token.removeprefix(DURATION)) if token.startswith(DURATION) else 0

    def required(self) -> tuple[str, ...]:
        """Returns every length and place of a slice, bar number, time signature and key."""
        longest = LONGEST_BAR * self.ticks_per_quarter
        return (
            *(SHIFT + self.quarters(length) for length in range(1, longest + 1)),
            *(_PLACE + self.quarters(place) for place in range(1, longest)),
            *(f"{_BAR}{left}" for left in range(1, MOST_BARS + 1)),
            *(METER + meter for meter in METERS),
            *_KEYS.values(),
            *(_LAST + self.quarters(length) for length in range(1, longest + 1)),
            *phrase_tokens.required(self.ticks_per_quarter),
        )

    def opening(self, bars: int, meter: str, key: str = "") -> tuple[str, ...]:
        """Returns the time signature, if there is one, and the number of bars, if it is not 0; bars alone are of 4/4.

        The key stands after the number of bars, so that it is left out without one.

        >>> Metred().opening(bars=16, meter="3/4", key="D minor")
        ('meter:3/4', 'bar:16', 'key:D-minor')
        """
        meter = meter or ("4/4" if bars else "")
        counted = (f"{_BAR}{min(bars, MOST_BARS)}",) if bars else ()
        named = (_KEYS[key],) if bars and key else ()
        return (*((METER + meter,) if meter in METERS else ()), *counted, *named)

    def key_number(self, token: str) -> int:
        """Returns 1 more than the index in `nabi.music.keys.KEY_NAMES` of a key; 0 for any other token."""
        return _KEY_NUMBERS.get(token, 0)

    def number(self, token: str) -> int:
        """Returns the bars of a bar's number, the ticks of a place, of a meter's or the last bar, or of a phrase.

        Of a note of a cadence it is 1 more than its MIDI number, of a phrase that comes again how many phrases it goes
        back, of any other token 0.

        >>> [Metred().number(token) for token in ("bar:2", "@1", "meter:3/4", "last:1/2", "phrase:8", "cadence:C4")]
        [2, 12, 36, 6, 96, 61]
        >>> [Metred().number(token) for token in ("again:2", "C4")]
        [2, 0]
        """
        kind = frame_kind(token)
        said = token.partition(":")[2]
        if kind == "place":
            return self.length(token.removeprefix(_PLACE))
        if kind == "bar":
            return int(said)
        if kind == "again":
            return int(said)
        if kind in ("last", "phrase"):
            return self.length(said)
        if kind == "cadence":
            return 1 + note_names.parse_pitch(said)
        return int(bars.quarters(said) * self.ticks_per_quarter) if kind == "meter" else 0

    def lengthened(self, tokens: Sequence[str], bars: int) -> list[str]:
        """Counts bars down from another number, to 1.

        >>> Metred().lengthened(["bar:2", "C4", "s:4", "bar:1", "C4", "s:4"], bars=8)
        ['bar:8', 'C4', 's:4', 'bar:7', 'C4', 's:4']
        """
        lines = itertools.count(bars, -1)
        return [f"{_BAR}{min(max(next(lines), 1), MOST_BARS)}" if token.startswith(_BAR) else token for token in tokens]

    def places(self, song: Song, ticks: Ints) -> list[str]:
        """Writes the first token of a slice that begins at each of these ticks, all before the song's end.

        >>> song = Song.from_notes(start=[0], duration=[96], pitch=[60])
        >>> Metred().places(song, np.array([0, 6, 48]))
        ['bar:2', '@1/2', 'bar:1']
        """
        lines = self.bar_lines(song)
        bar = np.searchsorted(lines, ticks, side="right") - 1
        left, places = len(lines) - bar, ticks - lines[bar]
        return [
            _PLACE + self.quarters(place) if place else f"{_BAR}{min(left, MOST_BARS)}"
            for place, left in zip(places.tolist(), left.tolist(), strict=True)
        ]

    def framed(self, song: Song, borders: Ints, notes: Iterable[Iterable[str]]) -> list[str]:
        """Writes a song's slices; none for a song without notes.

        Args:
          song: the song.
          borders: ticks at which slices begin, ascending, every bar line and end of a phrase among them, then the
            song's end.
          notes: the tokens of each slice's notes.
        """
        tokens = list(self.meter_tokens(song))
        phrases, meters = phrase_tokens.written(song), self.meter_changes(song)
        plans = {**phrases, 0: [*self.plan(song), *phrases.get(0, [])]}
        places, lengths = self.places(song, borders[:-1]), np.diff(borders).tolist()
        for place, begin, slice_notes, length in zip(places, borders.tolist(), notes, lengths, strict=False):
            tokens += [place, *meters.get(begin, ()), *plans.get(begin, []), *slice_notes]
            tokens.append(SHIFT + self.quarters(length))
        return tokens if len(song) else []

    def most_plan_tokens(self, song: Song) -> int:
        """Bounds the number of tokens that say meter, key, last bar and phrases, of a song with notes."""
        return len(self.meter_tokens(song)) + 2 + phrase_tokens.most_tokens(song)

    def bar_lines(self, song: Song) -> Ints:
        """Returns the ticks at which the bars of a song begin, ascending, all before its end."""
        return np.arange(0, song.end, self.bar_ticks(song))

    def meter_changes(self, song: Song) -> dict[int, tuple[str, ...]]:
        """Maps the bar lines at which another meter begins to its token; a song has one meter."""
        del song
        return {}

    def bar_ticks(self, song: Song) -> int:
        """Returns the ticks of a bar as it is written."""
        ticks = bars.bar_ticks(song)
        usable = ticks == int(ticks) and ticks <= LONGEST_BAR * song.ticks_per_quarter
        return int(ticks) if usable else 4 * song.ticks_per_quarter

    def meter_tokens(self, song: Song) -> tuple[str, ...]:
        """Returns the time signature's token; none without one that can be written."""
        meter = song.about.time_signature
        return (METER + meter,) if meter in METERS else ()

    def about(self, tokens: Sequence[str]) -> About:
        """Returns the metadata that tokens say: the time signature, if there is one, and the phrases that end."""
        meter = tokens[0] if tokens and tokens[0].startswith(METER) else None
        time_signature = meter.removeprefix(METER) if meter else None
        return About(
            time_signature=time_signature, phrase_ends=phrase_tokens.ends(tokens, self.ticks, self.ticks_per_quarter)
        )

    def plan(self, song: Song) -> list[str]:
        """Returns the tokens after the first bar's number: the key, if one is found, and the last bar's length."""
        key, lines = keys.find_key(song), self.bar_lines(song)
        named = [_KEYS[key.name]] if key else []
        return [*named, _LAST + self.quarters(song.end - int(lines[-1]))] if len(lines) else named

    def quarters(self, ticks: int) -> str:
        """Writes ticks as quarter notes."""
        return note_names.duration_name(ticks, self.ticks_per_quarter)

    def length(self, quarters: str) -> int:
        """Reads quarter notes as ticks; raises ValueError for another text, or none of the grid."""
        return note_names.parse_duration(quarters, self.ticks_per_quarter)


def frame_kind(token: str) -> str:
    """Returns the kind of a token of the frame: one of the values of `_KINDS`; else ""."""
    return next((kind for prefix, kind in _KINDS.items() if token.startswith(prefix)), "")
