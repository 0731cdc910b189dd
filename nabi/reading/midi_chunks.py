"""The bytes of MIDI files that are written: header, tracks, meta events, numbers; and the grid of their times."""

import operator
import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

# File ticks a quarter note, at least: every program reads 480. A grid that does not divide it gets the next multiple.
LEAST_DIVISION = 480

NOTE_OFF, NOTE_ON, CONTROL_CHANGE, PROGRAM_CHANGE = 0x80, 0x90, 0xB0, 0xC0
_END_OF_TRACK = 0x2F

# Of a chunk: its name, and the size of what follows.
CHUNK_HEAD = struct.Struct(">4sI")
HEADER_SIZE = CHUNK_HEAD.size + 6

# (file tick, bytes of a message)
Event = tuple[int, bytes]
Ints = npt.NDArray[np.int64]


def scale(ticks_per_quarter: int) -> int:
    """Returns the file ticks of a tick of a song.

    >>> scale(12), scale(7)
    (40, 69)
    """
    return -(-LEAST_DIVISION // ticks_per_quarter)


def file(tracks: Sequence[Sequence[Event]], division: int, end: int) -> bytes:
    """Writes a file, of format 0 if it has one track, else 1; a track ends at the tick `end`, or at its last event.

    Events of a track are sorted by tick; those of one tick keep their order.
    """
    chunks = (_track(sorted(events, key=operator.itemgetter(0)), end) for events in tracks)
    return header(len(tracks), division) + b"".join(chunks)


def header(tracks: int, division: int) -> bytes:
    """Writes the header of a file of so many tracks."""
    return CHUNK_HEAD.pack(b"MThd", 6) + struct.pack(">HHH", min(tracks - 1, 1), tracks, division)


def _track(events: Sequence[Event], end: int) -> bytes:
    """Writes a track of events, by tick."""
    ticks = [0, *(tick for tick, _ in events)]
    ticks.append(max(end, ticks[-1]))
    messages = [*(message for _, message in events), meta(_END_OF_TRACK, b"")]
    track = b"".join(
        variable_length(tick - before) + message
        for before, tick, message in zip(ticks[:-1], ticks[1:], messages, strict=True)
    )
    return CHUNK_HEAD.pack(b"MTrk", len(track)) + track


def meta(kind: int, data: bytes) -> bytes:
    """Writes a meta event."""
    return bytes([0xFF, kind]) + variable_length(len(data)) + data


def note_messages(start: Ints, duration: Ints, pitch: Ints, velocity: Ints, channel: int) -> list[Event]:
    """Lists the messages of notes, in order; at one tick note-offs come first, so that a pitch can be struck again.

    >>> note_messages(*np.array([[0, 12], [12, 12], [60, 60], [90, 80]]), channel=0)[1:3]
    [(12, b'\\x80<\\x00'), (12, b'\\x90<P')]
    """
    messages = []
    columns = (column.tolist() for column in (start, duration, pitch, velocity))
    for onset, length, key, strength in zip(*columns, strict=True):
        messages.append((onset, 1, key, bytes([NOTE_ON | channel, key, strength])))
        messages.append((onset + length, 0, key, bytes([NOTE_OFF | channel, key, 0])))
    return [(tick, message) for tick, _, _, message in sorted(messages)]


def variable_length(number: int) -> bytes:
    """Encodes a number in 7 bits a byte, the highest first; at most 4 bytes."""
    if not 0 <= number < 1 << 28:
        raise ValueError(f"{number} ticks between two events must be in 0..{(1 << 28) - 1}: the song is too long")
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def to_grid(ticks: Ints, division: int, ticks_per_quarter: int) -> Ints:
    """Converts file ticks to those of a grid; raises ValueError for one between two of these."""
    scaled = ticks * ticks_per_quarter
    if (scaled % division).any():
        raise ValueError(f"a note lies between two ticks of the grid of 1/{ticks_per_quarter} quarter notes")
    return scaled // division
