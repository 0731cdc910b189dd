"""Reads the bytes of a MIDI track as events, notes and chords, in compiled loops.

These loops follow music21 10.5 (midi/base.py, midi/translate.py) statement for statement, so that the fast reader and
the reference agree: they can be read side by side. Numba compiles them at first use and caches the result beside this
file.
"""

import numba
import numpy as np
import numpy.typing as npt

from nabi.music.key_signatures import MOST_SHARPS
from nabi.reading import midi_meta

NOTE_OFF, NOTE_ON, CONTROL_CHANGE, PROGRAM_CHANGE, CHANNEL_PRESSURE = 0x80, 0x90, 0xB0, 0xC0, 0xD0
META = 0xFF
_SYSEX, _SYSEX_END = 0xF0, 0xF7
# Controllers whose value music21 needs.
_LOCAL_CONTROL, _MONO_MODE = 0x7A, 0x7E
_NAME, _INSTRUMENT, _TEMPO, _TIME, _KEY = (
    midi_meta.TRACK_NAME,
    midi_meta.INSTRUMENT_NAME,
    midi_meta.TEMPO,
    midi_meta.TIME_SIGNATURE,
    midi_meta.KEY_SIGNATURE,
)

# music21 refuses numbers of so many bytes. Ticks are capped, so that sums stay within an int64.
_MOST_NUMBER_BYTES = 999
_MOST_TICKS = 1 << 52

# Returned in place of a number: the track ends inside it, or music21 cannot read it.
_CUT_SHORT, _UNREADABLE = -1, -2

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]


@numba.njit(cache=True)
def _number(data: Bytes, position: int, end: int) -> tuple[int, int]:
    """Reads a variable-length number at `position`: (value, or `_CUT_SHORT` or `_UNREADABLE`; position after it)."""
    value = 0
    for index in range(_MOST_NUMBER_BYTES):
        if position + index >= end:
            return _CUT_SHORT, end
        byte = data[position + index]
        value = min((value << 7) + (byte & 0x7F), _MOST_TICKS)
        if byte < 0x80:
            return value, position + index + 1
    return _UNREADABLE, position


@numba.njit(cache=True)
def _extent(data: Bytes, status: int, at: int, end: int) -> tuple[int, int]:
    """Finds the extent of an event whose bytes after the status begin at `at`: (begin of its data, end).

    The end is `_CUT_SHORT` if the track ends inside a number, `_UNREADABLE` if music21 cannot read the event.
    """
    if status < _SYSEX:
        kind = status & 0xF0
        if kind in (PROGRAM_CHANGE, CHANNEL_PRESSURE):
            return at, _UNREADABLE if data[at] > 0x7F else at + 1
        is_cut = kind == CONTROL_CHANGE and data[at] in (_LOCAL_CONTROL, _MONO_MODE) and at + 1 >= end
        return at, _CUT_SHORT if is_cut else at + 2
    if status not in (META, _SYSEX, _SYSEX_END):
        return at, _UNREADABLE
    length, begin = _number(data, at + (1 if status == META else 0), end)
    return begin, min(begin + length, end) if length >= 0 else length


@numba.njit(cache=True)
def walk(data: Bytes, begin: int, end: int) -> tuple[int, Ints, Bytes, Bytes, Bytes, Ints, Ints]:
    """Reads the channel and meta events of a track chunk's bytes [begin, end).

    Running status continues after meta and system events as it does in music21; an event that it cannot read costs
    its own delta time and is skipped.

    Returns:
      The number of events, or -1 if the bytes end inside a number; then columns of at least that length: tick int64,
      status uint8, first and second data byte uint8 (of a meta event: its type, 0), begin and end of its data int64.
    """
    most = (end - begin) // 2 + 1
    tick, begins, ends = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    status, first, second = np.empty(most, np.uint8), np.empty(most, np.uint8), np.zeros(most, np.uint8)
    count, now, running, position = 0, 0, NOTE_ON, begin
    while position < end:
        delta, message = _number(data, position, end)
        if delta < 0:
            return -1, tick, status, first, second, begins, ends
        if end - message < 2:
            break
        byte, at = int(data[message]), message + 1
        if byte < 0x80:
            byte, at = running, message
        data_begin, after = _extent(data, byte, at, end)
        if after == _CUT_SHORT:
            return -1, tick, status, first, second, begins, ends
        if after == _UNREADABLE:
            position = message
            continue
        position, now = after, min(now + delta, _MOST_TICKS)
        if byte < _SYSEX or byte == META:
            tick[count], status[count], first[count] = now, byte, data[at]
            if byte == META:
                begins[count], ends[count] = data_begin, after
            elif at + 1 < end:
                second[count] = data[at + 1]
            count += 1
        running = running if byte == META else byte
    return count, tick, status, first, second, begins, ends


@numba.njit(cache=True)
def _is_sound(data: Bytes, kind: int, begin: int, end: int) -> bool:
    """Tells if a meta event with the data data[begin:end] is valid; see `nabi.reading.midi_meta.is_sound`."""
    if kind == _TEMPO:
        return end - begin >= 3 and (data[begin] or data[begin + 1] or data[begin + 2])
    if kind == _TIME:
        return end - begin >= 2 and data[begin] > 0 and data[begin + 1] <= midi_meta.MOST_POWER
    if kind == _KEY:
        return end - begin >= 2 and (data[begin] <= MOST_SHARPS or data[begin] >= 256 - MOST_SHARPS)
    return kind in (_NAME, _INSTRUMENT) and end - begin <= midi_meta.MOST_NAME_BYTES


@numba.njit(cache=True)
def survey(
    data: Bytes, count: int, status: Bytes, first: Bytes, second: Bytes, begins: Ints, ends: Ints
) -> tuple[int, Ints, Ints, tuple[int, int, int]]:
    """Finds the channels, names, tempo and signatures of a track; the columns are those of `walk`.

    Returns:
      The channels of its note-ons as bits; the indices of its marks (valid meta events that music21 makes an object
      of, and program changes); among these, the indices of names and program changes; and the indices of the first
      tempo, time signature and key signature, -1 where there is none.
    """
    channels, mark_count, name_count = 0, 0, 0
    marks, names = np.empty(count, np.int64), np.empty(count, np.int64)
    tempo, time, key = -1, -1, -1
    for index in range(count):
        kind = status[index] & 0xF0
        if kind == NOTE_ON and second[index]:
            channels |= 1 << (status[index] & 0x0F)
        data_byte = first[index]
        is_program = kind == PROGRAM_CHANGE
        if not is_program and not (status[index] == META and _is_sound(data, data_byte, begins[index], ends[index])):
            continue
        marks[mark_count] = index
        mark_count += 1
        if is_program or data_byte in (_NAME, _INSTRUMENT):
            names[name_count] = index
            name_count += 1
        elif data_byte == _TEMPO and tempo < 0:
            tempo = index
        elif data_byte == _TIME and time < 0:
            time = index
        elif data_byte == _KEY and key < 0:
            key = index
    return channels, marks[:mark_count], names[:name_count], (tempo, time, key)


@numba.njit(cache=True)
def pair(
    count: int, tick: Ints, status: Bytes, first: Bytes, second: Bytes, channel: int
) -> tuple[Ints, Ints, Ints, Ints]:
    """Pairs note-ons and note-offs of a channel: (start, end, key, velocity) int64, times in file ticks, by note-on.

    A note ends at the next note-off of its key, even if another note has ended there already; a note-on without one
    is dropped (`getNotesFromEvents`).
    """
    ends = np.full(256, -1, np.int64)
    start, end = np.empty(count, np.int64), np.empty(count, np.int64)
    key, velocity = np.empty(count, np.int64), np.empty(count, np.int64)
    place = count
    for index in range(count - 1, -1, -1):
        if status[index] & 0x0F != channel:
            continue
        kind, note_key = status[index] & 0xF0, first[index]
        if kind == NOTE_OFF or (kind == NOTE_ON and second[index] == 0):
            ends[note_key] = tick[index]
        elif kind == NOTE_ON and ends[note_key] >= 0:
            place -= 1
            start[place], end[place], key[place], velocity[place] = tick[index], ends[note_key], note_key, second[index]
    return start[place:], end[place:], key[place:], velocity[place:]


@numba.njit(cache=True)
def gather(start: Ints, end: Ints, tolerance: float, leaders: Ints, lasts: Ints, notes: Ints) -> tuple[int, int]:
    """Gathers notes into chords as `midiTrackToStream` does.

    A chord begins with the first note that is in no chord yet. Later notes join it if they start less than the
    tolerance after it and end at most the tolerance apart from it, even if they are in a chord already.

    Args:
      start, end: int64 [N], ticks, by start.
      tolerance: in ticks; music21's is the smallest unit that times are quantised to.
      leaders: int64 [M], filled with each chord's leading note, if it is long enough.
      lasts: int64 [M], filled with each chord's last note, which gives the chord its length.
      notes: int64 [K], filled with chord, note, chord, note ...

    Returns:
      The numbers of chords and of values of `notes`; a caller whose arrays are too short calls again.
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
