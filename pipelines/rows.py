"""What happened to each source: the row that a worker makes of it, and the ledger's row."""

import dataclasses
import time
from collections.abc import Iterator, Sequence

from pipelines.isolation import Answer, IsolatedReader
from pipelines.licences import LicenceReader
from pipelines.settings import Settings
from pipelines.sources import Source, as_text
from pipelines.spool import Position
from songs import archives, codes, compressed, midi, reading, storage, tunes
from songs.errors import ParseError
from songs.kept_songs import KeptSongs
from songs.song import Song
from songs.tunes import Fingerprint

# Files that go together to the process that parses, and that a worker takes at once: going there costs the fast parser
# 9 % for 48 and 13 % for 16; music21 may need seconds for a file, and the time limit is that of all together.
BATCH = {"fast": 48, "music21": 8, "both": 8}

READ, FILTERED, LOST = "read", "filtered", "lost"


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A source, read. (Slots are half the size in memory, where Beam's local runner keeps what it shuffles.)

    Attributes:
      source: its name.
      outcome: `read`, `filtered` by a limit that the user chose, or `lost`.
      reason: why it was filtered or lost: a key of `songs.errors.REASONS`, or a limit; of a song that was read
        `readers-differ`, if `--parser both` found that.
      detail: the reason in a sentence.
      sha256: of the bytes.
      instrument: whose notes were taken.
      alternatives: the file's other instruments that have notes.
      repaired: what was out of the ordinary in the file, keys of `songs.repair.REPAIRS`.
      shortened_quarters: quarter notes in which nothing happens that were taken out.
      licence: of the music, as a file beside it tells.
      events: notes and chords of the song.
      seconds: that reading took.
      position: where the song is spooled.
      song: the name under which its records are written: the hash, `+1` ... where duplicates are kept.
      bands: of the fingerprint (see `songs.tunes`), with spaces between, until clusters are named.
      sketch: of the fingerprint, until clusters are named.
      cluster: 16 digits of the smallest song of the near duplicates that it belongs to, itself among them.
      reused: whether the song was kept by an earlier run and not read again.
      duplicate_of: the source whose records stand for this one, "" if it has its own.
    """

    source: str
    outcome: str
    reason: str = ""
    detail: str = ""
    sha256: str = ""
    instrument: str = ""
    alternatives: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    shortened_quarters: float = 0.0
    licence: str = ""
    events: int = 0
    seconds: float = 0.0
    position: Position | None = None
    song: str = ""
    bands: str = ""
    sketch: bytes = b""
    cluster: str = ""
    reused: bool = False
    duplicate_of: str = ""

    def fingerprint(self) -> Fingerprint:
        """What tells near duplicates of the song."""
        return Fingerprint(tuple(self.bands.split()), self.sketch)


@dataclasses.dataclass(frozen=True)
class ParseLimits:
    """What reading one file may take.

    Attributes:
      timeout_seconds: of wall clock, above 0; music21 needs seconds for dense files.
      memory_bytes: beyond what the process has at its start, at least 128 MiB.
    """

    timeout_seconds: float = 120.0
    memory_bytes: int = 2 << 30

    def __post_init__(self) -> None:
        if not self.timeout_seconds > 0:
            raise ValueError(f"--parse_timeout {self.timeout_seconds} must be above 0 seconds")
        if self.memory_bytes < 1 << 27:
            raise ValueError(f"--parse_memory {self.memory_bytes >> 20} must be at least 128 (MiB)")


@dataclasses.dataclass(frozen=True, slots=True)
class Encoded:
    """A song, written: its split, its cluster, its tokens (marks included), how many are unknown, and its windows."""

    song: str
    split: str
    tokens: int
    unknown: int
    windows: int
    cluster: str = ""


class SourceReader:
    """Reads sources where they can harm nothing but themselves; to be closed, or used as a context."""

    def __init__(self, settings: Settings, limits: ParseLimits, reuse: str = "") -> None:
        """Starts nothing yet.

        Args:
          settings: of the dataset.
          limits: of time and memory, for each file.
          reuse: a dataset directory of the same reading whose kept songs are taken; "": none.
        """
        self._kept = KeptSongs(reuse) if reuse else None
        self._settings = settings
        self._archives = archives.MemberReader()
        self._licences = LicenceReader()
        self._parser = IsolatedReader(
            instrument=settings.instrument,
            parser=settings.parser,
            divisors=settings.divisors,
            fingerprint=settings.finds_near_duplicates,
            timeout_seconds=limits.timeout_seconds,
            memory_bytes=limits.memory_bytes,
        )

    def read(self, sources: Sequence[Source]) -> Iterator[tuple[Row, Song | None]]:
        """Each source's row, with its song if it has one; several of each for a file of several tunes.

        Never raises for what a file holds.
        """
        size = BATCH[self._settings.parser]
        for begin in range(0, len(sources), size):
            yield from self._read_together(sources[begin : begin + size])

    def _read_together(self, sources: Sequence[Source]) -> Iterator[tuple[Row, Song | None]]:
        fetched = [(source, self._fetch(source)) for source in sources]
        known = [self._known(source, data) for source, data in fetched]
        files = [
            (data, source.name)
            for (source, data), kept in zip(fetched, known, strict=True)
            if isinstance(data, bytes) and kept is None
        ]
        answers = iter(self._parser.read_packed(files) if files else ())
        for (source, data), kept in zip(fetched, known, strict=True):
            if isinstance(data, Row):
                outcomes = [(data, None)]
            else:
                outcomes = [kept] if kept else [self._row(source, said) for said in next(answers)]
            licence = self._licences.read(source.sidecar)
            for row, song in outcomes:
                yield dataclasses.replace(row, licence=licence, repaired=_repaired(row, data)), song

    def _fetch(self, source: Source) -> bytes | Row:
        """A source's bytes, or the row that says why there are none."""
        began = time.monotonic()
        try:
            if source.reason:
                raise ParseError(source.reason, source.failure)
            if source.size > reading.MAX_BYTES:
                raise ParseError("too-large", f"{source.size} bytes; the limit is {reading.MAX_BYTES}")
            if source.path.startswith(codes.SCHEME):
                return midi.write(codes.tune(source.path.removeprefix(codes.SCHEME), self._settings.divisors))
            if source.member:
                return self._archives.read(source.path, source.member)
            return storage.read_bytes(source.path)
        except ParseError as error:
            return _no_song(source.name, LOST, error.reason, error.detail, time.monotonic() - began)
        except storage.StorageError as error:
            return _no_song(source.name, LOST, "unreadable", str(error), time.monotonic() - began)

    def _known(self, source: Source, data: bytes | Row) -> tuple[Row, Song] | None:
        """The row and the song of a file that an earlier run has read."""
        if self._kept is None or isinstance(data, Row):
            return None
        began = time.monotonic()
        try:
            song = self._kept.get(reading.content_hash(data))
        except ParseError:
            return None
        if song is None or self._settings.refusal(song):
            return None
        # The same bytes under another ending are read by another reader, and may be no song.
        if reading.score_ending(song.about.source) != reading.score_ending(source.name):
            return None
        song = dataclasses.replace(song, about=dataclasses.replace(song.about, source=source.name))
        return dataclasses.replace(self._read_row(source.name, song, time.monotonic() - began), reused=True), song

    def _row(self, source: Source, answer: Answer) -> tuple[Row, Song | None]:
        name = f"{source.name}#{answer.tune}" if answer.tune else source.name
        result = answer.result
        if isinstance(result, ParseError):
            return _no_song(name, LOST, result.reason, result.detail, answer.seconds), None
        song = self._settings.selection.of(Song.from_bytes(result.data))
        if refusal := self._settings.refusal(song):
            return _no_song(name, FILTERED, *refusal, answer.seconds), None
        row = self._read_row(name, song, answer.seconds)
        if result.difference:
            row = dataclasses.replace(row, reason="readers-differ", detail=result.difference)
        return row, song

    def _read_row(self, name: str, song: Song, seconds: float) -> Row:
        found = tunes.fingerprint(song) if self._settings.finds_near_duplicates else Fingerprint()
        return Row(
            source=name,
            outcome=READ,
            bands=" ".join(found.bands),
            sketch=found.sketch,
            sha256=song.about.sha256,
            instrument=song.about.instrument,
            alternatives=song.about.alternatives,
            repaired=song.about.repaired,
            shortened_quarters=song.about.shortened_quarters,
            events=len(song),
            seconds=seconds,
        )

    def close(self) -> None:
        """Ends the process that parses and closes archives."""
        self._parser.close()
        self._licences.close()
        self._archives.close()
        if self._kept:
            self._kept.close()

    def __enter__(self) -> "SourceReader":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _repaired(row: Row, data: bytes | Row) -> tuple[str, ...]:
    """What was out of the ordinary in a file that gave a song; compressed or not, its content has the same hash."""
    is_packed = isinstance(data, bytes) and row.outcome == READ and compressed.is_compressed(data)
    return ("gzip", *row.repaired) if is_packed else row.repaired


def _no_song(source: str, outcome: str, reason: str, detail: str, seconds: float) -> Row:
    return Row(source, outcome, reason, as_text(detail), seconds=seconds)
