"""Augmentation: a training song in other keys and at other speeds."""

import dataclasses
import fractions
from collections.abc import Iterator, Sequence

import numpy as np

from songs.song import LAST_TICK, Song


@dataclasses.dataclass(frozen=True)
class Variant:
    """A song and how it was made: `transpose` semitones higher, all times `scale` times as long."""

    song: Song
    transpose: int
    scale: fractions.Fraction


def variants(song: Song, transpose: Sequence[int], scales: Sequence[fractions.Fraction]) -> Iterator[Variant]:
    """Each combination that is possible, the unscaled ones first, by semitones: the order of records in a shard.

    A transposition that leaves MIDI's pitches 0-127 is left out, and so is a scale whose times fall between two
    ticks of the grid (a distorted rhythm is no variant) or are longer than a song can be.

    Args:
      song: the original.
      transpose: semitones; 0 need not be among them.
      scales: factors of all times; 1 need not be among them.
    """
    lowest, highest = (int(song.pitches.min()), int(song.pitches.max())) if len(song) else (0, 127)
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
    longer, longer_duration = (column.astype(np.int64) * scale.numerator for column in (start, duration))
    if (longer % scale.denominator).any() or (longer_duration % scale.denominator).any():
        return None
    if song.end * scale > LAST_TICK:
        return None
    return song.with_notes(longer // scale.denominator, longer_duration // scale.denominator, pitch)


def parse_transpose(text: str) -> tuple[int, ...]:
    """`-5..6` or `-2,0,3` -> semitones, ascending; raises ValueError outside -60..60."""
    try:
        low, separator, high = text.partition("..")
        semitones = range(int(low), int(high) + 1) if separator else sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise ValueError(f"--transpose {text!r} must be a range such as -5..6 or a list such as -2,3") from None
    if not semitones or min(semitones) < -60 or max(semitones) > 60:
        raise ValueError(f"--transpose {text!r} must hold semitones in -60..60, the smaller bound first")
    return tuple(semitones)


def parse_scales(text: str) -> tuple[fractions.Fraction, ...]:
    """`1/2,2` -> factors; raises ValueError outside 1/4..4."""
    try:
        scales = tuple(fractions.Fraction(part) for part in text.split(","))
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"--time_scales {text!r} must be factors such as 1/2,2") from None
    if not all(fractions.Fraction(1, 4) <= scale <= 4 for scale in scales):
        raise ValueError(f"--time_scales {text!r} must be in 1/4..4")
    return scales
