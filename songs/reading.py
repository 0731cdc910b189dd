"""A file's bytes -> Song, by the parser that was asked for."""

import hashlib

from songs import endings, quantisation
from songs.errors import ParseError
from songs.song import About, Song

# `both` reads with both parsers and takes music21's song where they differ.
PARSERS = ("fast", "music21", "both")

# A file of more bytes is no song: the largest of Lakh's 176,000 has 2 MB.
MAX_BYTES = 1 << 24


def read_song(
    data: bytes,
    *,
    source: str,
    instrument: str = "all",
    parser: str = "fast",
    divisors: tuple[int, ...] = quantisation.DEFAULT,
) -> Song:
    """The song of a file.

    What the fast reader calls damaged is tried with music21 before it is lost.

    Args:
      data: the file's bytes.
      source: where they came from, kept with the song.
      instrument: see `songs.parts.choose`.
      parser: one of `PARSERS`.
      divisors: see `songs.quantisation`.

    Raises:
      ParseError: if there is no song in the bytes.
    """
    if parser not in PARSERS:
        raise ValueError(f"parser {parser!r} must be one of {', '.join(PARSERS)}")
    if len(data) > MAX_BYTES:
        raise ParseError("too-large", f"{len(data)} bytes; the limit is {MAX_BYTES}")
    about = About(source=source, sha256=hashlib.sha256(data).hexdigest())
    # Importing either reader takes a quarter of a second or more; the processes that only count need neither.
    if parser == "fast":
        from songs import fast_reader

        try:
            return fast_reader.read(data, about=about, instrument_wanted=instrument, divisors=divisors)
        except ParseError as error:
            if error.reason != "damaged":
                raise
    from songs import music21_reader

    return music21_reader.read(data, about=about, instrument_wanted=instrument, divisors=divisors)


def read_songs(
    data: bytes,
    *,
    source: str,
    instrument: str = "all",
    parser: str = "fast",
    divisors: tuple[int, ...] = quantisation.DEFAULT,
) -> list[tuple[str, Song | ParseError]]:
    """The songs of a file, MIDI or score: (name of the tune, its song or why there is none).

    Args:
      data: the file's bytes.
      source: where they came from; its ending tells a score, anything else is read as MIDI.
      instrument: see `songs.parts.choose`.
      parser: of MIDI, one of `PARSERS`.
      divisors: see `songs.quantisation`.

    Returns:
      One, named "", for a file of one song. An ABC or Humdrum file may hold several.
    """
    ending = score_ending(source)
    if ending and len(data) <= MAX_BYTES:
        from songs import scores

        about = About(source=source, sha256=hashlib.sha256(data).hexdigest())
        return scores.read(
            data,
            ending=ending,
            about=about,
            instrument_wanted=instrument,
            ticks_per_quarter=quantisation.ticks_per_quarter(divisors),
        )
    try:
        return [("", read_song(data, source=source, instrument=instrument, parser=parser, divisors=divisors))]
    except ParseError as error:
        return [("", error)]


def score_ending(source: str) -> str:
    """The ending that tells what kind of score a file is, lower case; "" of what is read as MIDI."""
    ending = source[source.rfind(".") :].lower()
    return ending if ending in endings.SCORES else ""


def difference(data: bytes, instrument: str = "all", divisors: tuple[int, ...] = quantisation.DEFAULT) -> str:
    """How the two readers differ on a file, in a sentence; "" where they agree, be it that there is no song."""
    from songs import fast_reader, music21_reader

    read: list[Song | str] = []
    for reader in (fast_reader.read, music21_reader.read):
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
