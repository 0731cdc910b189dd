"""Writes songs as MIDI files, and reads such files back exactly."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import symusic

from nabi.music.about import About
from nabi.music.song import DEFAULT_TICKS_PER_QUARTER, Song
from nabi.music.voice_split import Part
from nabi.reading import band_midi, midi_chunks, midi_meta
from nabi.reading.midi_chunks import Event

# Velocities by place in the measure, accented as a player would.
_DOWNBEAT, _BEAT, _OFFBEAT = 92, 84, 76
# Quarter notes a minute of a MIDI file that says none.
DEFAULT_TEMPO = 120.0


def write(
    song: Song,
    *,
    tempo: float | None = None,
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
      song: its time signature (4/4 without one), key signature and ends of phrases (as markers) are written too. One
        with a band is written with its own parts, velocities, tempi and signatures (`nabi.reading.band_midi`).
      tempo: quarter notes a minute; None: 120, or a band's own.
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
    if song.band:
        return band_midi.write(song, tempo)
    scale = midi_chunks.scale(song.ticks_per_quarter)
    tracks = [_head(song, track_name, DEFAULT_TEMPO if tempo is None else tempo)]
    ends = [tick * scale for tick in song.about.phrase_ends if tick <= song.end]
    phrase_ends = [(tick, midi_chunks.meta(midi_meta.MARKER, midi_meta.PHRASE_END)) for tick in ends]
    if not parts:
        tracks[0] += _music(song, program, velocity, scale)
    tracks[0] += phrase_ends
    for channel, part in enumerate(parts):
        name = (0, midi_chunks.meta(midi_meta.TRACK_NAME, part.name.encode()))
        tracks.append([name, *_music(part.song, program, velocity, scale, channel)])
    return midi_chunks.file(tracks, scale * song.ticks_per_quarter, song.end * scale)


def _head(song: Song, track_name: str, tempo: float) -> list[Event]:
    """Lists the meta events at tick 0, each with it."""
    key_signature = song.about.key_signature
    metas = [
        midi_chunks.meta(midi_meta.TRACK_NAME, track_name.encode()),
        midi_chunks.meta(midi_meta.TEMPO, midi_meta.tempo_bytes(tempo)),
        midi_chunks.meta(midi_meta.TIME_SIGNATURE, midi_meta.time_signature_bytes(song.about.time_signature or "4/4")),
    ]
    if key_signature:
        metas.append(midi_chunks.meta(midi_meta.KEY_SIGNATURE, midi_meta.key_signature_bytes(key_signature)))
    return [(0, meta) for meta in metas]


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
    start, duration = (midi_chunks.to_grid(column, score.tpq, ticks_per_quarter) for column in (start, duration))
    return Song.from_notes(start, duration, pitch, about, ticks_per_quarter)


def _music(song: Song, program: int, velocity: int | None, scale: int, channel: int = 0) -> list[Event]:
    """Lists the messages of a part, in order."""
    start, duration, pitch = (column.astype(np.int64) for column in song.notes())
    notes = midi_chunks.note_messages(start * scale, duration * scale, pitch, _velocities(song, velocity), channel)
    return [(0, bytes([midi_chunks.PROGRAM_CHANGE | channel, program])), *notes]


def _velocities(song: Song, velocity: int | None) -> npt.NDArray[np.int64]:
    start = song.notes()[0]
    if velocity is not None:
        return np.full(len(start), velocity)
    numerator, denominator = (int(part) for part in (song.about.time_signature or "4/4").split("/"))
    unit = max(4 * song.ticks_per_quarter // denominator, 1)
    # A compound meter (6/8, 9/8, 12/16) beats in threes.
    beat = 3 * unit if denominator >= 8 and numerator > 3 and numerator % 3 == 0 else unit
    return np.select([start % (numerator * unit) == 0, start % beat == 0], [_DOWNBEAT, _BEAT], _OFFBEAT)
