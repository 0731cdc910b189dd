"""Bytes of a MIDI track -> events -> notes -> chords on the grid, in compiled loops.

These loops do, statement for statement, what music21 10.5 does (midi/base.py, midi/translate.py, Stream.quantize),
so that the fast reader and the reference agree: they can be read side by side. Numba compiles them at first use and
keeps the result beside this file.
"""

import math

import numba
import numpy as np
import numpy.typing as npt

from nabi.reading import midi_meta

NOTE_OFF, NOTE_ON, CONTROL_CHANGE, PROGRAM_CHANGE, CHANNEL_PRESSURE = 0x80, 0x90, 0xB0, 0xC0, 0xD0
META = 0xFF
_SYSEX, _SYSEX_END = 0xF0, 0xF7
# Controllers whose third byte music21 needs.
_LOCAL_CONTROL, _MONO_MODE = 0x7A, 0x7E
_NAME, _INSTRUMENT, _TEMPO, _TIME, _KEY = (
    midi_meta.TRACK_NAME,
    midi_meta.INSTRUMENT_NAME,
    midi_meta.TEMPO,
    midi_meta.TIME_SIGNATURE,
    midi_meta.KEY_SIGNATURE,
)

# music21 gives up on a number of that many bytes; a sum of them is held below what an int64 can hold.
_MOST_NUMBER_BYTES = 999
_MOST_TICKS = 1 << 52

# What a number may turn out to be instead.
_CUT_SHORT, _ENDLESS = -1, -2

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]


@numba.njit(cache=True)
def _number(data: Bytes, position: int, end: int) -> tuple[int, int]:
    """A variable-length number at `position`: (its value or what is wrong, the position after it)."""
    value = 0
    for index in range(_MOST_NUMBER_BYTES):
        if position + index >= end:
            return _CUT_SHORT, end
        byte = data[position + index]
        value = min((value << 7) + (byte & 0x7F), _MOST_TICKS)
        if byte < 0x80:
            return value, position + index + 1
    return _ENDLESS, position


@numba.njit(cache=True)
def walk(data: Bytes, begin: int, end: int) -> tuple[int, Ints, Bytes, Bytes, Bytes, Ints, Ints]:
    """The channel and meta events of a track chunk's bytes [begin, end).

    Running status goes on after meta and system events as it does in music21; a message that it cannot read costs
    its own delta time and is skipped.

    Returns:
      How many events, or -1 if the bytes end inside a number; then columns of at least that length: tick int64,
      status uint8, first and second data byte uint8 (of a meta event: its type, 0), and where its data begins and
      ends int64.
    """
    most = (end - begin) // 2 + 1
    tick, begins, ends = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    status, first, second = np.empty(most, np.uint8), np.empty(most, np.uint8), np.empty(most, np.uint8)
    damaged = -1
    count, now, running, position = 0, 0, -1, begin
    while position < end:
        delta, message = _number(data, position, end)
        if delta < 0:
            return damaged, tick, status, first, second, begins, ends
        if end - message < 2:
            break
        then = min(now + delta, _MOST_TICKS)
        byte, at = int(data[message]), message + 1
        if byte < 0x80:
            byte, at = (running if running >= 0 else NOTE_ON), message
        kept = byte if byte != META else running
        if byte < 0xF0:
            one, two = int(data[at]), int(data[at + 1]) if at + 1 < end else 0
            kind = byte & 0xF0
            if (kind in (PROGRAM_CHANGE, CHANNEL_PRESSURE)) and one > 0x7F:
                position = message
                continue
            if kind == CONTROL_CHANGE and (one in (_LOCAL_CONTROL, _MONO_MODE)) and at + 1 >= end:
                return damaged, tick, status, first, second, begins, ends
            tick[count], status[count], first[count], second[count] = then, byte, one, two
            count += 1
            position = at + (1 if kind in (PROGRAM_CHANGE, CHANNEL_PRESSURE) else 2)
        elif byte in (META, _SYSEX, _SYSEX_END):
            length, start = _number(data, at + (1 if byte == META else 0), end)
            if length == _CUT_SHORT:
                return damaged, tick, status, first, second, begins, ends
            if length == _ENDLESS:
                position = message
                continue
            position = min(start + length, end)
            if byte == META:
                tick[count], status[count], first[count], second[count] = then, META, data[at], 0
                begins[count], ends[count] = start, position
                count += 1
        else:
            position = message
            continue
        now, running = then, kept
    return count, tick, status, first, second, begins, ends


@numba.njit(cache=True)
def _is_sound(data: Bytes, kind: int, begin: int, end: int) -> bool:
    """`nabi.reading.midi_meta.is_sound` of a meta event whose data is data[begin:end]."""
    if kind == _TEMPO:
        return end - begin >= 3 and (data[begin] or data[begin + 1] or data[begin + 2])
    if kind == _TIME:
        return end - begin >= 2 and data[begin] > 0 and data[begin + 1] <= midi_meta.MOST_POWER
    if kind == _KEY:
        return end - begin >= 2 and (data[begin] <= midi_meta.MOST_SHARPS or data[begin] >= 256 - midi_meta.MOST_SHARPS)
    return kind in (_NAME, _INSTRUMENT) and end - begin <= midi_meta.MOST_NAME_BYTES


@numba.njit(cache=True)
def survey(
    data: Bytes, count: int, status: Bytes, first: Bytes, second: Bytes, begins: Ints, ends: Ints
) -> tuple[int, Ints, Ints, tuple[int, int, int]]:
    """What a track has besides notes; the columns are those of `walk`.

    Returns:
      The channels of its note-ons as bits; the indices of its marks (sound meta events that music21 makes an object
      of, and program changes); of these the indices of names and program changes; and the indices of the first
      tempo, time signature and key signature, -1 where there is none.
    """
    channels, found, named = 0, 0, 0
    marks, names = np.empty(count, np.int64), np.empty(count, np.int64)
    tempo, time, key = -1, -1, -1
    for index in range(count):
        kind = status[index] & 0xF0
        if kind == NOTE_ON and second[index]:
            channels |= 1 << (status[index] & 0x0F)
        this = first[index]
        is_program = kind == PROGRAM_CHANGE
        if not is_program and not (status[index] == META and _is_sound(data, this, begins[index], ends[index])):
            continue
        marks[found] = index
        found += 1
        if is_program or this in (_NAME, _INSTRUMENT):
            names[named] = index
            named += 1
        elif this == _TEMPO and tempo < 0:
            tempo = index
        elif this == _TIME and time < 0:
            time = index
        elif this == _KEY and key < 0:
            key = index
    return channels, marks[:found], names[:named], (tempo, time, key)


@numba.njit(cache=True)
def pair(count: int, tick: Ints, status: Bytes, first: Bytes, second: Bytes, channel: int) -> tuple[Ints, Ints, Ints]:
    """The notes of a channel in the order of their note-ons: (start, end, key) int64, in file ticks.

    A note ends at the first note-off of its key after it, even if another note has ended there already; a note
    without one is none (`getNotesFromEvents`).
    """
    ends = np.full(256, -1, np.int64)
    start, end, key = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int64)
    place = count
    for index in range(count - 1, -1, -1):
        if status[index] & 0x0F != channel:
            continue
        kind, this = status[index] & 0xF0, first[index]
        if kind == NOTE_OFF or (kind == NOTE_ON and second[index] == 0):
            ends[this] = tick[index]
        elif kind == NOTE_ON and ends[this] >= 0:
            place -= 1
            start[place], end[place], key[place] = tick[index], ends[this], this
    return start[place:], end[place:], key[place:]


@numba.njit(cache=True)
def gather(start: Ints, end: Ints, tolerance: float, leaders: Ints, lasts: Ints, notes: Ints) -> tuple[int, int]:
    """Gathers notes into chords as `midiTrackToStream` does.

    A chord is led by the first note that is in no chord yet. The notes after it that start less than the tolerance
    later and end at most as much apart from it join, also those that are in a chord already.

    Args:
      start, end: int64 [N], ticks, by start.
      tolerance: in ticks; music21's is the smallest unit that times are quantised to.
      leaders: int64 [M], filled with each chord's leading note, if it is long enough.
      lasts: int64 [M], filled with each chord's last note, which gives the chord its length.
      notes: int64 [K], filled with chord, note, chord, note ...

    Returns:
      How many chords, and how many values of `notes` there are; a caller whose arrays are too short calls again.
    """
    gathered = np.zeros(len(start), np.bool_)
    chords, values = 0, 0
    for index in range(len(start)):
        if gathered[index]:
            continue
        last = index
        for other in range(index, len(start)):
            if start[other] - start[index] >= tolerance:
                break
            if abs(end[other] - end[index]) > tolerance:
                continue
            gathered[other] = True
            last = other
            if values + 1 < len(notes):
                notes[values], notes[values + 1] = chords, other
            values += 2
        if chords < len(leaders):
            leaders[chords], lasts[chords] = index, last
        chords += 1
    return chords, values


@numba.njit(cache=True)
def _best_match(target: float, gap: float, zero_allowed: bool, units: Floats, unit_ticks: Ints) -> int:
    """The nearest multiple of a unit, in ticks of the grid (`bestMatch`)."""
    best_left, best_error, best = math.inf, math.inf, 0
    for index in range(len(units)):
        unit = units[index]
        multiple = math.floor(target / unit)
        match = unit * multiple
        error = target - match
        # The multiple below may be the target itself, rounded up: `music21_reader` has music21 take it too.
        if not target <= match + unit / 2:
            multiple += 1
            match = unit * multiple
            error = match - target
        if not zero_allowed and match == 0.0:
            multiple, match = 1, unit
            error = abs(target - match)
        # music21 compares errors rounded to 7 decimal places.
        error = np.rint(error * 1e7)
        # Most positions have no gap to fill, and a remainder takes as long as all the rest.
        left = 0.0 if gap == 0.0 or gap % unit == 0.0 else max(gap - match, 0.0)
        # At a tie the smaller unit wins, and comes first.
        if left < best_left or (left == best_left and error < best_error):
            best_left, best_error, best = left, error, multiple * unit_ticks[index]
    return best


@numba.njit(cache=True)
def quantize_offsets(ticks: Ints, division: int, units: Floats, unit_ticks: Ints) -> Ints:
    """Each position's nearest multiple of a unit, in ticks of the grid.

    Args:
      ticks: int64 [N], in file ticks.
      division: file ticks a quarter note.
      units: float64 [D], in quarter notes, ascending: 1 / 4, 1 / 3.
      unit_ticks: int64 [D], the same in ticks of the grid.
    """
    grid = np.empty(len(ticks), np.int64)
    for index in range(len(ticks)):
        grid[index] = _best_match(ticks[index] / division, 0.0, True, units, unit_ticks)
    return grid


@numba.njit(cache=True)
def quantize_lengths(
    lengths: Ints, onsets: Ints, marks: Ints, division: int, units: Floats, unit_ticks: Ints, ticks_per_quarter: int
) -> Ints:
    """Each chord's length in ticks of the grid, biased to fill the gap to what comes next.

    Args:
      lengths: int64 [N], in file ticks.
      onsets: int64 [N], ascending grid ticks.
      marks: int64 [M], ascending grid ticks of all that stands in the track besides notes; it counts as next too.
      division: file ticks a quarter note.
      units: float64 [D], in quarter notes, ascending: 1 / 4, 1 / 3.
      unit_ticks: int64 [D], the same in ticks of the grid.
      ticks_per_quarter: of the grid.
    """
    grid = np.empty(len(lengths), np.int64)
    following = mark = 0
    for index in range(len(lengths)):
        onset = onsets[index]
        while following < len(onsets) and onsets[following] <= onset:
            following += 1
        while mark < len(marks) and marks[mark] <= onset:
            mark += 1
        after = onsets[following] if following < len(onsets) else -1
        if mark < len(marks) and (after < 0 or marks[mark] < after):
            after = marks[mark]
        gap = (after - onset) / ticks_per_quarter if after >= 0 else 0.0
        length = lengths[index]
        grid[index] = _best_match(length / division, gap, length == 0, units, unit_ticks)
    return grid
