"""Writes songs with their parts as MIDI files, and reads such files back exactly.

A file has a first track of tempo, meter and key, and one for each part, with its name and program. Drums are on channel
10. Of more than 15 other parts the rest have channels of further ports (meta event 0x21), as sequencers have them.
"""

import itertools
from collections.abc import Iterable

import numpy as np

from nabi.music.about import About
from nabi.music.band import Instrument
from nabi.music.errors import ParseError
from nabi.music.song import DEFAULT_TICKS_PER_QUARTER, Song
from nabi.music.timeline import Timeline
from nabi.reading import midi_chunks, midi_events, midi_meta, midi_pedals
from nabi.reading.instruments import DRUM_CHANNEL
from nabi.reading.midi_chunks import Event, Ints
from nabi.reading.midi_tracks import PROGRAM, Track, read_tracks

_PORT = 0x21
# Those of a port but the drums'.
_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
_DOWN, _UP = 127, 0


def write(song: Song, tempo: float | None = None) -> bytes:
    """Writes a song that has a band.

    Args:
      song: its ends of phrases are markers of the first track.
      tempo: quarter notes a minute, instead of the song's own.

    Raises:
      ValueError: if a tempo, meter or key is one that MIDI has no event for, or the song has no band.
    """
    if not song.band:
        raise ValueError(f"{song!r} has no band")
    scale = midi_chunks.scale(song.ticks_per_quarter)
    tracks = [_changes(song, song.band.timeline, tempo, scale)]
    columns = (*song.notes(), song.band.velocity)
    start, duration, pitch, velocity = (column.astype(np.int64) for column in columns)
    pedals = song.band.pedals
    of_part, channels = song.note_parts(), _channels(song.band.instruments)
    for number, (player, (port, channel)) in enumerate(zip(song.band.instruments, channels, strict=True)):
        own = of_part == number
        notes = (start[own] * scale, duration[own] * scale, pitch[own], velocity[own])
        tracks.append(
            [
                *_head(player, port, channel),
                *_pedal(pedals[pedals[:, 0] == number, 1:], channel, scale),
                *midi_chunks.note_messages(*notes, channel),
            ]
        )
    return midi_chunks.file(tracks, scale * song.ticks_per_quarter, song.end * scale)


def split_parts(data: bytes) -> list[bytes]:
    """Splits a file as `write` writes them into a file of each part, in their order; all keep the tempi."""
    chunks, at = [], midi_chunks.HEADER_SIZE
    while at < len(data):
        size = midi_chunks.CHUNK_HEAD.unpack_from(data, at)[1]
        chunks.append(data[at : (at := at + midi_chunks.CHUNK_HEAD.size + size)])
    division = data[midi_chunks.HEADER_SIZE - 2 : midi_chunks.HEADER_SIZE]
    header = midi_chunks.header(2, int.from_bytes(division, "big"))
    return [header + chunks[0] + part for part in chunks[1:]]


def _channels(players: Iterable[Instrument]) -> list[tuple[int, int]]:
    """Gives each part a port and a channel."""
    places = ((port, channel) for port in itertools.count() for channel in _CHANNELS)
    return [(0, DRUM_CHANNEL) if player.is_drums else next(places) for player in players]


def _changes(song: Song, timeline: Timeline, tempo: float | None, scale: int) -> list[Event]:
    """Lists the events of the first track."""
    own = [(tick, microseconds.to_bytes(3, "big")) for tick, microseconds in timeline.tempi.tolist()]
    events = [
        (midi_meta.TEMPO, own if tempo is None else [(0, midi_meta.tempo_bytes(tempo))]),
        (
            midi_meta.TIME_SIGNATURE,
            [
                (tick, midi_meta.time_signature_bytes(f"{beats}/{unit}"))
                for tick, beats, unit in timeline.meters.tolist()
            ],
        ),
        (
            midi_meta.KEY_SIGNATURE,
            [(tick, bytes([sharps % 256, minor])) for tick, sharps, minor in timeline.keys.tolist()],
        ),
        (midi_meta.MARKER, [(tick, midi_meta.PHRASE_END) for tick in song.about.phrase_ends if tick <= song.end]),
    ]
    return [(tick * scale, midi_chunks.meta(kind, data)) for kind, rows in events for tick, data in rows]


def _head(player: Instrument, port: int, channel: int) -> list[Event]:
    """Lists the events of a part at tick 0."""
    ports = [midi_chunks.meta(_PORT, bytes([port % 128]))] if port else []
    name = midi_chunks.meta(midi_meta.TRACK_NAME, player.name.encode(errors="replace"))
    program = bytes([midi_chunks.PROGRAM_CHANGE | channel, player.program])
    return [(0, message) for message in (*ports, name, program)]


def _pedal(times: Ints, channel: int, scale: int) -> list[Event]:
    """Lists the messages of a part's pedal, which is down from each first tick to its second, [S, 2]."""
    status = midi_chunks.CONTROL_CHANGE | channel
    return [
        (tick * scale, bytes([status, midi_pedals.SUSTAIN, value]))
        for ticks in times.tolist()
        for tick, value in zip(ticks, (_DOWN, _UP), strict=True)
    ]


def read_exact(data: bytes, about: About | None = None, ticks_per_quarter: int = DEFAULT_TICKS_PER_QUARTER) -> Song:
    """Reads a MIDI file as `write` writes them: a track is a part, and all times are on a grid.

    Law: `read_exact(write(song), song.about, song.ticks_per_quarter) == song`.

    Raises:
      ValueError: if the bytes are no MIDI or a time lies between two ticks of the grid.
    """
    try:
        division, tracks = read_tracks(data)
    except ParseError as error:
        raise ValueError(f"not a MIDI file: {error}") from error

    def grid(ticks: Iterable[int]) -> Ints:
        return midi_chunks.to_grid(np.array(list(ticks), np.int64), division, ticks_per_quarter)

    instruments: list[Instrument] = []
    notes: list[Ints] = [np.zeros((0, 5), np.int64)]
    pedals: list[tuple[int, int, int]] = []
    for track in tracks:
        for channel in track.channels:
            start, end, pitch, velocity = midi_events.pair(*track.columns, channel)
            begins, ends = grid(start.tolist()), grid(end.tolist())
            part = np.full(len(begins), len(instruments))
            notes.append(np.column_stack([begins, ends - begins, pitch, part, velocity]))
            times = grid(track.pedal_messages()[:, 0].tolist()).tolist()
            pedals += zip(itertools.repeat(len(instruments)), times[::2], times[1::2], strict=False)
            instruments.append(_player(track, channel))
    changes = itertools.chain.from_iterable(track.changes(data) for track in tracks)
    return Song.from_parts(
        *np.concatenate(notes).T,
        instruments=instruments,
        pedals=pedals,
        timeline=midi_meta.timeline(changes).moved(lambda ticks: grid(ticks.tolist())),
        about=about,
        ticks_per_quarter=ticks_per_quarter,
    )


def _player(track: Track, channel: int) -> Instrument:
    names = [event.data for event in track.names if event.kind == midi_meta.TRACK_NAME]
    programs = [event.data[0] for event in track.names if event.kind == PROGRAM]
    name = names[0].decode(errors="replace") if names else ""
    return Instrument(name, programs[0] if programs else 0, channel == DRUM_CHANNEL)
