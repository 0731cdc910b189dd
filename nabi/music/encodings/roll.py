"""Songs on a grid of steps as piano rolls: the common part of `grid` and `steps`."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from nabi.music.song import Song

# The cells of a roll, [steps, 128].
SILENT, ONSET, HELD = 0, 1, 2

Roll = npt.NDArray[np.uint8]

# Steps of one part of a roll: half a megabyte.
_PART = 4096
# Bits of the number of a step, which is smaller than a tick.
_STEP_BITS = 32


def snap(song: Song, step: int) -> Song:
    """Moves starts and ends to the nearest multiple of `step` ticks (halves up); a note lasts at least one step.

    >>> list(snap(Song.from_notes(start=[1], duration=[4], pitch=[60]), step=3))
    [Event(start=0, pitches=(60,), duration=6)]
    """
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    snapped_start = _nearest(start, step)
    return song.with_notes(snapped_start, np.maximum(_nearest(start + duration, step) - snapped_start, step), pitch)


def tie(song: Song, step: int) -> Song:
    """Joins the notes of `snap(song, step)` that touch and have one pitch: the sound without the onsets."""
    return song_of(rolls_of(song, step, onset_marks=False), step, song)


def cost(song: Song, step: int) -> tuple[int, int]:
    """Returns the steps of `snap(song, step)` and a bound on its note-steps, without making the roll."""
    start, duration, _ = (column.astype(np.int64) for column in song.notes())
    first = _nearest(start, step) // step
    last = np.maximum(_nearest(start + duration, step) // step, first + 1)
    return int(last.max(initial=0)), int((last - first).sum())


def rolls_of(song: Song, step: int, *, onset_marks: bool, highest: bool = False) -> Iterator[Roll]:
    """Yields the roll of `snap(song, step)` in parts, up to the last note's end: the whole may not fit in memory.

    Args:
      song: any.
      step: ticks.
      onset_marks: see `mark`.
      highest: keep only the highest sounding pitch of each step.
    """
    start, duration, pitch = (column.astype(np.int64) for column in snap(song, step).notes())
    # By onset; at most one note of each pitch sounds on from one part into the next.
    notes = np.stack([start // step, (start + duration) // step, pitch])
    steps = int(notes[1].max()) if len(pitch) else 0
    before = np.zeros(128, np.bool_)
    sustained = notes[:, :0]
    first_new = 0
    for begin in range(0, steps, _PART):
        end = min(begin + _PART, steps)
        first_later = int(np.searchsorted(notes[0], end))
        sounding = np.concatenate([sustained, notes[:, first_new:first_later]], axis=1)
        roll = _roll(sounding - [[begin], [begin], [0]], end - begin)
        if highest:
            _keep_highest(roll)
        yield mark(roll, onset_marks=onset_marks, before=before)
        before = roll[-1] != SILENT
        sustained, first_new = sounding[:, sounding[1] > end], first_later


def _roll(notes: npt.NDArray[np.int64], steps: int) -> Roll:
    """Draws notes (first step, step after the last, pitch), each an onset and then held.

    A negative first step lies before the roll.
    """
    roll = np.zeros((steps, 128), np.uint8)
    for row, end, column in notes.T.tolist():
        roll[max(row, 0) : end, column] = HELD
    first, _, pitch = notes[:, notes[0] >= 0]
    roll[first, pitch] = ONSET
    return roll


def _keep_highest(roll: Roll) -> None:
    top = 127 - np.argmax(roll[:, ::-1] != SILENT, axis=1)
    roll[np.arange(128) != top[:, None]] = SILENT


def mark(roll: Roll, *, onset_marks: bool, before: npt.NDArray[np.bool_] | None = None) -> Roll:
    """Turns held pitches that did not sound before into onsets, in place; returns the roll.

    Without onset marks, the onset of a pitch that sounded before becomes held.

    Args:
      roll: to mark.
      onset_marks: keep the onset of a pitch that sounded before.
      before: bool [128], the pitches that sound in the step before the first; None: none.
    """
    first = np.zeros(128, np.bool_) if before is None else before
    sounded = np.vstack([first, roll[:-1] != SILENT])
    roll[(roll == HELD) & ~sounded] = ONSET
    if not onset_marks:
        roll[(roll == ONSET) & sounded] = HELD
    return roll


def song_of(rolls: Iterable[Roll], step: int, like: Song) -> Song:
    """Reads marked rolls, one after another, as notes, each from its onset as long as it is held.

    Ticks a quarter note and metadata are those of `like`.
    """
    places, onsets, begin = [np.zeros(0, np.int64)], [np.zeros(0, np.bool_)], 0
    for roll in rolls:
        row, pitch = np.nonzero(roll)
        places.append(pitch << _STEP_BITS | row + begin)
        onsets.append(roll[row, pitch] == ONSET)
        begin += len(roll)
    # By pitch, then by step.
    place, is_onset = np.concatenate(places), np.concatenate(onsets)
    order = np.argsort(place)
    onset = np.flatnonzero(is_onset[order])
    length = np.diff(np.r_[onset, len(order)])
    first = place[order[onset]]
    return like.with_notes((first & (1 << _STEP_BITS) - 1) * step, length * step, first >> _STEP_BITS)


def _nearest(ticks: npt.NDArray[np.int64], step: int) -> npt.NDArray[np.int64]:
    return (2 * ticks + step) // (2 * step) * step
