"""Reads sources into songs, with a row for each that says what happened to it."""

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
from pipelines.reading.isolation import IsolatedReader
from pipelines.reading.licences import LicenceReader
from pipelines.reading.parser_process import ParseAnswer
from pipelines.reading.song_spool import SpoolPosition
from pipelines.reading.sources import Source, as_text

# Files of one request to the parser process, and of one element of the pipeline. Requests of 48 files cost the fast
# parser 9 % of its time, of 16 files 13 %; music21 may need seconds for a file, and all files of a request share the
# time limit of one.
BATCH = {"fast": 48, "music21": 8}


@dataclasses.dataclass(frozen=True, slots=True)
class ReadOutcome(LedgerRow):
    """The row of a source that was read, with what later steps need of its song.

    With slots it takes half the memory; Beam's local runner holds all rows that it shuffles.

    Attributes:
      position: the song's position in the spool; None without a song.
      song: the name under which records are written (`nabi.music.song_id`): the hash, with `+1` ... for duplicates
        that are kept.
      bands: bands of the fingerprint (see `nabi.analysis.tune_fingerprint`), joined by spaces; "" once clusters are
        named.
      sketch: sketch of the fingerprint; b"" once clusters are named.
    """

    position: SpoolPosition | None = None
    song: str = ""
    bands: str = ""
    sketch: bytes = b""

    def fingerprint(self) -> Fingerprint:
        """Returns the fingerprint by which near duplicates of the song are found."""
        return Fingerprint(tuple(self.bands.split()), self.sketch)


@dataclasses.dataclass(frozen=True, slots=True)
class WrittenSong:
    """A song that was written to a shard.

    Attributes:
      song: its name.
      split: its split.
      tokens: number of tokens, song marks included, before augmentation.
      unknown: number of tokens that the vocabulary lacks.
      windows: number of records, augmented ones included.
      cluster: its cluster of near duplicates; "": none.
    """

    song: str
    split: str
    tokens: int
    unknown: int
    windows: int
    cluster: str = ""


class SourceReader:
    """Reads sources in a process of their own, so that a bad file harms only itself; has to be closed, or a context."""

    def __init__(self, config: PreprocessConfig, reuse: str = "") -> None:
        """Starts nothing yet.

        Args:
          config: the dataset's settings.
          reuse: a dataset directory with kept songs that these settings would read; "": none.
        """
        self._kept = KeptSongs(reuse) if reuse else None
        self._config = config
        self._archives = archives.MemberReader()
        self._licences = LicenceReader()
        self._parser = IsolatedReader(
            config.read_settings(fingerprint=dataset_settings.finds_near_duplicates(config)),
            timeout_seconds=config.parse_timeout,
            memory_bytes=config.parse_memory << 20,
        )

    def read(self, sources: Sequence[Source]) -> Iterator[tuple[ReadOutcome, Song | None]]:
        """Yields each source's row with its song, None without one; a file of several tunes gives several pairs.

        Never raises for the content of a file.
        """
        size = BATCH[self._config.parser]
        for begin in range(0, len(sources), size):
            yield from self._read_together(sources[begin : begin + size])

    def _read_together(self, sources: Sequence[Source]) -> Iterator[tuple[ReadOutcome, Song | None]]:
        fetched = [(source, self._fetch(source)) for source in sources]
        reused = [self._reused(source, data) for source, data in fetched]
        files = [
            (data, source.name)
            for (source, data), kept in zip(fetched, reused, strict=True)
            if isinstance(data, bytes) and kept is None
        ]
        answers = iter(self._parser.read_packed(files) if files else ())
        for (source, data), kept in zip(fetched, reused, strict=True):
            if isinstance(data, ReadOutcome):
                outcomes = [(data, None)]
            else:
                outcomes = [kept] if kept else [self._row(source, answer) for answer in next(answers)]
            licence = self._licences.read(source.sidecar)
            for row, song in outcomes:
                yield dataclasses.replace(row, licence=licence, repaired=_repaired(row, data)), song

    def _fetch(self, source: Source) -> bytes | ReadOutcome:
        """Returns a source's bytes, or the row that says why there are none."""
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

    def _reused(self, source: Source, data: bytes | ReadOutcome) -> tuple[ReadOutcome, Song] | None:
        """Returns the row and the kept song of a file that an earlier run has read; None if it has to be read."""
        if self._kept is None or isinstance(data, ReadOutcome):
            return None
        began = time.monotonic()
        try:
            song = self._kept.get(file_reader.content_hash(data))
        except ParseError:
            return None
        if song is None or dataset_settings.refusal(self._config, song):
            return None
        # Another file name extension means another reader, which may find another song in the same bytes, or none.
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
        compares = dataset_settings.finds_near_duplicates(self._config)
        fingerprint = tune_fingerprint.fingerprint(song) if compares else Fingerprint()
        return ReadOutcome(
            source=name,
            outcome=READ,
            bands=" ".join(fingerprint.bands),
            sketch=fingerprint.sketch,
            sha256=song.about.sha256,
            instrument=song.about.instrument,
            alternatives=song.about.alternatives,
            repaired=song.about.repaired,
            shortened_quarters=song.about.shortened_quarters,
            events=len(song),
            seconds=seconds,
        )

    def close(self) -> None:
        """Ends the parser process and closes archives."""
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
    """Returns the repairs of a file that gave a song, "gzip" first if it was compressed.

    That one is added here: a compressed file has the hash of its content, so its song may come from a plain copy.
    """
    is_gzip = isinstance(data, bytes) and row.outcome == READ and compressed.is_compressed(data)
    return ("gzip", *row.repaired) if is_gzip else row.repaired


def _no_song(source: str, outcome: str, reason: str, detail: str, seconds: float) -> ReadOutcome:
    return ReadOutcome(source, outcome, reason, as_text(detail), seconds=seconds)
