"""Reads sources into songs, with a row for each that says what became of it."""

import concurrent.futures
import dataclasses
import itertools
import time
from collections.abc import Iterator, Sequence

from nabi.music import note_codes
from nabi.music.errors import ParseError
from nabi.reading import compressed, file_reader
from nabi.workspace import archives, storage
from nabi.workspace.kept_songs import KeptSongs
from nabi.workspace.ledger import LOST, READ
from pipelines.config import PreprocessConfig
from pipelines.reading.file_outcomes import FileOutcomes, Tune
from pipelines.reading.isolation import IsolatedReader
from pipelines.reading.licences import LicenceReader
from pipelines.reading.outcomes import ReadOutcome
from pipelines.reading.sources import Source

# Files of one request to the parser process, and of one element of the pipeline. Requests of 48 files cost the fast
# parser 9 % of its time, of 16 files 13 %; music21 may need seconds for a file, and all files of a request share the
# time limit of one.
BATCH = {"fast": 48, "music21": 8}


def parsers(config: PreprocessConfig, processes: int) -> list[IsolatedReader]:
    """Returns readers for so many processes, none of which is started yet."""
    limits = {"timeout_seconds": config.parse_timeout, "memory_bytes": config.parse_memory << 20}
    return [IsolatedReader(config, **limits) for _ in range(processes)]


class SourceReader:
    """Reads sources in processes of their own, so that a bad file harms only itself; has to be closed, or a context."""

    def __init__(self, config: PreprocessConfig, reuse: str = "", processes: int = 1) -> None:
        """Starts nothing yet.

        Args:
          config: the dataset's settings.
          reuse: a dataset directory with kept songs that these settings would read; "": none.
          processes: processes that parse at the same time.
        """
        self._kept = KeptSongs(reuse) if reuse else None
        self._config = config
        self._archives = archives.MemberReader()
        self._licences = LicenceReader()
        self._outcomes = FileOutcomes(config, file_reader.read_songs)
        self._parsers = parsers(config, processes)
        self._threads = concurrent.futures.ThreadPoolExecutor(processes)

    def read(self, sources: Sequence[Source]) -> Iterator[Tune]:
        """Yields each source's row with its song; a file of several tunes gives several.

        Never raises for the content of a file.
        """
        size = BATCH[self._config.parser] * len(self._parsers)
        for begin in range(0, len(sources), size):
            yield from self._read_together(sources[begin : begin + size])

    def _read_together(self, sources: Sequence[Source]) -> Iterator[Tune]:
        fetched = [(source, self._fetch(source)) for source in sources]
        reused = [self._reused(source, data) for source, data in fetched]
        files = [
            (data, source.name)
            for (source, data), kept in zip(fetched, reused, strict=True)
            if isinstance(data, bytes) and kept is None
        ]
        answers = self._parsed(files)
        for (source, data), kept in zip(fetched, reused, strict=True):
            tunes = [Tune(data)] if isinstance(data, ReadOutcome) else [kept] if kept else next(answers)
            licence = self._licences.read(source.sidecar)
            for row, song in tunes:
                yield Tune(dataclasses.replace(row, licence=licence, repaired=_repaired(row, data)), song)

    def _parsed(self, files: Sequence[tuple[bytes, str]]) -> Iterator[list[Tune]]:
        """Yields the tunes of each file; each process parses as many files as any other."""
        share = -(-len(files) // len(self._parsers)) or 1
        parts = [files[begin : begin + share] for begin in range(0, len(files), share)]
        answers = self._threads.map(lambda parser, part: parser.read(part), self._parsers, parts)
        return itertools.chain.from_iterable(answers)

    def _fetch(self, source: Source) -> bytes | ReadOutcome:
        """Returns a source's bytes, or the row that says why there are none."""
        began = time.monotonic()
        try:
            if source.reason:
                raise ParseError(source.reason, source.failure)
            if source.size > file_reader.MAX_BYTES:
                raise ParseError("too-large", f"{source.size} bytes; the limit is {file_reader.MAX_BYTES}")
            if source.path.startswith(note_codes.SCHEME):
                # It needs Numba, whose import takes half a second.
                from nabi.reading import midi_writer

                text = source.path.removeprefix(note_codes.SCHEME)
                return midi_writer.write(note_codes.tune(text, self._config.divisors))
            if source.member:
                return self._archives.read(source.path, source.member)
            return storage.read_bytes(source.path)
        except ParseError as error:
            return ReadOutcome.without_song(source.name, LOST, error.reason, error.detail, time.monotonic() - began)
        except storage.StorageError as error:
            return ReadOutcome.without_song(source.name, LOST, "unreadable", str(error), time.monotonic() - began)

    def _reused(self, source: Source, data: bytes | ReadOutcome) -> Tune | None:
        """Returns the row and the kept song of a file that an earlier run has read; None if it has to be read."""
        if self._kept is None or isinstance(data, ReadOutcome):
            return None
        began = time.monotonic()
        try:
            song = self._kept.get(file_reader.content_hash(data))
        except ParseError:
            return None
        # Another file name extension means another reader, which may find another song in the same bytes, or none.
        if song is None or file_reader.score_ending(song.about.source) != file_reader.score_ending(source.name):
            return None
        song = dataclasses.replace(song, about=dataclasses.replace(song.about, source=source.name))
        tune = self._outcomes.of_song(source.name, song, time.monotonic() - began)
        return Tune(dataclasses.replace(tune.row, reused=True), tune.song) if tune.song else None

    def close(self) -> None:
        """Ends the parser processes and closes archives."""
        self._threads.shutdown()
        for parser in self._parsers:
            parser.close()
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
