"""Reads the songs of a file's bytes, MIDI or score, with the chosen parser."""

import dataclasses
import hashlib

from nabi.music.about import About
from nabi.music.errors import ParseError
from nabi.music.song import Song
from nabi.reading import compressed, midi_seconds
from nabi.reading.compressed import MAX_BYTES
from nabi.reading.read_settings import DEFAULT, SECONDS, ReadSettings
from nabi.reading.repair import Repaired, repair
from nabi.workspace import file_endings


def read_song(data: bytes, *, source: str, settings: ReadSettings = DEFAULT) -> Song:
    """Reads the song of a MIDI file or a score; the first of several.

    Args:
      data: the file's bytes, compressed by gzip or not.
      source: the origin of the bytes, kept with the song; its ending tells a score.
      settings: which song the file gives.

    Raises:
      ParseError: if there is no song in the bytes.
    """
    _, result = read_songs(data, source=source, settings=settings)[0]
    if isinstance(result, ParseError):
        raise result
    return result


def read_songs(data: bytes, *, source: str, settings: ReadSettings = DEFAULT) -> list[tuple[str, Song | ParseError]]:
    """Reads the songs of a MIDI file or a score as (name of the tune, its song or why it has none).

    Args:
      data: the file's bytes, compressed by gzip or not.
      source: the origin of the bytes; its ending tells a score, anything else is read as MIDI.
      settings: which song the file gives.

    Returns:
      One pair, named "", for a file of one song. ABC and Humdrum files, and MIDI of format 2, may hold several.
    """
    try:
        content = _checked(data)
    except ParseError as error:
        return [("", error)]
    about = About(source=source, sha256=hashlib.sha256(content).hexdigest())
    if not (ending := score_ending(source)):
        return _midi(content, about, settings)
    from nabi.reading import scores

    return scores.read(content, ending=ending, settings=settings, about=about)


def content_hash(data: bytes) -> str:
    """Hashes the bytes of a file, before they were compressed: the SHA-256 of its song, in hexadecimal.

    Raises:
      ParseError: if the bytes cannot be unpacked.
    """
    return hashlib.sha256(compressed.unpacked(data)).hexdigest()


def _checked(data: bytes) -> bytes:
    """Unpacks the bytes; raises ParseError if they are more than a song needs."""
    if len(data) > MAX_BYTES:
        raise ParseError("too-large", f"{len(data)} bytes; the limit is {MAX_BYTES}")
    return compressed.unpacked(data)


def _midi(data: bytes, about: About, settings: ReadSettings) -> list[tuple[str, Song | ParseError]]:
    """Reads the songs of a MIDI file that have notes, or why none has."""
    songs = [(file.tune, _read_one(file, about, settings)) for file in repair(data)]
    # A pattern without notes is left out, as long as another one has notes.
    return [song for song in songs if not _is_silent(song[1])] or [("", songs[0][1])]


def _read_one(file: Repaired, about: About, settings: ReadSettings) -> Song | ParseError:
    """Reads one MIDI file; one that the fast reader calls damaged is read with music21 before it is given up."""
    about = dataclasses.replace(about.of_tune(file.tune), repaired=file.how)
    if settings.time == SECONDS:
        about = midi_seconds.described(about)
    file = _timed(file, settings)
    # Importing either reader takes a quarter of a second or more; processes that only count files need neither.
    try:
        if settings.parser == "fast":
            from nabi.reading import fast_midi

            try:
                return fast_midi.read(file.data, settings, about)
            except ParseError as error:
                if error.reason != "damaged":
                    raise
        from nabi.reading import music21_midi

        return music21_midi.read(file.data, settings, about)
    except ParseError as error:
        return error


def _timed(file: Repaired, settings: ReadSettings) -> Repaired:
    """Returns a file in the time that settings ask for."""
    return dataclasses.replace(file, data=midi_seconds.in_seconds(file.data)) if settings.time == SECONDS else file


def _is_silent(result: Song | ParseError) -> bool:
    return isinstance(result, ParseError) and result.reason == "no-notes"


def score_ending(source: str) -> str:
    """Returns the ending of a score file, in lower case; "" for files that are read as MIDI.

    >>> score_ending("bach.MXL.gz"), score_ending("bach.mid")
    ('.mxl', '')
    """
    name = source.lower().removesuffix(file_endings.COMPRESSED)
    ending = name[name.rfind(".") :]
    return ending if ending in file_endings.SCORES else ""


def difference(data: bytes, settings: ReadSettings = DEFAULT) -> str:
    """Describes how the songs of the two MIDI readers differ, in a sentence; "" if they agree."""
    try:
        files = repair(_checked(data))
    except ParseError:
        return ""
    return next(filter(None, (_difference(_timed(file, settings).data, settings) for file in files)), "")


def _difference(data: bytes, settings: ReadSettings) -> str:
    from nabi.reading import fast_midi, music21_midi

    songs: list[Song | str] = []
    for reader in (fast_midi.read, music21_midi.read):
        try:
            songs.append(reader(data, settings))
        except ParseError as error:
            songs.append(error.reason)
    fast, reference = songs
    if fast == reference:
        return ""
    if not isinstance(fast, Song) or not isinstance(reference, Song):
        return f"fast: {fast!r}, music21: {reference!r}"
    for event, expected in zip(fast, reference, strict=False):
        if event != expected:
            return f"fast: {event}, music21: {expected}"
    if len(fast) != len(reference):
        return f"fast: {len(fast)} events, music21: {len(reference)}"
    if fast.about != reference.about:
        return f"fast: {fast.about}, music21: {reference.about}"
    return f"of the parts, {_band_difference(fast, reference)}"


def _band_difference(fast: Song, reference: Song) -> str:
    """Names the first column of the bands that differs."""
    names = ("instruments", "part", "velocity", "pedals", "timeline")
    for name in names:
        values = [getattr(song.band, name) for song in (fast, reference)]
        if repr(values[0]) != repr(values[1]):
            return f"{name}: fast: {values[0]!r}, music21: {values[1]!r}"
    return "a value that is not shown"
