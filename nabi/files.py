"""Reads songs from files of music and writes them as MIDI files."""

import os
from collections.abc import Sequence
from typing import IO

from nabi import keywords
from nabi.music import quantisation
from nabi.music.band import has_tempi
from nabi.music.errors import ParseError
from nabi.music.selection import MAX_SILENCE, Selection
from nabi.music.song import Song
from nabi.music.suggestions import did_you_mean
from nabi.networks import remote_files
from nabi.reading import file_reader
from nabi.reading.read_settings import QUARTERS, ReadSettings
from nabi.workspace import file_endings, storage

# A path, local or remote (gs://, s3:// ...), or a file that is open for bytes.
File = str | os.PathLike[str] | IO[bytes]

# Quarter notes a minute of songs without a tempo of their own.
TEMPO = 120.0

# Tunes that a message names, at most.
_NAMED = 8


def read(
    source: File,
    *,
    tune: str = "",
    instrument: str = "all",
    parser: str = "fast",
    divisors: Sequence[int] = quantisation.DEFAULT,
    parts: bool = False,
    pedal: str = "drop",
    time: str = QUARTERS,
    max_silence: int = MAX_SILENCE,
) -> Song:
    """Reads the song of a file as `pipelines.preprocess` does.

    >>> import nabi
    >>> nabi.write(nabi.Song.from_notes(start=[0, 12], duration=[12, 24], pitch=[60, 64]), "tune.mid")
    >>> for event in nabi.read("tune.mid"):
    ...     print(event)
    Event(start=0, pitches=(60,), duration=12)
    Event(start=12, pitches=(64,), duration=24)

    Args:
      source: MIDI (.mid, .midi, .kar, .rmi), or a score by its ending: MusicXML (.xml, .musicxml, .mxl), ABC (.abc) or
        Humdrum (.krn); each also compressed (.gz).
      tune: the name of the tune, as `read_tunes` has it; required if the file holds several.
      instrument: `all` (with `parts` also drums), `first`, `piano`, `drums`, or a General MIDI program, `"0"`..`"127"`.
      parser: of MIDI, `fast` or `music21`, the slow reference.
      divisors: of the quarter note; times are moved to the nearest of its parts. Their least common multiple is the
        ticks of a quarter note: 12 for (4, 3).
      parts: keep who plays each note, how loud, and changes of tempo, meter and key, as `Song.band`.
      pedal: `drop` the sustain pedal, `extend` the notes that end while it is down, or, with parts, `keep` it.
      time: of MIDI, `quarters`, or `seconds`: a quarter note is half a second then, whatever the tempo.
      max_silence: quarter notes, at least 1, to which longer stretches without a note's start or end are shortened.

    Raises:
      ParseError: if the file holds no song, with the reason.
      ValueError: if an argument is outside its range, or the file holds several tunes and none of them is named.
      OSError: if the file cannot be read.
    """
    tunes = read_tunes(
        source,
        instrument=instrument,
        parser=parser,
        divisors=divisors,
        parts=parts,
        pedal=pedal,
        time=time,
        max_silence=max_silence,
    )
    if tune not in tunes and (tune or len(tunes) > 1):
        raise ValueError(_no_such_tune(_name_of(source), tune, list(tunes)))
    song = tunes.get(tune, next(iter(tunes.values())))
    if isinstance(song, ParseError):
        raise song
    return song


def read_tunes(
    source: File,
    *,
    instrument: str = "all",
    parser: str = "fast",
    divisors: Sequence[int] = quantisation.DEFAULT,
    parts: bool = False,
    pedal: str = "drop",
    time: str = QUARTERS,
    max_silence: int = MAX_SILENCE,
) -> dict[str, Song | ParseError]:
    """Reads all songs of a file: ABC and Humdrum files, and MIDI of format 2, may hold several.

    >>> import nabi, pathlib
    >>> _ = pathlib.Path("two.abc").write_text("X:1\\nL:1/4\\nK:C\\nCDE\\n\\nX:2\\nL:1/4\\nK:G\\nGAB\\n")
    >>> {tune: len(song) for tune, song in nabi.read_tunes("two.abc").items()}
    {'1': 3, '2': 3}

    Args:
      source, instrument, parser, divisors, parts, pedal, time, max_silence: see `read`.

    Returns:
      Name of a tune -> its song, or the error that `read` raises for it, in the order of the file. Names are ABC's X:
      numbers, or numbers from 1 on; "" is the only tune of a file.

    Raises:
      ValueError: if an argument is outside its range.
      OSError: if the file cannot be read.
    """
    name = _name_of(source)
    with keywords.explained():
        settings = ReadSettings(instrument, parser, tuple(divisors), parts, pedal, time=time)
        if max_silence < 1:
            raise ValueError(f"max_silence {max_silence} must be at least 1 quarter note")
        remote_files.open_schemes(name)
    if name.lower().endswith(file_endings.ARCHIVES):
        raise ValueError(f"{name} is an archive: extract a file from it, or run `python -m pipelines.preprocess` on it")
    songs = file_reader.read_songs(_content(source), source=name, settings=settings)
    selection = Selection(max_silence=max_silence)
    return {tune: _selected(song, selection, name) for tune, song in songs}


def write(
    song: Song,
    destination: File,
    *,
    tempo: float | None = None,
    program: int = 0,
    track_name: str | None = None,
    velocity: int | None = None,
) -> None:
    """Writes a song as a MIDI file; equal songs give equal bytes.

    >>> import io, nabi
    >>> nabi.write(nabi.Song.from_notes(start=[0], duration=[12], pitch=[60]), file := io.BytesIO(), tempo=90)
    >>> file.getvalue()[:4]
    b'MThd'

    Args:
      song: written with its time and key signature.
      destination: a path, where the file appears once it is complete, or a file that is open for writing bytes.
      tempo: quarter notes a minute; None: the song's own, or 120.
      program: General MIDI program, 0..127; 0 is a piano.
      track_name: as music programs show it; None: the name of the song's file.
      velocity: 1..127 for every note; None accents the beats.

    Raises:
      ValueError: if an argument is outside its range.
      OSError: if the file cannot be written.
    """
    # Importing this takes a third of a second.
    from nabi.reading import midi_writer

    own_tempo, own_name = song.about.tempo or TEMPO, _stem(song.about.source)
    data = midi_writer.write(
        song,
        tempo=own_tempo if tempo is None and not has_tempi(song.band) else tempo,
        program=program,
        track_name=own_name if track_name is None else track_name,
        velocity=velocity,
    )
    _save(data, destination)


def _content(source: File) -> bytes:
    return storage.read_bytes(os.fspath(source)) if isinstance(source, str | os.PathLike) else source.read()


def _save(data: bytes, destination: File) -> None:
    if isinstance(destination, str | os.PathLike):
        path = os.fspath(destination)
        remote_files.open_schemes(path)
        storage.write_bytes(path, data)
    else:
        destination.write(data)


def _name_of(source: File) -> str:
    """Returns the path of a file; "" for an open file without a name."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    name = getattr(source, "name", "")
    return name if isinstance(name, str) else ""


def _selected(song: Song | ParseError, selection: Selection, name: str) -> Song | ParseError:
    """Shortens the silences of a song; adds the name of the file to an error."""
    if isinstance(song, ParseError):
        return ParseError(song.reason, f"{name}: {song.detail}") if name else song
    return selection.of(song)


def _no_such_tune(name: str, tune: str, tunes: Sequence[str]) -> str:
    named = ", ".join(tunes[:_NAMED]) + (" ..." if len(tunes) > _NAMED else "")
    if tunes == [""]:
        return f"{name} holds one tune, which has no name: leave tune={tune!r} out"
    if tune:
        return f"{name} has no tune {tune!r}{did_you_mean(tune, tunes) or f'; its {len(tunes)} tunes are {named}'}"
    return f"{name} holds {len(tunes)} tunes ({named}): name one, tune={tunes[0]!r}, or read all with nabi.read_tunes"


def _stem(source: str) -> str:
    """Returns the name of a file without its folder and endings: `folder/songs.zip!air.mid` -> `air`."""
    return source.replace("!", "/").rpartition("/")[2].partition(".")[0]
