"""Augments a training song: the same song in other keys and at other speeds."""

import dataclasses
import fractions
from collections.abc import Iterator, Sequence

import numpy as np

from nabi.music.canonical_form import LAST_TICK
from nabi.music.song import Song


@dataclasses.dataclass(frozen=True)
class Variant:
    """A transposed and scaled song: `transpose` semitones higher, all times `scale` times as long."""

    song: Song
    transpose: int
    scale: fractions.Fraction


def variants(song: Song, transpose: Sequence[int], scales: Sequence[fractions.Fraction]) -> Iterator[Variant]:
    """Yields a song in every possible key and speed, unscaled ones first, each speed by ascending semitones.

    Records stand in this order in a shard.

    >>> song = Song.from_notes(start=[0], duration=[12], pitch=[127])
    >>> halved = fractions.Fraction(1, 2)
    >>> [(variant.transpose, str(variant.scale)) for variant in variants(song, (-1, 1), (halved,))]
    [(-1, '1'), (0, '1'), (-1, '1/2'), (0, '1/2')]

    A transposition that leaves MIDI's pitches 0-127 is left out, and so is a scale whose times fall between two
    ticks of the grid (a distorted rhythm is no variant) or are longer than a song can be.

    Args:
      song: the original.
      transpose: semitones; 0 need not be among them.
      scales: factors of all times; 1 need not be among them.
    """
    notes = song.pitches[~song.is_drum()]
    lowest, highest = (int(notes.min()), int(notes.max())) if len(notes) else (0, 127)
    keys = sorted({0, *(semitones for semitones in transpose if lowest + semitones >= 0 and highest + semitones < 128)})
    for scale in sorted({fractions.Fraction(1), *scales}, key=lambda factor: (factor != 1, str(factor))):
        scaled = _scaled(song, scale)
        if scaled is not None:
            for semitones in keys:
                yield Variant(scaled.transpose(semitones) if semitones else scaled, semitones, scale)


def _scaled(song: Song, scale: fractions.Fraction) -> Song | None:
    if scale == 1:
        return song
    start, duration, pitch = song.notes()
    scaled_start, scaled_duration = (column.astype(np.int64) * scale.numerator for column in (start, duration))
    if (scaled_start % scale.denominator).any() or (scaled_duration % scale.denominator).any():
        return None
    if song.end * scale > LAST_TICK:
        return None
    return song.moved(
        scaled_start // scale.denominator,
        scaled_duration // scale.denominator,
        pitch,
        move=lambda ticks: ticks * scale.numerator // scale.denominator,
    )
