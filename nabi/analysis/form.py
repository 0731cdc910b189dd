"""Figures of how a song holds together: voice leading, rhythm, phrases, recurrence, key and ending.

They tell generated songs from real ones where distributions of single notes do not. No value is right by itself: real
music has some of everything, and a song is like its training songs if its figures are near theirs.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nabi.analysis.slices import Slices
from nabi.analysis.voice_leading import parallels, recurrence, top_voice
from nabi.music import bars, keys
from nabi.music.canonical_form import IntArray
from nabi.music.keys import FoundKey
from nabi.music.song import Song

Truths = npt.NDArray[np.bool_]

# Quarter notes that a chord lasts at least to be held.
HELD_QUARTERS = 2
# Quarter notes of the beginning and of the end whose keys are compared, and by which held chords are counted.
STRETCH_QUARTERS = 16
# Name of a figure -> its title, and its unit in words.
FIGURES = {
    "parallel_fifths": ("Parallel fifths", "of 100 chord changes, between voices counted from below"),
    "parallel_octaves": ("Parallel octaves", "of 100 chord changes"),
    "top_voice_steps": ("Top voice by step", "% of its moves that are at most 2 semitones wide"),
    "usual_polyphony": ("Usual number of notes", "% of time at which as many notes sound as usual in the song"),
    "duration_entropy": ("Entropy of durations", "bits, 0 where all notes are equally long"),
    "held_chords": ("Held chords", "that last 2 quarter notes or more, of 16 quarter notes of time"),
    "held_chords_on_bars": ("Held chords whole bars apart", "% of the distances from one to the next, of all songs"),
    "recurrence": ("Recurrence", "% of the top voice in figures of 8 steps that come again, at any pitch"),
    "key_kept": ("Key kept", "% of songs whose first and last 16 quarter notes are in one key"),
    "ends_on_triad": ("Ends on a triad", "% of songs, with or without its fifth or its third"),
    "ends_on_tonic": ("Ends on the tonic", "% of songs whose last bass note is the tonic of their key"),
    "ends_v_i": ("Ends with V-I", "% of songs whose bass ends with a fourth up or a fifth down"),
    "major": ("Major", "% of songs"),
}

_FOURTH, _OCTAVE = 5, 12
# Semitones above the root.
_TRIADS = frozenset(map(frozenset, ((0, 4, 7), (0, 3, 7), (0, 4), (0, 3), (0, 7))))


class Figure(NamedTuple):
    """A figure of a song, and how much it counts in a mean over songs.

    Attributes:
      value: of the song.
      weight: 1 for a song; where all events of all songs count alike, the number of events.
    """

    value: float
    weight: float = 1.0


def figures(song: Song, key: FoundKey | None) -> dict[str, Figure]:
    """Measures a song; a figure that it has no occasion for is left out, and all are for a song without notes.

    Args:
      song: any; bars are counted by its time signature, 4/4 without one, from the bar of its first note on.
      key: of the song (`nabi.music.keys.find_key`).

    Returns:
      Of the names of `FIGURES`:
      `parallel_fifths`, `parallel_octaves`: of 100 changes of chords, see `parallels`.
      `top_voice_steps`: percentage of the top voice's moves that are at most 2 semitones wide, repeated notes included.
      `usual_polyphony`: percentage of time at which as many notes sound as usual in the song.
      `duration_entropy`: of the notes' lengths, in bits, 0 for one length.
      `held_chords`: slices of at least `HELD_QUARTERS` quarter notes, of 16 quarter notes of time.
      `held_chords_on_bars`: percentage of distances from one held chord's onset to the next one's that are whole bars;
        every distance of every song counts alike.
      `recurrence`: percentage of the top voice in figures that come again, see `recurrence`.
      `key_kept`: 100 if the first and the last 16 quarter notes are in one key, or else 0.
      `ends_on_triad`: 100 if the last notes are a triad, or two notes of one, or else 0.
      `ends_on_tonic`: 100 if their lowest note is the key's tonic, or else 0.
      `ends_v_i`: 100 if the bass reaches that note by a fourth up or a fifth down, or else 0.
      `major`: 100 if the key is major, or else 0.
    """
    if not len(song):
        return {}
    slices = Slices.of(song)
    intervals, times = top_voice(slices)
    found: dict[str, float | None] = {
        **parallels(slices),
        "top_voice_steps": _percent(np.abs(intervals) <= 2),
        "usual_polyphony": _usual_polyphony(slices),
        "duration_entropy": _entropy(song.notes()[1]),
        "held_chords": _held_chords(song, slices),
        "recurrence": recurrence(intervals, times),
        "key_kept": _truth(_key_kept(song)),
        **_ending(song, slices, key),
        "major": _truth(key.name.endswith("major")) if key else None,
    }
    weighted = {"held_chords_on_bars": held_chords_on_bars(song, slices)}
    return {**{name: Figure(value) for name, value in found.items() if value is not None}, **_with_weight(weighted)}


def held_chords_on_bars(song: Song, slices: Slices) -> Figure:
    """Measures the percentage of distances between held chords that are whole bars; its weight is their number."""
    beats, unit = bars.meter(song)
    distances = np.diff(slices.start[_is_held(song, slices)])
    whole = distances * unit % (4 * beats * song.ticks_per_quarter) == 0
    return Figure(_percent(whole) or 0.0, len(distances))


def _with_weight(weighted: dict[str, Figure]) -> dict[str, Figure]:
    return {name: figure for name, figure in weighted.items() if figure.weight}


def _usual_polyphony(slices: Slices) -> float:
    usual = slices.count == slices.usual_count()
    return 100 * float(slices.length[usual].sum() / slices.length.sum())


def _entropy(durations: IntArray) -> float:
    shares = np.unique(durations, return_counts=True)[1] / len(durations)
    # The sum may be -0.0.
    return abs(float((shares * np.log2(shares)).sum()))


def _is_held(song: Song, slices: Slices) -> Truths:
    return slices.length >= HELD_QUARTERS * song.ticks_per_quarter


def _held_chords(song: Song, slices: Slices) -> float:
    quarters = (song.end - _origin(song)) / song.ticks_per_quarter
    return STRETCH_QUARTERS * np.count_nonzero(_is_held(song, slices)) / quarters


def _origin(song: Song) -> int:
    """Returns the tick, rounded down, at which the bar of the first note begins."""
    beats, unit = bars.meter(song)
    bar_units = 4 * beats * song.ticks_per_quarter
    return int(song.start[0]) * unit // bar_units * bar_units // unit


def _key_kept(song: Song) -> bool:
    origin, stretch = _origin(song), STRETCH_QUARTERS * song.ticks_per_quarter
    first = _key_between(song, origin, origin + stretch)
    last = _key_between(song, max(song.end - stretch, origin), song.end)
    return first is not None and last is not None and first.name == last.name


def _key_between(song: Song, begin: int, end: int) -> FoundKey | None:
    """Finds the key of what sounds from tick `begin` to tick `end`."""
    start, duration, pitch = song.notes()
    ticks = np.minimum(start + duration, end) - np.maximum(start, begin)
    return keys.best_key(np.bincount(pitch % 12, weights=np.maximum(ticks, 0), minlength=12))


def _ending(song: Song, slices: Slices, key: FoundKey | None) -> dict[str, float | None]:
    """Describes the last notes, those that end with the song, and the step of the bass to them."""
    start, duration, pitch = song.notes()
    last = start + duration == song.end
    bass = int(pitch[last].min())
    before = np.flatnonzero(slices.start < start[last].max())
    rise = (bass - int(slices.bass[before[-1]])) % _OCTAVE if len(before) else 0
    return {
        "ends_on_triad": _truth(is_triad(pitch[last].tolist())),
        "ends_on_tonic": _truth(bass % _OCTAVE == key.tonic) if key else None,
        "ends_v_i": _truth(rise == _FOURTH),
    }


def is_triad(pitches: Iterable[int]) -> bool:
    """Tells whether pitches are a major or minor triad, in any position, or its root with the third or the fifth.

    >>> is_triad([52, 60, 67]), is_triad([60, 64, 67, 70])
    (True, False)
    """
    classes = {pitch % _OCTAVE for pitch in pitches}
    return any(frozenset((pitch - root) % _OCTAVE for pitch in classes) in _TRIADS for root in classes)


def _percent(truths: Truths) -> float | None:
    return 100 * float(np.mean(truths)) if len(truths) else None


def _truth(value: bool) -> float:
    return 100.0 if value else 0.0
