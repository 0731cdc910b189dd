"""MIDI bytes -> Song, the same song as through music21, at the speed of compiled code.

The rules are those of `songs.music21_reader`, the loops those of `songs.midi_events`. What an instrument is called
is asked of music21 itself, once for each name or program.
"""

import dataclasses
import functools
from collections.abc import Iterator

import numpy as np

from songs import meta, midi_events
from songs.errors import ParseError
from songs.headers import check_header
from songs.midi_events import Bytes, Ints
from songs.parts import DRUM_CHANNEL, Part, choose
from songs.song import About, Song


@dataclasses.dataclass(frozen=True, eq=False)
class _Track:
    """The events of a track chunk, in columns (see `midi_events.walk`)."""

    data: bytes
    count: int
    tick: Ints
    status: Bytes
    first: Bytes
    second: Bytes
    begins: Ints
    ends: Ints

    def body(self, index: int) -> bytes:
        """A meta event's data."""
        return self.data[self.begins[index] : self.ends[index]]


def read(data: bytes, *, about: About | None = None, instrument_wanted: str = "all") -> Song:
    """The song of a MIDI file; see `songs.music21_reader.read`, whose result this is."""
    division, tracks = _tracks(data)
    surveyed = [(track, *midi_events.survey(track.count, track.status, track.first, track.second)) for track in tracks]
    parts: dict[str, list[Part]] = {}
    for track, channels, others in surveyed:
        sound = [index for index in others.tolist() if _is_sound(track, index)]
        for channel in range(16):
            if channels >> channel & 1 and (channel == DRUM_CHANNEL) == (instrument_wanted == "drums"):
                for part in _parts(track, channel, sound, division):
                    parts.setdefault(part.name, []).append(part)
    merged = [_merge(same) for same in parts.values()]
    return choose(merged, instrument_wanted, _about(surveyed, about or About()))


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
        events, *rest = midi_events.walk(columns, begin, min(position, len(data)))
        if events < 0:
            raise ParseError("damaged", f"track {number + 1} of {count} ends inside an event")
        tracks.append(_Track(data, events, *rest))
    return division, tracks


def _is_sound(track: _Track, index: int) -> bool:
    return track.status[index] != midi_events.META or meta.is_sound(int(track.first[index]), track.body(index))


def _parts(track: _Track, channel: int, others: list[int], division: int) -> Iterator[Part]:
    """The parts of a track's channel, one for each instrument in turn."""
    start, end, key = midi_events.pair(track.count, track.tick, track.status, track.first, track.second, channel)
    here = [index for index in others if _concerns(int(track.status[index]), channel)]
    marks = midi_events.quantize_offsets(track.tick[here], division) if here else np.zeros(0, np.int64)
    onset, length, pitch = _chords(start, end, key, marks, division)
    instruments = list(_instruments(track, here, marks))
    if not instruments:
        yield Part("", 0, onset, length, pitch)
        return
    place = np.maximum(np.searchsorted([at for at, _, _ in instruments], onset, side="right") - 1, 0)
    for number in np.unique(place).tolist():
        _, name, program = instruments[number]
        yield Part(name, program, onset[place == number], length[place == number], pitch[place == number])


def _concerns(status: int, channel: int) -> bool:
    return status == midi_events.META or status & 0x0F == channel


def _chords(start: Ints, end: Ints, key: Ints, marks: Ints, division: int) -> tuple[Ints, Ints, Ints]:
    """Notes gathered and quantised: (start, duration, pitch) of every note of every chord, in grid ticks."""
    leaders, lasts, notes = (
        np.empty(len(start), np.int64),
        np.empty(len(start), np.int64),
        np.empty(4 * len(start), np.int64),
    )
    chords, values = midi_events.gather(start, end, division, leaders, lasts, notes)
    if values > len(notes):
        notes = np.empty(values, np.int64)
        midi_events.gather(start, end, division, leaders, lasts, notes)
    leaders, lasts, chord, note = leaders[:chords], lasts[:chords], notes[:values:2], notes[1:values:2]
    onsets = midi_events.quantize_offsets(start[leaders], division)
    lengths = midi_events.quantize_lengths(end[lasts] - start[lasts], onsets, marks, division)
    return onsets[chord], lengths[chord], _fold(key[note])


def _fold(key: Ints) -> Ints:
    """Keys above 127, which only damaged files have, in the highest octave, as `Pitch.midi` puts them."""
    if not len(key) or key.max() < 128:
        return key
    folded = 108 + key % 12
    return np.where(key < 128, key, np.where(folded < 115, folded + 12, folded))


def _instruments(track: _Track, here: list[int], marks: Ints) -> Iterator[tuple[int, str, int]]:
    """(grid tick, name, program) of the instruments that a channel's events name, in order."""
    program = -1
    same_tick: list[tuple[int, bytes, int]] = []
    at, before = 0, -1
    for index, mark in zip(here, marks.tolist(), strict=True):
        kind = int(track.first[index]) if track.status[index] == midi_events.META else -1
        if kind not in (-1, meta.TRACK_NAME, meta.INSTRUMENT_NAME):
            continue
        if int(track.tick[index]) != before and same_tick:
            yield from ((at, *named) for named in _named(tuple(same_tick)))
            same_tick = []
        at, before = mark, int(track.tick[index])
        if kind == -1:
            program = int(track.first[index])
        same_tick.append((kind, track.body(index) if kind >= 0 else b"", program))
    yield from ((at, *named) for named in _named(tuple(same_tick)))


@functools.lru_cache(maxsize=65536)
def _named(events: tuple[tuple[int, bytes, int], ...]) -> tuple[tuple[str, int], ...]:
    """What music21 makes of the instrument events of one tick: (name, program) of those that it keeps.

    Args:
      events: (meta type or -1 for a program change, data, program in force or -1).
    """
    if not events:
        return ()
    from songs import music21_reader

    return music21_reader.name_instruments(events)


def _merge(parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    start, duration, pitch = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("start", "duration", "pitch")
    )
    return Part(parts[0].name, parts[0].program, start, duration, pitch)


def _about(surveyed: list[tuple[_Track, int, Ints]], about: About) -> About:
    """Adds the earliest tempo, time signature and key signature of any track."""
    found: dict[int, tuple[int, bytes]] = {}
    for track, _, others in surveyed:
        for index in others.tolist():
            kind = int(track.first[index]) if track.status[index] == midi_events.META else -1
            if kind not in meta.READERS or not _is_sound(track, index):
                continue
            if kind not in found or track.tick[index] < found[kind][0]:
                found[kind] = (int(track.tick[index]), track.body(index))
    return meta.described(about, {kind: body for kind, (_, body) in found.items()})
