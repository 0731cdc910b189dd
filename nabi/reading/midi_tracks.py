"""Splits a MIDI file into tracks: events in columns, and the events that name instruments or set tempo and signatures.

The loops over events are those of `nabi.reading.midi_events`.
"""

import dataclasses
from typing import NamedTuple

import numpy as np

from nabi.music.errors import ParseError
from nabi.reading import midi_events, midi_meta, midi_pedals
from nabi.reading.midi_events import Bytes, Ints
from nabi.reading.midi_header import check_header

# Marks a program change among the types of meta events.
PROGRAM = -1


class InstrumentEvent(NamedTuple):
    """An event that names an instrument: a track name, an instrument name or a program change.

    Attributes:
      event: its index in the track's columns.
      tick: in file ticks.
      kind: the meta event's type, or `PROGRAM`.
      channel: of a program change, 0..15; -1 for a name, which holds for all channels.
      data: the name, or the program as one byte.
    """

    event: int
    tick: int
    kind: int
    channel: int
    data: bytes


@dataclasses.dataclass(frozen=True, eq=False)
class Track:
    """A track chunk: its events in columns, and the results of `midi_events.survey`.

    Attributes:
      columns: count, tick, status, first and second data byte, as `midi_events.pair` takes them.
      marks: indices of the events besides notes that count when lengths are quantised.
      names: the events that name instruments.
      channels: the channels that have notes.
      phrase_ends: ticks of the markers of phrases.
      meta: type of meta event -> (tick, data) of the first valid tempo and signatures.
      extents: begin and end of each event's data in the file's bytes.
    """

    columns: tuple[int, Ints, Bytes, Bytes, Bytes]
    marks: Ints
    names: list[InstrumentEvent]
    channels: list[int]
    phrase_ends: list[int]
    meta: dict[int, tuple[int, bytes]]
    extents: tuple[Ints, Ints]

    def changes(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """Lists (tick, type, data) of the valid tempo and signature events; `data` are the file's bytes."""
        _, tick, status, first, _ = self.columns
        kinds = [bytes_[self.marks] for bytes_ in (status, first)]
        marks = self.marks[(kinds[0] == midi_events.META) & np.isin(kinds[1], list(midi_meta.READERS))]
        begins, ends = self.extents
        return [(int(tick[mark]), int(first[mark]), data[begins[mark] : ends[mark]]) for mark in marks.tolist()]

    def pedal_messages(self) -> Ints:
        """Returns the messages of the sustain pedals, [M, 3]: tick, channel and value."""
        count, tick, status, first, second = self.columns
        is_pedal = (status[:count] & 0xF0 == midi_events.CONTROL_CHANGE) & (first[:count] == midi_pedals.SUSTAIN)
        at = np.flatnonzero(is_pedal)
        return np.column_stack([tick[at], status[at] & 0x0F, second[at]])


def read_tracks(data: bytes) -> tuple[int, list[Track]]:
    """Reads the ticks a quarter note and the tracks of a MIDI file; raises ParseError for a damaged one."""
    check_header(data)
    count, division = int.from_bytes(data[10:12], "big"), int.from_bytes(data[12:14], "big")
    columns = np.frombuffer(data, np.uint8)
    tracks, position = [], 14
    for number in range(count):
        if data[position : position + 4] != b"MTrk" or position + 8 > len(data):
            raise ParseError("damaged", f"track {number + 1} of {count} does not start with MTrk")
        begin = position + 8
        position = begin + int.from_bytes(data[position + 4 : begin], "big")
        walked = midi_events.walk(columns, begin, min(position, len(data)))
        if walked[0] < 0:
            raise ParseError("damaged", f"track {number + 1} of {count} ends inside an event")
        tracks.append(_survey(data, columns, *walked))
    return division, tracks


def _survey(
    data: bytes,
    column: Bytes,
    count: int,
    tick: Ints,
    status: Bytes,
    first: Bytes,
    second: Bytes,
    begins: Ints,
    ends: Ints,
) -> Track:
    channels, marks, named, firsts = midi_events.survey(column, count, status, first, second, begins, ends)
    names = []
    for index in named.tolist():
        byte, at = int(status[index]), int(tick[index])
        if byte == midi_events.META:
            names.append(InstrumentEvent(index, at, int(first[index]), -1, data[begins[index] : ends[index]]))
        else:
            names.append(InstrumentEvent(index, at, PROGRAM, byte & 0x0F, bytes([first[index]])))
    meta = {
        kind: (int(tick[index]), data[begins[index] : ends[index]])
        for kind, index in zip(midi_meta.READERS, firsts, strict=True)
        if index >= 0
    }
    phrase_ends: list[int] = []
    # Few files have such markers: most are spared the search through their events.
    if midi_meta.PHRASE_END in data:
        markers = np.flatnonzero((status[:count] == midi_events.META) & (first[:count] == midi_meta.MARKER)).tolist()
        phrase_ends = [int(tick[i]) for i in markers if data[begins[i] : ends[i]] == midi_meta.PHRASE_END]
    sounding = [channel for channel in range(16) if channels >> channel & 1]
    columns = (count, tick, status, first, second)
    return Track(columns, marks, names, sounding, phrase_ends, meta, (begins, ends))
