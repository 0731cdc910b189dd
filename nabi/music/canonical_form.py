"""The canonical form of a song's notes: one order, no pitch struck twice at once, columns of events.

Equal music gives equal columns, in whatever order its notes come.
"""

import numpy as np
import numpy.typing as npt

# Longest song: 5.6 million quarter notes of 12 ticks. Start, duration and pitch of a note fit into 61 bits.
_TIME_BITS = 27
MAX_TICKS = (1 << _TIME_BITS) - 1
# Parts of a song, at most: part, pitch and onset of a note fit into 63 bits.
_PART_BITS = 29
# Latest start of a note, and its longest duration, in ticks.
LAST_TICK = MAX_TICKS // 2

_Ints = npt.NDArray[np.int64]
IntArray = npt.NDArray[np.int32]
PitchArray = npt.NDArray[np.uint8]


def columns(
    start: npt.ArrayLike, duration: npt.ArrayLike, pitch: npt.ArrayLike
) -> tuple[IntArray, IntArray, PitchArray, IntArray]:
    """Brings notes into canonical form.

    A duration is at least 1. Of the same pitch twice at one start the longer note stays. A pitch struck while it sounds
    ends its earlier note, which leaves its chord if need be. Notes of equal start and duration are one event. Events
    are sorted by (start, pitches).

    >>> [column.tolist() for column in columns(start=[12, 0, 0], duration=[6, 12, 12], pitch=[67, 64, 60])]
    [[0, 12], [12, 6], [60, 64, 67], [0, 2, 3]]

    Args:
      start: onsets in ticks, [N], 0..LAST_TICK, in any order.
      duration: lengths in ticks, [N], at most LAST_TICK.
      pitch: MIDI numbers 0..127, [N].

    Returns:
      start int32 [E], duration int32 [E], pitches uint8 [P], offsets int32 [E + 1]: columns of `nabi.music.song.Song`.

    Raises:
      ValueError: if a pitch or a time is outside its range.
    """
    onsets, pitches = np.asarray(start, np.int64), np.asarray(pitch, np.int64)
    lengths = np.maximum(np.asarray(duration, np.int64), 1)
    _check_range("pitch", pitches, 0, 127)
    _check_range("start", onsets, 0, LAST_TICK)
    _check_range("duration", lengths, 1, LAST_TICK)
    return _gather_events(*_resolve_repeats(onsets, lengths, pitches))


def _check_range(name: str, values: npt.NDArray[np.int64], low: int, high: int) -> None:
    if values.size and (values.min() < low or values.max() > high):
        wrong = values[(values < low) | (values > high)][0]
        raise ValueError(f"{name} {wrong} is outside {low}..{high}")


def _resolve_repeats(start: _Ints, duration: _Ints, pitch: _Ints) -> tuple[_Ints, _Ints, _Ints]:
    """Keeps one note for each pitch and start (the longest), each ending where its pitch is struck again."""
    # Sorting one packed key takes a fifth of the time of sorting by three columns.
    key = np.sort(pitch << 2 * _TIME_BITS | start << _TIME_BITS | MAX_TICKS - duration)
    if not len(key):
        return start, duration, pitch
    first = np.concatenate([[True], np.diff(key >> _TIME_BITS) != 0])
    key = key[first]
    duration, place = MAX_TICKS - (key & MAX_TICKS), key >> _TIME_BITS
    # The places of different pitches lie further apart than any note is long.
    duration[:-1] = np.minimum(duration[:-1], np.diff(place))
    return place & MAX_TICKS, duration, place >> _TIME_BITS


def _gather_events(start: _Ints, duration: _Ints, pitch: _Ints) -> tuple[IntArray, IntArray, PitchArray, IntArray]:
    """Joins notes of equal start and duration to one event; sorts the events by (start, pitches)."""
    key = np.sort(start << _TIME_BITS + 7 | duration << 7 | pitch)
    if not len(key):
        return np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.uint8), np.zeros(1, np.int32)
    first = np.concatenate([[True], np.diff(key >> 7) != 0])
    start, pitch = key >> _TIME_BITS + 7, key & 127
    # Events of one start share no pitch, so their lowest pitches alone order them.
    lowest = pitch[first][np.cumsum(first) - 1]
    order = np.argsort(start << 14 | lowest << 7 | pitch)
    # An event's first note keeps the flag, since its notes stay together and ascending.
    offsets = np.flatnonzero(first[order])
    heads = key[order[offsets]]
    return (
        (heads >> _TIME_BITS + 7).astype(np.int32),
        (heads >> 7 & MAX_TICKS).astype(np.int32),
        pitch[order].astype(np.uint8),
        np.append(offsets, len(key)).astype(np.int32),
    )


def part_columns(
    start: npt.ArrayLike, duration: npt.ArrayLike, pitch: npt.ArrayLike, part: npt.ArrayLike, velocity: npt.ArrayLike
) -> tuple[tuple[IntArray, IntArray, PitchArray, IntArray], IntArray, PitchArray]:
    """Brings notes of several parts into canonical form: the rules of `columns` hold within each part.

    Of equal notes of a part the loudest stays. An event is of one part. Events are sorted by (start, part, pitches).

    >>> song, part, velocity = part_columns([0, 0, 0], [12, 12, 12], [60, 64, 60], [1, 1, 0], [80, 90, 70])
    >>> [column.tolist() for column in song], part.tolist(), velocity.tolist()
    ([[0, 0], [12, 12], [60, 60, 64], [0, 1, 3]], [0, 1], [70, 80, 90])

    Args:
      start, duration, pitch: as `columns` takes them, [N].
      part: number of each note's part, at least 0, [N].
      velocity: 1..127, [N].

    Returns:
      The columns of `columns`, then the part of each event, int32 [E], and the velocity of each note, uint8 [P].

    Raises:
      ValueError: if a value is outside its range.
    """
    onsets, pitches = np.asarray(start, np.int64), np.asarray(pitch, np.int64)
    lengths = np.maximum(np.asarray(duration, np.int64), 1)
    parts, velocities = np.asarray(part, np.int64), np.asarray(velocity, np.int64)
    _check_range("pitch", pitches, 0, 127)
    _check_range("start", onsets, 0, LAST_TICK)
    _check_range("duration", lengths, 1, LAST_TICK)
    _check_range("velocity", velocities, 1, 127)
    _check_range("part", parts, 0, (1 << _PART_BITS) - 1)
    longest = lengths.max(initial=1)
    # Of a part's pitch at an onset the longest note comes first, of equally long ones the loudest.
    parts, pitches, onsets, shorter, softer = _sorted_rows(parts, pitches, onsets, longest - lengths, 127 - velocities)
    line = parts << 7 | pitches
    is_same_line = line[1:] == line[:-1]
    first = np.append(True, ~is_same_line | (onsets[1:] != onsets[:-1]))[: len(line)]
    line, onsets, lengths, velocities = line[first], onsets[first], longest - shorter[first], 127 - softer[first]
    gaps = np.where(line[1:] == line[:-1], onsets[1:] - onsets[:-1], LAST_TICK)
    lengths[:-1] = np.minimum(lengths[:-1], gaps)
    return _gather_part_events(onsets, lengths, line & 127, line >> 7, velocities)


def _gather_part_events(
    start: _Ints, duration: _Ints, pitch: _Ints, part: _Ints, velocity: _Ints
) -> tuple[tuple[IntArray, IntArray, PitchArray, IntArray], IntArray, PitchArray]:
    """Joins notes of equal start, duration and part to one event; sorts the events by (start, part, pitches)."""
    start, part, duration, pitch, velocity = _sorted_rows(start, part, duration, pitch, velocity)
    is_head = (start[1:] != start[:-1]) | (part[1:] != part[:-1]) | (duration[1:] != duration[:-1])
    heads = np.flatnonzero(np.append(True, is_head)[: len(start)])
    # Events of a start and a part share no pitch, so their lowest pitches, which stand first, alone order them. Nearly
    # all are in order already, which a stable sort is quick to see.
    order = np.argsort((start[heads] << _PART_BITS | part[heads]) << 7 | pitch[heads], kind="stable")
    counts = np.diff(heads, append=len(start))[order]
    offsets = np.append(0, np.cumsum(counts))
    heads = heads[order]
    notes = np.arange(len(start)) + np.repeat(heads - offsets[:-1], counts)
    columns = (
        start[heads].astype(np.int32),
        duration[heads].astype(np.int32),
        pitch[notes].astype(np.uint8),
        offsets.astype(np.int32),
    )
    return columns, part[heads].astype(np.int32), velocity[notes].astype(np.uint8)


def _sorted_rows(*columns: _Ints) -> tuple[_Ints, ...]:
    """Sorts rows of numbers, none below 0, by their first column, then the second and so on.

    Packed into one number, which nearly all songs allow, rows are sorted ten times as fast.
    """
    bits = [int(column.max(initial=0)).bit_length() for column in columns]
    if sum(bits) > 63:
        order = np.lexsort(columns[::-1])
        return tuple(column[order] for column in columns)
    key = np.zeros(len(columns[0]), np.int64)
    for column, width in zip(columns, bits, strict=True):
        key = key << width | column
    key.sort()
    unpacked = []
    for width in reversed(bits):
        unpacked.append(key & (1 << width) - 1)
        key = key >> width
    return tuple(reversed(unpacked))
