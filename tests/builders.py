"""Test music, built in code."""

import struct

from hypothesis import strategies

from nabi.music.band import Instrument
from nabi.music.song import Song
from nabi.music.timeline import Timeline


def song(*notes: tuple[int, int, int], ticks_per_quarter: int = 12) -> Song:
    """A song of (start, duration, pitch) in ticks and MIDI numbers."""
    columns = zip(*notes, strict=True) if notes else ([], [], [])
    return Song.from_notes(*columns, ticks_per_quarter=ticks_per_quarter)


def notes_of(music: Song) -> list[tuple[int, int, int]]:
    """(start, duration, pitch) of every note."""
    return list(zip(*(column.tolist() for column in music.notes()), strict=True))


@strategies.composite
def songs(draw, most_notes: int = 12, ticks_per_quarter: int = 12) -> Song:
    """Short songs with chords, overlaps, repeated notes and long values."""
    note = strategies.tuples(
        strategies.integers(0, 10 * ticks_per_quarter),
        strategies.integers(1, 9 * ticks_per_quarter + 2),
        strategies.sampled_from([0, 48, 60, 61, 64, 67, 127]),
    )
    notes = draw(strategies.lists(note, min_size=1, max_size=most_notes))
    return song(*notes, ticks_per_quarter=ticks_per_quarter)


@strategies.composite
def bands(draw, most_notes: int = 12, ticks_per_quarter: int = 12) -> Song:
    """Short songs of up to four parts, drums among them, with pedals and changes of tempo, meter and key."""
    tick = strategies.integers(0, 10 * ticks_per_quarter)
    names = strategies.sampled_from(["Violin", "Bass", "", "Ø"])
    players = strategies.builds(Instrument, names, strategies.sampled_from([0, 32, 40]), strategies.booleans())
    instruments = draw(strategies.lists(players, min_size=1, max_size=4))
    part = strategies.integers(0, len(instruments) - 1)
    note = strategies.tuples(
        tick,
        strategies.integers(1, 9 * ticks_per_quarter + 2),
        strategies.sampled_from([36, 38, 60, 64]),
        part,
        strategies.sampled_from([1, 64, 90, 127]),
    )
    return Song.from_parts(
        *zip(*draw(strategies.lists(note, min_size=1, max_size=most_notes)), strict=True),
        instruments=instruments,
        pedals=[
            row for row in draw(strategies.lists(strategies.tuples(part, tick, tick), max_size=4))
            if not instruments[row[0]].is_drums
        ],
        timeline=draw(timelines(tick)),
        ticks_per_quarter=ticks_per_quarter,
    )  # fmt: skip


def timelines(tick: strategies.SearchStrategy[int]) -> strategies.SearchStrategy[Timeline]:
    """Timelines of a few changes at ticks."""
    tempo = strategies.tuples(tick, strategies.sampled_from([400_000, 500_000, 857_143]))
    meter = strategies.tuples(tick, strategies.sampled_from([2, 3, 6]), strategies.sampled_from([4, 8]))
    key = strategies.tuples(tick, strategies.integers(-7, 7), strategies.integers(0, 1))
    return strategies.builds(Timeline.of, *(strategies.lists(row, max_size=3) for row in (tempo, meter, key)))


def on(tick: int, pitch: int, channel: int = 0, velocity: int = 80) -> tuple[int, bytes]:
    """A note-on at an absolute tick."""
    return tick, bytes([0x90 | channel, pitch, velocity])


def off(tick: int, pitch: int, channel: int = 0) -> tuple[int, bytes]:
    """A note-off at an absolute tick."""
    return tick, bytes([0x80 | channel, pitch, 0])


def note(start: int, end: int, pitch: int, channel: int = 0) -> list[tuple[int, bytes]]:
    """A note's two messages."""
    return [on(start, pitch, channel), off(end, pitch, channel)]


def program(tick: int, number: int, channel: int = 0) -> tuple[int, bytes]:
    """A program change."""
    return tick, bytes([0xC0 | channel, number])


def control(tick: int, controller: int, value: int, channel: int = 0) -> tuple[int, bytes]:
    """A control change; 64 is the sustain pedal."""
    return tick, bytes([0xB0 | channel, controller, value])


def meta(tick: int, kind: int, data: bytes) -> tuple[int, bytes]:
    """A meta event."""
    return tick, bytes([0xFF, kind]) + variable_length(len(data)) + data


def midi(*tracks: list[tuple[int, bytes]], division: int = 480, kind: int = 1) -> bytes:
    """A MIDI file of tracks of (absolute tick, message); messages of one tick keep their order."""
    chunks = []
    for track in tracks:
        body, now = b"", 0
        for tick, message in sorted(track, key=lambda event: event[0]):
            body += variable_length(tick - now) + message
            now = tick
        body += b"\x00\xff\x2f\x00"
        chunks.append(b"MTrk" + struct.pack(">I", len(body)) + body)
    return b"MThd" + struct.pack(">IHHH", 6, kind, len(tracks), division) + b"".join(chunks)


def variable_length(number: int) -> bytes:
    """MIDI's 7 bits a byte."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def scale(length: int = 8, start: int = 60) -> bytes:
    """A MIDI file of quarter notes going up in semitones."""
    return midi([event for index in range(length) for event in note(480 * index, 480 * index + 480, start + index)])
