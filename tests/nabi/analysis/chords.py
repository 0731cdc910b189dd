"""Music in chords, built in code."""

from nabi.music.song import Song
from tests import builders


def chords(*rows: tuple[float, ...]) -> Song:
    """A song of chords one after another, each of (quarter notes, pitches ...); a row without pitches is a rest."""
    notes, now = [], 0
    for quarters, *pitches in rows:
        length = round(12 * quarters)
        notes += [(now, length, pitch) for pitch in pitches]
        now += length
    return builders.song(*notes)


def melody(intervals: list[int], first: int = 60, quarters: float = 1) -> Song:
    """Notes of equal length, the first of pitch `first`, so many semitones apart."""
    pitches = [first]
    for interval in intervals:
        pitches.append(pitches[-1] + interval)
    return chords(*((quarters, pitch) for pitch in pitches))
