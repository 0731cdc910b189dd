"""Scans the messages of a MIDI track, and writes the track again without some of them or at other times.

`nabi.reading.repair` uses it. A track that ends inside a message keeps its last bytes as they are.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from nabi.reading import midi_meta

# Ticks a quarter note of retimed tracks: a multiple of 480, and of the 500 of 25 frames of 40 ticks.
QUARTER = 24_000

_META, _SYSEX, _SYSEX_END = 0xFF, 0xF0, 0xF7
_FIRST_SYSTEM = 0xF0
# Bytes that follow a system message's status: time code, song position, song number; others have none.
_ONE_BYTE, _TWO_BYTES = (0xF1, 0xF3), 0xF2
_SYSTEM = re.compile(rb"[\xf1-\xf6\xf8-\xfe]")
_HALF_A_SECOND = 500_000
# Times are capped at this tick, so that sums stay within an int64.
_MOST_TICKS = 1 << 52
_MOST_NUMBER_BYTES = 9

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


class _Messages(NamedTuple):
    """A track's messages, [M] each: begin (after its delta time) and end in bytes, and absolute tick."""

    begins: Ints
    ends: Ints
    ticks: Ints


class TempoMap(NamedTuple):
    """Tick -> time in quarter notes.

    Attributes:
      ticks: ascending, the first is 0; a new rate begins at each.
      quarters: the time at each of these ticks.
      rates: quarter notes a tick from there on.
    """

    ticks: list[int]
    quarters: list[float]
    rates: list[float]


def without_system_messages(track: bytes) -> bytes:
    """Removes system messages (0xF1 to 0xF6, 0xF8 to 0xFE); other messages keep their times.

    A track without system messages, as nearly all are, is returned as it is.
    """
    if not _SYSTEM.search(track):
        return track
    messages = _scan(track)
    status = np.frombuffer(track, np.uint8)[messages.begins]
    kept = (status < _FIRST_SYSTEM) | np.isin(status, (_META, _SYSEX, _SYSEX_END))
    return track if kept.all() else _write(track, messages, kept, messages.ticks)


def tempi(track: bytes) -> list[tuple[int, int]]:
    """Lists (tick, microseconds a quarter note) of the track's valid tempo events."""
    messages = _scan(track)
    tempi = []
    for begin, end, tick in zip(*(column.tolist() for column in messages), strict=True):
        # Status, type and a length of one byte come before a tempo's data.
        data = track[begin + 3 : end]
        if track[begin] == _META and track[begin + 1] == midi_meta.TEMPO and midi_meta.is_sound(midi_meta.TEMPO, data):
            tempi.append((tick, int.from_bytes(data[:3], "big")))
    return tempi


def tempo_map(tempi_: Sequence[tuple[int, int]], ticks_a_second: float, ticks_a_quarter: float) -> TempoMap:
    """Maps ticks that are parts of seconds to quarter notes.

    Args:
      tempi_: (tick, microseconds a quarter note), ascending.
      ticks_a_second: above 0.
      ticks_a_quarter: before the first tempo.
    """
    rates = [(tick, 1_000_000 / (microseconds * ticks_a_second)) for tick, microseconds in tempi_]
    return _tempo_map(1 / ticks_a_quarter, rates)


def tempo_map_of_seconds(tempi_: Sequence[tuple[int, int]], division: int) -> TempoMap:
    """Maps ticks that are parts of quarter notes to half seconds, which are quarter notes at 120 a minute.

    Args:
      tempi_: (tick, microseconds a quarter note), ascending; 120 a minute before the first.
      division: ticks a quarter note.
    """
    rates = [(tick, microseconds / (_HALF_A_SECOND * division)) for tick, microseconds in tempi_]
    return _tempo_map(1 / division, rates)


def _tempo_map(first_rate: float, rates: Sequence[tuple[int, float]]) -> TempoMap:
    """Makes the map of a first rate, in quarter notes a tick, and of (tick, rate) from there on, ascending."""
    times = TempoMap([0], [0.0], [first_rate])
    for tick, rate in rates:
        times.quarters.append(times.quarters[-1] + (tick - times.ticks[-1]) * times.rates[-1])
        times.ticks.append(tick)
        times.rates.append(rate)
    return times


def retimed(track: bytes, times: TempoMap, without: Sequence[int] = ()) -> bytes:
    """Writes the track with its messages at the same times in `QUARTER` ticks a quarter note.

    Args:
      track: its bytes.
      times: where its ticks go.
      without: types of meta events that are left out.
    """
    messages = _scan(track)
    first = np.searchsorted(times.ticks, messages.ticks, side="right") - 1
    begins, quarters, rates = (np.asarray(column)[first] for column in times)
    exact = (quarters + (messages.ticks - begins) * rates) * QUARTER
    ticks = np.minimum(np.rint(exact), _MOST_TICKS).astype(np.int64)
    column = np.frombuffer(track, np.uint8)
    # A message has at least one byte of data after its status, but for the last one of a damaged track.
    kind = column[np.minimum(messages.begins + 1, len(column) - 1)] if len(column) else column
    left_out = (column[messages.begins] == _META) & np.isin(kind, without)
    return _write(track, messages, ~left_out, ticks)


def _scan(track: bytes) -> _Messages:
    return _Messages(*_messages(np.frombuffer(track, np.uint8)))


def _write(track: bytes, messages: _Messages, kept: npt.NDArray[np.bool_], ticks: Ints) -> bytes:
    """Writes the messages that are kept, each at its tick, and the bytes after the last whole message."""
    parts: list[bytes] = []
    now = 0
    columns = (messages.begins[kept], messages.ends[kept], ticks[kept])
    for begin, end, tick in zip(*(column.tolist() for column in columns), strict=True):
        parts += (_number(tick - now), track[begin:end])
        now = tick
    rest = track[int(messages.ends[-1]) if len(messages.ends) else 0 :]
    return b"".join([*parts, rest])


def _number(value: int) -> bytes:
    """Encodes a number in 7 bits a byte, the highest first; longer times may take more than MIDI's 4 bytes."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


@numba.njit(cache=True)
def _read_number(data: Bytes, position: int) -> tuple[int, int]:
    """Reads a variable-length number: its value and the position after it, -1 if it ends early."""
    value = 0
    for index in range(position, min(position + _MOST_NUMBER_BYTES, len(data))):
        value = min((value << 7) + (data[index] & 0x7F), _MOST_TICKS)
        if data[index] < 0x80:
            return value, index + 1
    return 0, -1


@numba.njit(cache=True)
def _messages(data: Bytes) -> tuple[Ints, Ints, Ints]:
    """Computes the columns of `_Messages` by the Standard MIDI File specification."""
    most = len(data) // 2 + 1
    begins, ends, ticks = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    count, now, position, running = 0, 0, 0, 0
    while position < len(data):
        delta, begin = _read_number(data, position)
        if begin < 0 or begin >= len(data):
            break
        status = int(data[begin])
        at = begin + 1
        if status < 0x80:
            status, at = running, begin
        if status in (_META, _SYSEX, _SYSEX_END):
            length, at = _read_number(data, at + (1 if status == _META else 0))
            end = at + length if at >= 0 else -1
        elif status >= _FIRST_SYSTEM:
            end = at + (2 if status == _TWO_BYTES else 1 if status in _ONE_BYTE else 0)
        else:
            running = status
            end = at + (1 if 0xC0 <= status < 0xE0 else 2)
        if end < 0 or end > len(data):
            break
        now = min(now + delta, _MOST_TICKS)
        begins[count], ends[count], ticks[count] = begin, end, now
        count += 1
        position = end
    return begins[:count], ends[:count], ticks[:count]
