"""Augments a training song: the same song in other keys, at other speeds and as loud as others play it."""

import dataclasses
import fractions
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from nabi.music.canonical_form import LAST_TICK
from nabi.music.rendition import ORIGINAL, SCALE, STRETCH, TEMPO, VELOCITY, Rendition
from nabi.music.song import Song
from nabi.music.timeline import DEFAULT_MICROSECONDS, MOST_MICROSECONDS, Timeline

Ints = npt.NDArray[np.int64]


def renditions(song: Song, wanted: Iterable[Rendition]) -> Iterator[tuple[Rendition, Song]]:
    """Yields a song as it is, then those of its renditions that there are, in the order in which they are asked for.

    >>> song = Song.from_notes(start=[0], duration=[12], pitch=[60])
    >>> asked = [Rendition("scale", fractions.Fraction(1, 2)), Rendition("velocity", fractions.Fraction(2))]
    >>> [(str(rendition), played.end) for rendition, played in renditions(song, asked)]
    [('', 12), ('*1/2', 6)]

    Left out are a scale whose times fall between two ticks (a distorted rhythm is no rendition), times longer than a
    song can be, and the tempo and the velocities of a song that is read without its parts, which says neither.
    """
    yield ORIGINAL, song
    for rendition in wanted:
        played = _PLAY[rendition.kind](song, rendition.factor)
        if played is not None:
            yield rendition, played


def transpositions(song: Song, transpose: Sequence[int]) -> Iterator[tuple[int, Song]]:
    """Yields a song in its own and other keys, with the semitones by which it is higher, ascending.

    >>> song = Song.from_notes(start=[0], duration=[12], pitch=[127])
    >>> [(semitones, moved.pitches.tolist()) for semitones, moved in transpositions(song, (-1, 1))]
    [(-1, [126]), (0, [127])]

    Args:
      song: the original or a rendition.
      transpose: semitones; 0 need not be among them, and those that leave MIDI's pitches 0-127 are left out.
    """
    notes = song.pitches[~song.is_drum()]
    lowest, highest = (int(notes.min()), int(notes.max())) if len(notes) else (0, 127)
    for semitones in sorted({0, *transpose}):
        if not semitones:
            yield 0, song
        elif lowest + semitones >= 0 and highest + semitones < 128:
            yield semitones, song.transpose(semitones)


def _scaled(song: Song, factor: fractions.Fraction) -> Song | None:
    start, duration, _ = song.notes()
    # A factor is in lowest terms.
    between = np.concatenate([start, duration]).astype(object) % factor.denominator
    return None if between.any() else _stretched(song, factor)


def _stretched(song: Song, factor: fractions.Fraction) -> Song | None:
    """Moves where notes, phrases and pedals begin and end, so that notes that follow each other still do."""
    if song.end * factor > LAST_TICK:
        return None

    def move(ticks: npt.ArrayLike) -> Ints:
        return _multiplied(ticks, factor)

    start, duration, pitch = song.notes()
    begin, end = move(start), move(start + duration)
    phrase_ends = tuple(move(song.about.phrase_ends).tolist())
    moved = song.moved(begin, end - begin, pitch, move=move)
    return dataclasses.replace(moved, about=dataclasses.replace(song.about, phrase_ends=phrase_ends))


def _in_tempo(song: Song, factor: fractions.Fraction) -> Song | None:
    if not song.band:
        return None
    changes = song.band.timeline
    # Of two rows at tick 0 the song's own holds.
    ticks, microseconds = np.concatenate([[(0, DEFAULT_MICROSECONDS)], changes.tempi]).T
    quarters = np.clip(_multiplied(microseconds, 1 / factor), 1, MOST_MICROSECONDS)
    timeline = Timeline.of(np.column_stack([ticks, quarters]), changes.meters, changes.keys)
    return dataclasses.replace(song, band=dataclasses.replace(song.band, timeline=timeline))


def _louder(song: Song, factor: fractions.Fraction) -> Song | None:
    if not song.band:
        return None
    velocity = np.clip(_multiplied(song.band.velocity, factor), 1, 127).astype(np.uint8)
    return dataclasses.replace(song, band=dataclasses.replace(song.band, velocity=velocity))


def _multiplied(numbers: npt.ArrayLike, factor: fractions.Fraction) -> Ints:
    """Multiplies whole numbers, at least 0, and rounds, halves up."""
    # Python's integers: a factor may have any number of digits.
    exact = np.asarray(numbers, np.int64).astype(object)
    rounded: Ints = ((2 * exact * factor.numerator + factor.denominator) // (2 * factor.denominator)).astype(np.int64)
    return rounded


_PLAY: dict[str, Callable[[Song, fractions.Fraction], Song | None]] = {
    SCALE: _scaled,
    STRETCH: _stretched,
    TEMPO: _in_tempo,
    VELOCITY: _louder,
}
