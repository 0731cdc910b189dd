"""A file's bytes -> Song, by the parser that was asked for."""

import hashlib

from songs import music21_reader
from songs.errors import ParseError
from songs.song import About, Song

PARSERS = ("music21",)

# A file of more bytes is no song: the largest of Lakh's 176,000 has 2 MB.
MAX_BYTES = 1 << 24


def read_song(data: bytes, *, source: str, instrument: str = "all", parser: str = "music21") -> Song:
    """The song of a file.

    Args:
      data: the file's bytes.
      source: where they came from, kept with the song.
      instrument: see `songs.parts.choose`.
      parser: one of `PARSERS`.

    Raises:
      ParseError: if there is no song in the bytes.
    """
    if parser not in PARSERS:
        raise ValueError(f"parser {parser!r} must be one of {', '.join(PARSERS)}")
    if len(data) > MAX_BYTES:
        raise ParseError("too-large", f"{len(data)} bytes; the limit is {MAX_BYTES}")
    about = About(source=source, sha256=hashlib.sha256(data).hexdigest())
    return music21_reader.read(data, about=about, instrument_wanted=instrument)


__all__ = ["MAX_BYTES", "PARSERS", "ParseError", "read_song"]
