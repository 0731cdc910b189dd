"""Written notes of a song: measures, voices of a staff, note values with dots, ties and tuplets.

A tick stands for the same time as in the song, unless a bar is no whole number of ticks: then all are divided.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from nabi.music import bars
from nabi.music.song import Song

# Voices of a staff, at most: notation programs know four. Denser music is written in one, with ties.
MOST_VOICES = 4
# The longest note, a breve, and the shortest, a 1024th, in quarter notes.
_LONGEST, _SHORTEST = Fraction(8), Fraction(1, 256)

_Note = tuple[int, int, int]


@dataclasses.dataclass(frozen=True)
class BarLines:
    """The bar lines of a song, in its ticks times `scale`.

    Attributes:
      lines: ticks of the bar lines, ascending, the begin of the first measure and the end of the last among them.
      bar: ticks of a whole bar; the first measure of a song with an upbeat is shorter.
      quarter: ticks of a quarter note.
      scale: parts that a tick of the song is divided into.
    """

    lines: tuple[int, ...]
    bar: int
    quarter: int
    scale: int

    @classmethod
    def of(cls, song: Song) -> "BarLines":
        """Draws bar lines by the time signature, up to the end of the last note; an empty song has one measure.

        >>> BarLines.of(Song.from_notes(start=[36, 48], duration=[12, 48], pitch=[60, 65])).lines
        (36, 48, 96)

        A song that begins in the second half of its first bar has an upbeat: its first measure begins there, at the
        eighth or quarter note that the first note lies in.
        """
        # The meter's unit, such as a 16th, is a whole number of scaled ticks, whatever the grid.
        scale = max(bars.meter(song)[1] // 4, 1)
        bar, quarter = round(bars.bar_ticks(song) * scale), song.ticks_per_quarter * scale
        first = int(song.start[0]) * scale if len(song) else 0
        beat = quarter // 2 if quarter % 2 == 0 else quarter
        upbeat = first - first % beat if bar <= 2 * first < 2 * bar else 0
        measures = max(-(-song.end * scale // bar), 1)
        return cls((upbeat, *range(bar, measures * bar + 1, bar)), bar, quarter, scale)

    @property
    def has_upbeat(self) -> bool:
        """Tells whether the first measure is shorter than a bar."""
        return self.lines[0] > 0


@dataclasses.dataclass(frozen=True)
class Sound:
    """A note, a chord, or with no pitches a rest, from one tick to another.

    Attributes:
      start, end: ticks.
      pitches: MIDI numbers, ascending.
      tied_from: those of the pitches that go on from the sound before.
      tied_to: those of the pitches that go on in the next sound.
    """

    start: int
    end: int
    pitches: tuple[int, ...] = ()
    tied_from: frozenset[int] = frozenset()
    tied_to: frozenset[int] = frozenset()

    def cut(self, places: Iterable[int]) -> Iterator["Sound"]:
        """Cuts a sound at some ticks, ascending; the parts are tied."""
        inner = [place for place in places if self.start < place < self.end]
        ends = [self.start, *inner, self.end]
        every = frozenset(self.pitches)
        for first, last in itertools.pairwise(ends):
            tied_from = self.tied_from if first == self.start else every
            tied_to = self.tied_to if last == self.end else every
            yield Sound(first, last, self.pitches, tied_from, tied_to)


@dataclasses.dataclass(frozen=True)
class Written:
    """A sound as one note value.

    Attributes:
      sound: what sounds.
      value: its value without dots and tuplet, in quarter notes: 2 is a half note.
      dots: 0 or 1.
      tuplet: (3, 2) for three in the time of two; (1, 1) for none.
      bracket: `start` or `stop` for the first and the last note of a tuplet, else "".
    """

    sound: Sound
    value: Fraction
    dots: int
    tuplet: tuple[int, int] = (1, 1)
    bracket: str = ""


def voices(song: Song, scale: int = 1) -> list[list[Sound]]:
    """Distributes the notes of a staff over voices, in each of which one note or chord follows another.

    >>> [len(voice) for voice in voices(Song.from_notes(start=[0, 0, 12], duration=[24, 12, 12], pitch=[72, 60, 62]))]
    [1, 2]

    There are as few as possible; where more than MOST_VOICES were needed there is one, in which what holds on is tied.
    """
    sounds = [
        Sound(event.start * scale, (event.start + event.duration) * scale, event.pitches)
        for event in sorted(song, key=lambda event: (event.start, -event.pitches[-1]))
    ]
    by_voice: list[list[Sound]] = []
    for sound in sounds:
        free = next((voice for voice in by_voice if voice[-1].end <= sound.start), None)
        if free is None:
            by_voice.append(free := [])
        free.append(sound)
    return by_voice if len(by_voice) <= MOST_VOICES else [list(_slices(sounds))]


def _slices(sounds: Sequence[Sound]) -> Iterator[Sound]:
    """Yields what sounds from one change to the next."""
    changes = sorted({tick for sound in sounds for tick in (sound.start, sound.end)})
    waiting = list(reversed(sounds))
    sounding: dict[int, Sound] = {}
    for start, end in itertools.pairwise(changes):
        sounding = {pitch: sound for pitch, sound in sounding.items() if sound.end > start}
        while waiting and waiting[-1].start == start:
            sound = waiting.pop()
            sounding |= dict.fromkeys(sound.pitches, sound)
        if sounding:
            tied_from = frozenset(pitch for pitch, sound in sounding.items() if sound.start < start)
            tied_to = frozenset(pitch for pitch, sound in sounding.items() if sound.end > end)
            yield Sound(start, end, tuple(sorted(sounding)), tied_from, tied_to)


def measures(voice: Sequence[Sound], bar_lines: BarLines) -> Iterator[list[Written]]:
    """Yields the notes and rests of a voice in each measure, which they fill; [] for a whole bar of silence."""
    pieces = [piece for sound in voice for piece in sound.cut(bar_lines.lines)]
    at = 0
    for first, last in itertools.pairwise(bar_lines.lines):
        own = []
        while at < len(pieces) and pieces[at].start < last:
            own.append(pieces[at])
            at += 1
        is_whole = last - first == bar_lines.bar
        yield list(_written(list(_with_rests(own, first, last)), bar_lines)) if own or not is_whole else []


def _with_rests(sounds: Iterable[Sound], first: int, last: int) -> Iterator[Sound]:
    for sound in sounds:
        if first < sound.start:
            yield Sound(first, sound.start)
        yield sound
        first = sound.end
    if first < last:
        yield Sound(first, last)


def _written(sounds: Sequence[Sound], bar_lines: BarLines) -> Iterator[Written]:
    """Yields the note values of sounds that follow each other without a gap, in one measure."""
    for first, last, tuplet in _stretches(sounds, bar_lines):
        values = [
            Written(piece, value, dots, tuplet)
            for sound in sounds
            for cut in sound.cut([first, last])
            if first <= cut.start < last
            for piece, value, dots in _values(cut, first, bar_lines.quarter, tuplet)
        ]
        if tuplet != (1, 1):
            values[0] = dataclasses.replace(values[0], bracket="start")
            values[-1] = dataclasses.replace(values[-1], bracket="stop")
        yield from values


def _stretches(sounds: Sequence[Sound], bar_lines: BarLines) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Yields (start, end, tuplet) of the parts of a measure: each beat with a tuplet alone, all between together."""
    first, last = sounds[0].start, sounds[-1].end
    base = first - first % bar_lines.bar
    changes = [sound.start for sound in sounds]
    plain = first
    for start, end in _cells(first, last, base, bar_lines.quarter):
        inner = [change - start for change in changes if start < change < end]
        parts = (end - start) // math.gcd(end - start, *inner)
        odd = parts // (parts & -parts)
        if odd > 1:
            if plain < start:
                yield plain, start, (1, 1)
            yield start, end, (odd, 1 << odd.bit_length() - 1)
            plain = end
    if plain < last:
        yield plain, last, (1, 1)


def _cells(first: int, last: int, base: int, quarter: int) -> Iterator[tuple[int, int]]:
    """Divides ticks into quarter notes of the bar that begins at `base`, and halves of them ... where it must be."""
    while first < last:
        size = quarter
        while (first - base) % size or first + size > last:
            size //= 2
        yield first, first + size
        first += size


def _values(sound: Sound, first: int, quarter: int, tuplet: tuple[int, int]) -> Iterator[tuple[Sound, Fraction, int]]:
    """Cuts a sound in a stretch that begins at `first` into (part, value, dots)."""
    stretched = Fraction(tuplet[0], tuplet[1] * quarter)
    before, after = (stretched * (tick - first) for tick in (sound.start, sound.end))
    values = list(_note_values(after - before))
    # What begins off the beat goes on to the beat first.
    if before.denominator > after.denominator:
        values.reverse()
    ends = itertools.accumulate((_quarters(*value) / stretched for value in values), initial=Fraction(sound.start))
    for piece, (value, dots) in zip(sound.cut([int(end) for end in ends]), values, strict=True):
        yield piece, value, dots


def _note_values(quarters: Fraction) -> Iterator[tuple[Fraction, int]]:
    """Yields the fewest (value, dots) that together are so long, from the longest on."""
    value = _LONGEST
    if quarters % _SHORTEST:
        raise ValueError(f"{quarters} quarter notes are no whole number of 1024th notes: they cannot be written")
    while quarters:
        dots = next((dots for dots in (1, 0) if _quarters(value, dots) <= quarters), None)
        if dots is None:
            value /= 2
        else:
            yield value, dots
            quarters -= _quarters(value, dots)


def _quarters(value: Fraction, dots: int) -> Fraction:
    return value * 3 / 2 if dots else value
