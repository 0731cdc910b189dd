"""Writes songs as MIDI files, and reads such files back exactly."""

import operator
import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import symusic

from nabi.music.about import About
from nabi.music.song import DEFAULT_TICKS_PER_QUARTER, Song
from nabi.music.voice_split import Part
from nabi.reading import midi_meta

# File ticks a quarter note, at least: every program reads 480. A grid that does not divide it gets the next multiple.
LEAST_DIVISION = 480

# Velocities by place in the measure, accented as a player would.
_DOWNBEAT, _BEAT, _OFFBEAT = 92, 84, 76

_NOTE_OFF, _NOTE_ON, _PROGRAM_CHANGE = 0x80, 0x90, 0xC0
_END_OF_TRACK = 0x2F


def write(
    song: Song,
    *,
    tempo: float = 120.0,
    program: int = 0,
    track_name: str = "",
    velocity: int | None = None,
    parts: Sequence[Part] = (),
) -> bytes:
    """Writes a song as a MIDI file, with 480 ticks a quarter note or the next multiple of the song's own.

    The file has format 0, or with parts format 1: a track of tempo and signatures, and one for each part.

    >>> read_exact(write(Song.from_notes(start=[0], duration=[12], pitch=[60]))).pitches.tolist()
    [60]

    Args:
      song: its time signature (4/4 without one), key signature and ends of phrases (as markers) are written too.
      tempo: quarter notes a minute.
      program: General MIDI program, 0..127.
      track_name: as notation and music programs show it.
      velocity: 1..127 for every note; None accents the beats of the time signature.
      parts: the song's parts, at most 9, each on a channel of its own; together they have the song's notes.

    Raises:
      ValueError: if a value is outside its range.
    """
    if not 0 <= program < 128:
        raise ValueError(f"program {program} must be in 0..127")
    if velocity is not None and not 1 <= velocity < 128:
        raise ValueError(f"velocity {velocity} must be in 1..127")
    scale = -(-LEAST_DIVISION // song.ticks_per_quarter)
    tracks = [_head(song, track_name, tempo)]
    ends = [tick * scale for tick in song.about.phrase_ends if tick <= song.end]
    phrase_ends = [(tick, _meta(midi_meta.MARKER, midi_meta.PHRASE_END)) for tick in ends]
    if not parts:
        tracks[0] += _music(song, program, velocity, scale)
    tracks[0] = sorted([*tracks[0], *phrase_ends], key=operator.itemgetter(0))
    for channel, part in enumerate(parts):
        name = (0, _meta(midi_meta.TRACK_NAME, part.name.encode()))
        tracks.append([name, *_music(part.song, program, velocity, scale, channel)])
    header = struct.pack(">4sIHHH", b"MThd", 6, 1 if parts else 0, len(tracks), scale * song.ticks_per_quarter)
    return header + b"".join(_track(events, song.end * scale) for events in tracks)


def _head(song: Song, track_name: str, tempo: float) -> list[tuple[int, bytes]]:
    """Lists the meta events at tick 0, each with it."""
    key_signature = song.about.key_signature
    metas = [
        _meta(midi_meta.TRACK_NAME, track_name.encode()),
        _meta(midi_meta.TEMPO, midi_meta.tempo_bytes(tempo)),
        _meta(midi_meta.TIME_SIGNATURE, midi_meta.time_signature_bytes(song.about.time_signature or "4/4")),
        *([_meta(midi_meta.KEY_SIGNATURE, midi_meta.key_signature_bytes(key_signature))] if key_signature else []),
    ]
    return [(0, meta) for meta in metas]


def _track(events: Sequence[tuple[int, bytes]], end: int) -> bytes:
    """Writes a track of (file tick, message) that ends at a tick."""
    ticks = [0, *(tick for tick, _ in events), end]
    messages = [*(message for _, message in events), _meta(_END_OF_TRACK, b"")]
    track = b"".join(
        _variable_length(tick - before) + message
        for before, tick, message in zip(ticks[:-1], ticks[1:], messages, strict=True)
    )
    return struct.pack(">4sI", b"MTrk", len(track)) + track


def read_exact(data: bytes, about: About | None = None, ticks_per_quarter: int = DEFAULT_TICKS_PER_QUARTER) -> Song:
    """Reads a MIDI file whose notes are on a grid, as those of Nabi are: chords and times stay as they are.

    Law: `read_exact(write(song), song.about, song.ticks_per_quarter) == song`.

    Args:
      data: the file's bytes.
      about: metadata of the song.
      ticks_per_quarter: ticks a quarter note of the grid.

    Raises:
      ValueError: if the bytes are no MIDI or a note lies between two ticks of the grid.
    """
    try:
        score = symusic.Score.from_midi(data)
    except RuntimeError as error:
        raise ValueError(f"not a MIDI file: {error}") from error
    columns = [track.notes.numpy() for track in score.tracks if not track.is_drum]
    start, duration, pitch = (
        np.concatenate([np.zeros(0, np.int64), *(column[name].astype(np.int64) for column in columns)])
        for name in ("time", "duration", "pitch")
    )
    start, duration = (_to_grid(column, score.tpq, ticks_per_quarter) for column in (start, duration))
    return Song.from_notes(start, duration, pitch, about, ticks_per_quarter)


def _music(song: Song, program: int, velocity: int | None, scale: int, channel: int = 0) -> list[tuple[int, bytes]]:
    """Lists (file tick, message) in order; at one tick note-offs come first, so that a pitch can be struck again."""
    start, duration, pitch = (column.tolist() for column in song.notes())
    messages = []
    for onset, length, key, strength in zip(start, duration, pitch, _velocities(song, velocity).tolist(), strict=True):
        messages.append((onset, 1, key, bytes([_NOTE_ON | channel, key, strength])))
        messages.append((onset + length, 0, key, bytes([_NOTE_OFF | channel, key, 0])))
    notes = [(tick * scale, message) for tick, _, _, message in sorted(messages)]
    return [(0, bytes([_PROGRAM_CHANGE | channel, program])), *notes]


def _velocities(song: Song, velocity: int | None) -> npt.NDArray[np.int64]:
    start = song.notes()[0]
    if velocity is not None:
        return np.full(len(start), velocity)
    numerator, denominator = (int(part) for part in (song.about.time_signature or "4/4").split("/"))
    unit = max(4 * song.ticks_per_quarter // denominator, 1)
    # A compound meter (6/8, 9/8, 12/16) beats in threes.
    beat = 3 * unit if denominator >= 8 and numerator > 3 and numerator % 3 == 0 else unit
    return np.select([start % (numerator * unit) == 0, start % beat == 0], [_DOWNBEAT, _BEAT], _OFFBEAT)


def _meta(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + _variable_length(len(data)) + data


def _variable_length(number: int) -> bytes:
    """Encodes a number in 7 bits a byte, the highest first; at most 4 bytes."""
    if not 0 <= number < 1 << 28:
        raise ValueError(f"{number} ticks between two events must be in 0..{(1 << 28) - 1}: the song is too long")
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def _to_grid(ticks: npt.NDArray[np.int64], division: int, ticks_per_quarter: int) -> npt.NDArray[np.int64]:
    scaled = ticks * ticks_per_quarter
    if (scaled % division).any():
        raise ValueError(f"a note lies between two ticks of the grid of 1/{ticks_per_quarter} quarter notes")
    return scaled // division
