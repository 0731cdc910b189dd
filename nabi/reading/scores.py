"""Reads scores through music21: MusicXML (.xml, .musicxml, .mxl), ABC (.abc) and Humdrum (.krn).

A file may hold several tunes, each a song of its own. The bytes are not trusted: a zip is read up to a bound, XML that
defines entities is refused, and exceptions of music21 become ParseErrors. Nothing is written to disk.
"""

import contextlib
import functools
import io
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from music21 import stream
from music21.humdrum.spineParser import HumdrumDataCollection
from music21.musicxml import xmlToM21

from nabi.music.about import About
from nabi.music.errors import ParseError
from nabi.music.song import Song
from nabi.reading import abc, score_parts
from nabi.reading.instruments import choose
from nabi.reading.read_settings import DEFAULT, ReadSettings
from nabi.workspace import file_endings

# Bytes of text, after decompression, at most: the largest score of music21's corpus has 9 MB, a minute of work a MB.
MAX_TEXT_BYTES = 1 << 24

_ZIP_MAGIC = b"PK\x03\x04"

Tune = tuple[str, Callable[[], stream.Score]]


def read(
    data: bytes,
    *,
    ending: str,
    settings: ReadSettings = DEFAULT,
    about: About | None = None,
) -> list[tuple[str, Song | ParseError]]:
    """Reads the songs of a score file.

    Args:
      data: the file's bytes.
      ending: one of `nabi.workspace.file_endings.SCORES`, in any case.
      settings: which song a tune gives. Scores have no drums and no pedal; times are rounded to ticks.
      about: metadata of the file. In a file of several songs, `#` and the tune id are added to source and hash.

    Returns:
      (tune id, song or why there is none) of each tune, in the file's order. The id is "" in a file of one tune, else
      ABC's X: number (see `abc.tunes`) or the number of a Humdrum section. A file that cannot be read at all counts as
      one tune; a damaged tune does not affect the others.

    Raises:
      ValueError: if the ending is none of `nabi.workspace.file_endings.SCORES`.
    """
    if ending.lower() not in _FORMATS:
        raise ValueError(f"ending {ending!r} must be one of {', '.join(file_endings.SCORES)}")
    try:
        if settings.instrument == "drums":
            raise ParseError("no-such-instrument", "the percussion of a score is not read; give MIDI for drums")
        with _explained():
            tunes = list(_FORMATS[ending.lower()](data))
    except ParseError as error:
        return [("", error)]
    file_about = about or About()
    return [(name, _song(parse, settings, file_about.of_tune(name))) for name, parse in tunes]


def _song(parse: Callable[[], stream.Score], settings: ReadSettings, about: About) -> Song | ParseError:
    try:
        with _explained():
            parts, about, timeline = score_parts.parts_of(parse(), about, settings.ticks_per_quarter)
            return choose(parts, settings, about, timeline)
    except ParseError as error:
        return error


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turns any exception of music21 into a ParseError, and keeps its warnings from the terminal."""
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    except (ParseError, MemoryError):
        raise
    # music21 raises exceptions of every kind (even AssertionError) on scores that it does not understand.
    except Exception as error:
        raise ParseError("damaged", f"music21 cannot read it: {type(error).__name__}: {error}") from error


def _music_xml(data: bytes) -> Iterator[Tune]:
    text = _unzipped(data) if data.startswith(_ZIP_MAGIC) else data
    _check_size(len(text))
    yield "", functools.partial(_parse_music_xml, text)


def _parse_music_xml(text: bytes) -> stream.Score:
    root = _xml_root(text)
    if root.tag != "score-partwise":
        raise ParseError("unsupported", f"the XML is a {root.tag[:40]!r}, not a 'score-partwise'")
    importer = xmlToM21.MusicXMLImporter()
    importer.xmlRootToScore(root, importer.stream)
    return importer.stream


def _xml_root(text: bytes) -> ElementTree.Element:
    """Parses XML to its root element; refuses entity definitions, which may unfold to gigabytes, before parsing."""

    class Prolog(Exception):  # noqa: N818
        """The end of the prolog, the only place where entities can be defined."""

    def refuse(*_: Any) -> None:
        """Raises ParseError."""
        raise ParseError("damaged", "the XML defines entities, which no score needs")

    def stop(*_: Any) -> None:
        """Ends the parse at the first element."""
        raise Prolog

    parser = expat.ParserCreate()
    parser.EntityDeclHandler, parser.StartElementHandler = refuse, stop
    with contextlib.suppress(Prolog):
        parser.Parse(text, True)
    return ElementTree.fromstring(text)


def _unzipped(data: bytes) -> bytes:
    """Takes the score out of an .mxl: the first that META-INF/container.xml names, or else its first XML file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith((".xml", ".musicxml"))]
        scores = [name for name in names if not name.startswith("META-INF/")]
        if "META-INF/container.xml" in names:
            container = _xml_root(_member(archive, "META-INF/container.xml"))
            scores = [path for file in container.iter("rootfile") if (path := file.get("full-path"))] + scores
        if not scores:
            raise ParseError("damaged", "the .mxl holds no score")
        return _member(archive, scores[0])


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Reads a member of a zip file, no further than the bound, whatever size its header claims."""
    with archive.open(name) as file:
        data = file.read(MAX_TEXT_BYTES + 1)
    _check_size(len(data))
    return data


def _check_size(size: int) -> None:
    if size > MAX_TEXT_BYTES:
        raise ParseError("too-large", f"a score of more than {MAX_TEXT_BYTES} bytes")


def _humdrum(data: bytes) -> Iterator[Tune]:
    """Yields one tune, or one for each section where spines end and begin again (Palestrina's masses)."""
    piece = HumdrumDataCollection(_lines(data)).parse()
    if not isinstance(piece, stream.Opus):
        yield "", functools.partial(_same, piece)
        return
    for number, section in enumerate(piece.scores, 1):
        yield str(number), functools.partial(_same, section)


def _same(score: stream.Score) -> stream.Score:
    return score


def _abc(data: bytes) -> Iterator[Tune]:
    for name, tune in abc.tunes(_lines(data)):
        yield name, functools.partial(abc.parse, tune)


def _lines(data: bytes) -> list[str]:
    """Decodes text to lines: UTF-8, UTF-16 with a byte order mark, or else Latin-1, which fits any bytes."""
    _check_size(len(data))
    if not data.strip():
        raise ParseError("empty", "the file has no text")
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    # str.splitlines would also split at characters that occur in Latin-1 and UTF-8 lyrics.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


_FORMATS: dict[str, Callable[[bytes], Iterator[Tune]]] = {
    ".xml": _music_xml,
    ".musicxml": _music_xml,
    ".mxl": _music_xml,
    ".abc": _abc,
    ".krn": _humdrum,
}
