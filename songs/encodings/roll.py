"""A song on a grid of steps, as a piano roll: what `grid` and `steps` share."""

import numpy as np
import numpy.typing as npt

from songs.song import Song

# The cells of a roll, [steps, 128].
SILENT, ONSET, HELD = 0, 1, 2

Roll = npt.NDArray[np.uint8]


def snap(song: Song, step: int) -> Song:
    """Starts and ends moved to the nearest multiple of `step` ticks (a half goes up); a note lasts a step at least."""
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    snapped_start = _nearest(start, step)
    return song.with_notes(snapped_start, np.maximum(_nearest(start + duration, step) - snapped_start, step), pitch)


def tie(song: Song, step: int) -> Song:
    """`snap(song, step)` with the notes of one pitch that touch tied into one: what sounds, without who struck it."""
    return song_of(mark(roll_of(song, step), onset_marks=False), step, song)


def roll_of(song: Song, step: int) -> Roll:
    """The roll of `snap(song, step)` up to the last note's end, each note an onset and then held."""
    start, duration, pitch = snap(song, step).notes()
    first, last = start // step, (start + duration) // step
    roll = np.zeros((last.max() if len(last) else 0, 128), np.uint8)
    for row, end, column in zip(first.tolist(), last.tolist(), pitch.tolist(), strict=True):
        roll[row:end, column] = HELD
    roll[first, pitch] = ONSET
    return roll


def mark(roll: Roll, *, onset_marks: bool) -> Roll:
    """The roll, in place, where a held pitch that did not sound before is an onset.

    Without onset marks, an onset of a pitch that did sound before is held.
    """
    sounded = np.vstack([np.zeros((1, 128), bool), roll[:-1] != SILENT])
    roll[(roll == HELD) & ~sounded] = ONSET
    if not onset_marks:
        roll[(roll == ONSET) & sounded] = HELD
    return roll


def song_of(roll: Roll, step: int, like: Song) -> Song:
    """The notes of a marked roll: each from its onset as long as it is held; grid and file are those of `like`."""
    pitch, row = np.nonzero(roll.T)
    onset = np.flatnonzero(roll.T[pitch, row] == ONSET)
    length = np.diff(np.r_[onset, len(row)])
    return like.with_notes(row[onset] * step, length * step, pitch[onset])


def _nearest(ticks: npt.NDArray[np.int64], step: int) -> npt.NDArray[np.int64]:
    return (2 * ticks + step) // (2 * step) * step
