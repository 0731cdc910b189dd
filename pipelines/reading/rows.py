"""What happened to each source: the row that a worker makes of it, and the ledger's row."""

import dataclasses
import time
from collections.abc import Iterator, Sequence

from nabi.analysis import tune_fingerprint
from nabi.analysis.tune_fingerprint import Fingerprint
from nabi.music import note_codes
from nabi.music.errors import ParseError
from nabi.music.song import Song
from nabi.reading import compressed, file_reader, midi_writer
from nabi.workspace import archives, storage
from nabi.workspace.kept_songs import KeptSongs
from nabi.workspace.ledger import FILTERED, LOST, READ, LedgerRow
from pipelines.config import PreprocessConfig
from pipelines.reading import dataset_settings
from pipelines.reading.isolation import IsolatedReader, ParseAnswer
from pipelines.reading.licences import LicenceReader
from pipelines.reading.song_spool import SpoolPosition
from pipelines.reading.sources import Source, as_text

# Files that go together to the process that parses, and that a worker takes at once: going there costs the fast parser
# 9 % for 48 and 13 % for 16; music21 may need seconds for a file, and the time limit is that of all together.
BATCH = {"fast": 48, "music21": 8}


@dataclasses.dataclass(frozen=True, slots=True)
class ReadOutcome(LedgerRow):
    """A source, read. (Slots are half the size in memory, where Beam's local runner keeps what it shuffles.)

    Attributes:
      position: where the song is spooled.
      song: the name under which its records are written: the hash, `+1` ... where duplicates are kept.
      bands: of the fingerprint (see `nabi.analysis.tune_fingerprint`), with spaces between, until clusters are named.
      sketch: of the fingerprint, until clusters are named.
    """

    position: SpoolPosition | None = None
    song: str = ""
    bands: str = ""
    sketch: bytes = b""

    def fingerprint(self) -> Fingerprint:
        """What tells near duplicates of the song."""
        return Fingerprint(tuple(self.bands.split()), self.sketch)


@dataclasses.dataclass(frozen=True, slots=True)
class WrittenSong:
    """A song, written: its split, its cluster, its tokens (marks included), how many are unknown, and its windows."""

    song: str
    split: str
    tokens: int
    unknown: int
    windows: int
    cluster: str = ""


class SourceReader:
    """Reads sources where they can harm nothing but themselves; to be closed, or used as a context."""

    def __init__(self, config: PreprocessConfig, reuse: str = "") -> None:
        """Starts nothing yet.

        Args:
          config: of the dataset.
          reuse: a dataset directory of the same reading whose kept songs are taken; "": none.
        """
        self._kept = KeptSongs(reuse) if reuse else None
        self._config = config
        self._archives = archives.MemberReader()
        self._licences = LicenceReader()
        self._parser = IsolatedReader(
            instrument=config.instrument,
            parser=config.parser,
            divisors=config.divisors,
            fingerprint=dataset_settings.finds_near_duplicates(config),
            timeout_seconds=config.parse_timeout,
            memory_bytes=config.parse_memory << 20,
        )

    def read(self, sources: Sequence[Source]) -> Iterator[tuple[ReadOutcome, Song | None]]:
        """Each source's row, with its song if it has one; several of each for a file of several tunes.

        Never raises for what a file holds.
        """
        size = BATCH[self._config.parser]
        for begin in range(0, len(sources), size):
            yield from self._read_together(sources[begin : begin + size])

    def _read_together(self, sources: Sequence[Source]) -> Iterator[tuple[ReadOutcome, Song | None]]:
        fetched = [(source, self._fetch(source)) for source in sources]
        known = [self._known(source, data) for source, data in fetched]
        files = [
            (data, source.name)
            for (source, data), kept in zip(fetched, known, strict=True)
            if isinstance(data, bytes) and kept is None
        ]
        answers = iter(self._parser.read_packed(files) if files else ())
        for (source, data), kept in zip(fetched, known, strict=True):
            if isinstance(data, ReadOutcome):
                outcomes = [(data, None)]
            else:
                outcomes = [kept] if kept else [self._row(source, said) for said in next(answers)]
            licence = self._licences.read(source.sidecar)
            for row, song in outcomes:
                yield dataclasses.replace(row, licence=licence, repaired=_repaired(row, data)), song

    def _fetch(self, source: Source) -> bytes | ReadOutcome:
        """A source's bytes, or the row that says why there are none."""
        began = time.monotonic()
        try:
            if source.reason:
                raise ParseError(source.reason, source.failure)
            if source.size > file_reader.MAX_BYTES:
                raise ParseError("too-large", f"{source.size} bytes; the limit is {file_reader.MAX_BYTES}")
            if source.path.startswith(note_codes.SCHEME):
                text = source.path.removeprefix(note_codes.SCHEME)
                return midi_writer.write(note_codes.tune(text, self._config.divisors))
            if source.member:
                return self._archives.read(source.path, source.member)
            return storage.read_bytes(source.path)
        except ParseError as error:
            return _no_song(source.name, LOST, error.reason, error.detail, time.monotonic() - began)
        except storage.StorageError as error:
            return _no_song(source.name, LOST, "unreadable", str(error), time.monotonic() - began)

    def _known(self, source: Source, data: bytes | ReadOutcome) -> tuple[ReadOutcome, Song] | None:
        """The row and the song of a file that an earlier run has read."""
        if self._kept is None or isinstance(data, ReadOutcome):
            return None
        began = time.monotonic()
        try:
            song = self._kept.get(file_reader.content_hash(data))
        except ParseError:
            return None
        if song is None or dataset_settings.refusal(self._config, song):
            return None
        # The same bytes under another ending are read by another reader, and may be no song.
        if file_reader.score_ending(song.about.source) != file_reader.score_ending(source.name):
            return None
        song = dataclasses.replace(song, about=dataclasses.replace(song.about, source=source.name))
        return dataclasses.replace(self._read_row(source.name, song, time.monotonic() - began), reused=True), song

    def _row(self, source: Source, answer: ParseAnswer) -> tuple[ReadOutcome, Song | None]:
        name = f"{source.name}#{answer.tune}" if answer.tune else source.name
        result = answer.result
        if isinstance(result, ParseError):
            return _no_song(name, LOST, result.reason, result.detail, answer.seconds), None
        song = self._config.selection.of(Song.from_bytes(result.data))
        if refusal := dataset_settings.refusal(self._config, song):
            return _no_song(name, FILTERED, *refusal, answer.seconds), None
        return self._read_row(name, song, answer.seconds), song

    def _read_row(self, name: str, song: Song, seconds: float) -> ReadOutcome:
        linked = dataset_settings.finds_near_duplicates(self._config)
        found = tune_fingerprint.fingerprint(song) if linked else Fingerprint()
        return ReadOutcome(
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


def _repaired(row: ReadOutcome, data: bytes | ReadOutcome) -> tuple[str, ...]:
    """What was out of the ordinary in a file that gave a song; compressed or not, its content has the same hash."""
    is_packed = isinstance(data, bytes) and row.outcome == READ and compressed.is_compressed(data)
    return ("gzip", *row.repaired) if is_packed else row.repaired


def _no_song(source: str, outcome: str, reason: str, detail: str, seconds: float) -> ReadOutcome:
    return ReadOutcome(source, outcome, reason, as_text(detail), seconds=seconds)
