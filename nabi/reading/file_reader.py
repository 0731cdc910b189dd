"""A file's bytes -> Song, by the parser that was asked for."""

import dataclasses
import functools
import hashlib
from typing import Any

from nabi.music import quantisation
from nabi.music.errors import ParseError
from nabi.music.song import About, Song
from nabi.reading import compressed
from nabi.reading.compressed import MAX_BYTES
from nabi.reading.repair import Repaired, repair
from nabi.workspace import file_endings

PARSERS = ("fast", "music21")


def read_song(
    data: bytes,
    *,
    source: str,
    instrument: str = "all",
    parser: str = "fast",
    divisors: tuple[int, ...] = quantisation.DEFAULT,
    fingerprint: bool = True,
) -> Song:
    """The song of a MIDI file; of a file that holds several, the first.

    Args:
      data: the file's bytes, compressed by gzip or not.
      source: where they came from, kept with the song.
      instrument: see `nabi.reading.instruments.choose`.
      parser: one of `PARSERS`.
      divisors: see `nabi.music.quantisation`.
      fingerprint: see `nabi.reading.instruments.choose`.

    Raises:
      ParseError: if there is no song in the bytes.
    """
    content = _checked(data)
    about = About(source=source, sha256=hashlib.sha256(content).hexdigest())
    _, result = _midi(content, about, parser, instrument, divisors, fingerprint)[0]
    if isinstance(result, ParseError):
        raise result
    return result


def read_songs(
    data: bytes,
    *,
    source: str,
    instrument: str = "all",
    parser: str = "fast",
    divisors: tuple[int, ...] = quantisation.DEFAULT,
    fingerprint: bool = True,
) -> list[tuple[str, Song | ParseError]]:
    """The songs of a file, MIDI or score: (name of the tune, its song or why there is none).

    Args:
      data: the file's bytes, compressed by gzip or not.
      source: where they came from; its ending tells a score, anything else is read as MIDI.
      instrument: see `nabi.reading.instruments.choose`.
      parser: of MIDI, one of `PARSERS`.
      divisors: see `nabi.music.quantisation`.
      fingerprint: see `nabi.reading.instruments.choose`.

    Returns:
      One, named "", for a file of one song. An ABC or Humdrum file, and MIDI of format 2, may hold several.
    """
    try:
        content = _checked(data)
    except ParseError as error:
        return [("", error)]
    about = About(source=source, sha256=hashlib.sha256(content).hexdigest())
    if not (ending := score_ending(source)):
        return _midi(content, about, parser, instrument, divisors, fingerprint)
    from nabi.reading import scores

    return scores.read(
        content,
        ending=ending,
        about=about,
        instrument_wanted=instrument,
        ticks_per_quarter=quantisation.ticks_per_quarter(divisors),
        fingerprint=fingerprint,
    )


def content_hash(data: bytes) -> str:
    """The SHA-256 that the song of a file has, in hexadecimal: of its bytes, before they were compressed.

    Raises:
      ParseError: if they cannot be unpacked.
    """
    return hashlib.sha256(compressed.unpacked(data)).hexdigest()


def _checked(data: bytes) -> bytes:
    """The bytes unpacked; raises ParseError where they are more than a song needs."""
    if len(data) > MAX_BYTES:
        raise ParseError("too-large", f"{len(data)} bytes; the limit is {MAX_BYTES}")
    return compressed.unpacked(data)


def _midi(
    data: bytes, about: About, parser: str, instrument: str, divisors: tuple[int, ...], fingerprint: bool
) -> list[tuple[str, Song | ParseError]]:
    """The songs of a MIDI file that have notes, or why there is none."""
    if parser not in PARSERS:
        raise ValueError(f"parser {parser!r} must be one of {', '.join(PARSERS)}")
    read = functools.partial(
        _read_one, about=about, parser=parser, instrument_wanted=instrument, divisors=divisors, fingerprint=fingerprint
    )
    songs = [(one.tune, read(one)) for one in repair(data)]
    # A pattern without notes is no song that could be lost, as long as another has some.
    return [song for song in songs if not _is_silent(song[1])] or [("", songs[0][1])]


def _read_one(one: Repaired, *, about: About, parser: str, **wanted: Any) -> Song | ParseError:
    """The song of one MIDI file; what the fast reader calls damaged is tried with music21 before it is lost."""
    about = dataclasses.replace(about.of_tune(one.tune), repaired=one.how)
    # Importing either reader takes a quarter of a second or more; the processes that only count need neither.
    try:
        if parser == "fast":
            from nabi.reading import fast_midi

            try:
                return fast_midi.read(one.data, about=about, **wanted)
            except ParseError as error:
                if error.reason != "damaged":
                    raise
        from nabi.reading import music21_midi

        return music21_midi.read(one.data, about=about, **wanted)
    except ParseError as error:
        return error


def _is_silent(result: Song | ParseError) -> bool:
    return isinstance(result, ParseError) and result.reason == "no-notes"


def score_ending(source: str) -> str:
    """The ending that tells what kind of score a file is, lower case; "" of what is read as MIDI."""
    name = source.lower().removesuffix(file_endings.COMPRESSED)
    ending = name[name.rfind(".") :]
    return ending if ending in file_endings.SCORES else ""


def difference(data: bytes, instrument: str = "all", divisors: tuple[int, ...] = quantisation.DEFAULT) -> str:
    """How the two readers differ on a MIDI file, in a sentence; "" where they agree, be it that there is no song."""
    try:
        songs = repair(_checked(data))
    except ParseError:
        return ""
    return next(filter(None, (_difference(one.data, instrument, divisors) for one in songs)), "")


def _difference(data: bytes, instrument: str, divisors: tuple[int, ...]) -> str:
    from nabi.reading import fast_midi, music21_midi

    read: list[Song | str] = []
    for reader in (fast_midi.read, music21_midi.read):
        try:
            read.append(reader(data, instrument_wanted=instrument, divisors=divisors))
        except ParseError as error:
            read.append(error.reason)
    fast, reference = read
    if fast == reference:
        return ""
    if not isinstance(fast, Song) or not isinstance(reference, Song):
        return f"fast: {fast!r}, music21: {reference!r}"
    for one, other in zip(fast, reference, strict=False):
        if one != other:
            return f"fast: {one}, music21: {other}"
    if len(fast) != len(reference):
        return f"fast: {len(fast)} events, music21: {len(reference)}"
    return f"fast: {fast.about}, music21: {reference.about}"
