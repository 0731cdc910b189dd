"""MIDI bytes -> Song, the same song as through music21, at the speed of compiled code.

The rules are those of `nabi.reading.music21_midi`, the loops those of `nabi.reading.midi_events`. What an instrument is
called is asked of music21 itself, once for each name or program.
"""

import dataclasses
import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from nabi.music import quantisation
from nabi.music.errors import ParseError
from nabi.music.song import About, Song
from nabi.reading import midi_events, midi_meta
from nabi.reading.instruments import DRUM_CHANNEL, Part, choose
from nabi.reading.midi_events import Bytes, Floats, Ints
from nabi.reading.midi_header import check_header

# What stands for a program change among the types of meta events.
_PROGRAM = -1


class _Name(NamedTuple):
    """An event that names an instrument: a track's or an instrument's name, or a program change.

    Attributes:
      event: its index in the track's columns.
      tick: in file ticks.
      kind: the meta event's type, or `_PROGRAM`.
      channel: of a program change, 0-15; -1 for a name, which is for all.
      data: the name, or the program as one byte.
    """

    event: int
    tick: int
    kind: int
    channel: int
    data: bytes


@dataclasses.dataclass(frozen=True, eq=False)
class _Track:
    """A track chunk: its events in columns (see `midi_events.walk`) and what `midi_events.survey` says of them.

    Attributes:
      columns: count, tick, status, first and second data byte, as `midi_events.pair` takes them.
      marks: indices of the events that are no notes and count when lengths are quantised.
      names: what names instruments.
      channels: those that have notes.
      said: type of meta event -> (tick, data) of the first sound tempo and signatures.
    """

    columns: tuple[int, Ints, Bytes, Bytes, Bytes]
    marks: Ints
    names: list[_Name]
    channels: list[int]
    said: dict[int, tuple[int, bytes]]


@dataclasses.dataclass(frozen=True, eq=False)
class _Clock:
    """File ticks -> grid ticks.

    Attributes:
      division: file ticks a quarter note.
      units: float64 [D], in quarter notes, ascending.
      unit_ticks: int64 [D], the same in grid ticks.
      ticks_per_quarter: grid ticks a quarter note.
      tolerance: notes that start less than so many file ticks apart may be a chord.
    """

    division: int
    units: Floats
    unit_ticks: Ints
    ticks_per_quarter: int
    tolerance: float

    @classmethod
    def of(cls, division: int, divisors: tuple[int, ...]) -> "_Clock":
        """The clock of a file and of divisors."""
        ticks_per_quarter = quantisation.ticks_per_quarter(divisors)
        return cls(division, *_units(divisors), ticks_per_quarter, division / max(divisors))

    @property
    def grid(self) -> tuple[int, Floats, Ints]:
        """What the loops of `midi_events` take."""
        return self.division, self.units, self.unit_ticks


@functools.lru_cache(maxsize=256)
def _units(divisors: tuple[int, ...]) -> tuple[Floats, Ints]:
    """The parts of a quarter note that times go to, in quarter notes and in grid ticks, ascending."""
    finest_first = sorted(divisors, reverse=True)
    ticks_per_quarter = quantisation.ticks_per_quarter(divisors)
    ticks = [ticks_per_quarter // divisor for divisor in finest_first]
    return np.array([1 / divisor for divisor in finest_first]), np.array(ticks, np.int64)


def read(
    data: bytes,
    *,
    about: About | None = None,
    instrument_wanted: str = "all",
    divisors: tuple[int, ...] = quantisation.DEFAULT,
    fingerprint: bool = True,
) -> Song:
    """The song of a MIDI file; see `nabi.reading.music21_midi.read`, whose result this is."""
    division, tracks = _tracks(data)
    clock = _Clock.of(division, divisors)
    parts: dict[str, list[Part]] = {}
    for number, track in enumerate(tracks):
        for channel in track.channels:
            if (channel == DRUM_CHANNEL) == (instrument_wanted == "drums"):
                for part in _parts(track, channel, 16 * number + channel, clock):
                    # A part stands where its first note does: one without notes says nothing of the order.
                    if len(part.start):
                        parts.setdefault(part.name, []).append(part)
    merged = [_merge(same) for same in parts.values()]
    about = _about(tracks, about or About())
    return choose(merged, instrument_wanted, about, clock.ticks_per_quarter, fingerprint=fingerprint)


def _tracks(data: bytes) -> tuple[int, list[_Track]]:
    """Ticks a quarter note, and the track chunks that the header announces."""
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
) -> _Track:
    channels, marks, named, firsts = midi_events.survey(column, count, status, first, second, begins, ends)
    names = []
    for index in named.tolist():
        byte, at = int(status[index]), int(tick[index])
        if byte == midi_events.META:
            names.append(_Name(index, at, int(first[index]), -1, data[begins[index] : ends[index]]))
        else:
            names.append(_Name(index, at, _PROGRAM, byte & 0x0F, bytes([first[index]])))
    said = {
        kind: (int(tick[index]), data[begins[index] : ends[index]])
        for kind, index in zip(midi_meta.READERS, firsts, strict=True)
        if index >= 0
    }
    sounding = [channel for channel in range(16) if channels >> channel & 1]
    return _Track((count, tick, status, first, second), marks, names, sounding, said)


def _parts(track: _Track, channel: int, line: int, clock: _Clock) -> Iterator[Part]:
    """The parts of a track's channel, one for each instrument in turn; their notes are written in track `line`."""
    _, tick, status, _, _ = track.columns
    start, end, key = midi_events.pair(*track.columns, channel)
    kinds = status[track.marks]
    here = track.marks[(kinds == midi_events.META) | (kinds & 0x0F == channel)]
    names = [name for name in track.names if name.channel in (channel, -1)]
    instruments = _instruments(names, clock)
    if len(instruments) < len(names):
        # What music21 takes away is nothing that a note's length could reach to.
        kept = {event for event, *_ in instruments}
        here = here[~np.isin(here, [name.event for name in names if name.event not in kept])]
    marks = midi_events.quantize_offsets(tick[here], *clock.grid)
    onset, length, pitch = _chords(start, end, key, marks, clock)
    lines = np.full(len(onset), line)
    if len(instruments) == 1:
        yield Part(*instruments[0][2:], onset, length, pitch, lines)
        return
    # Notes before the first instrument belong to it.
    place = np.maximum(np.searchsorted([at for _, at, _, _ in instruments], onset, side="right") - 1, 0)
    for number in np.unique(place).tolist():
        _, _, name, program = instruments[number]
        own = place == number
        yield Part(name, program, onset[own], length[own], pitch[own], lines[own])


def _chords(start: Ints, end: Ints, key: Ints, marks: Ints, clock: _Clock) -> tuple[Ints, Ints, Ints]:
    """Notes gathered and quantised: (start, duration, pitch) of every note of every chord, in grid ticks."""
    leaders, lasts, notes = (
        np.empty(len(start), np.int64),
        np.empty(len(start), np.int64),
        np.empty(4 * len(start), np.int64),
    )
    chords, values = midi_events.gather(start, end, clock.tolerance, leaders, lasts, notes)
    if values > len(notes):
        notes = np.empty(values, np.int64)
        midi_events.gather(start, end, clock.tolerance, leaders, lasts, notes)
    leaders, lasts, chord, note = leaders[:chords], lasts[:chords], notes[:values:2], notes[1:values:2]
    onsets = midi_events.quantize_offsets(start[leaders], *clock.grid)
    lengths = midi_events.quantize_lengths(
        end[lasts] - start[lasts], onsets, marks, *clock.grid, clock.ticks_per_quarter
    )
    return onsets[chord], lengths[chord], _fold(key[note])


def _fold(key: Ints) -> Ints:
    """Keys above 127, which only damaged files have, in the highest octave, as `Pitch.midi` puts them."""
    if not len(key) or key.max() < 128:
        return key
    folded = 108 + key % 12
    return np.where(key < 128, key, np.where(folded < 115, folded + 12, folded))


def _instruments(names: list[_Name], clock: _Clock) -> list[tuple[int, int, str, int]]:
    """(event, grid tick, name, program) of the instruments that events name, in order; a nameless one if none does."""
    program, events = -1, []
    for name in names:
        program = name.data[0] if name.kind == _PROGRAM else program
        events.append((name.kind, b"" if name.kind == _PROGRAM else name.data, program))
    if not events:
        return [(-1, 0, "", 0)]
    at = midi_events.quantize_offsets(np.array([name.tick for name in names], np.int64), *clock.grid)
    return [(names[index].event, int(at[index]), name, number) for index, name, number in _named(tuple(events))]


@functools.lru_cache(maxsize=65536)
def _named(events: tuple[tuple[int, bytes, int], ...]) -> tuple[tuple[int, str, int], ...]:
    """`name_instruments`, asked once for each sequence of names and programs."""
    # music21 takes a second to import.
    from nabi.reading.instrument_names import name_instruments

    return name_instruments(events)


def _merge(parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    columns = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("start", "duration", "pitch", "track")
    )
    return Part(parts[0].name, parts[0].program, *columns)


def _about(tracks: list[_Track], about: About) -> About:
    """Adds the earliest tempo, time signature and key signature of any track."""
    found: dict[int, tuple[int, bytes]] = {}
    for track in tracks:
        for kind, (tick, data) in track.said.items():
            if kind not in found or tick < found[kind][0]:
                found[kind] = tick, data
    return midi_meta.described(about, {kind: data for kind, (_, data) in found.items()})
