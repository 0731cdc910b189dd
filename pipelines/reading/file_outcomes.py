"""Turns the bytes of a file into its songs, encoded, and the rows that say what became of them."""

import time
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from nabi.analysis import tune_fingerprint
from nabi.analysis.tune_fingerprint import Fingerprint
from nabi.music.errors import ParseError
from nabi.music.song import Song
from nabi.reading.read_settings import ReadSettings
from nabi.workspace.ledger import FILTERED, LOST, READ
from pipelines.config import PreprocessConfig
from pipelines.reading import dataset_settings
from pipelines.reading.encoded_song import EncodedSong
from pipelines.reading.outcomes import ReadOutcome


class Read(Protocol):
    """A function with the parameters and the result of `nabi.reading.file_reader.read_songs`."""

    def __call__(self, data: bytes, *, source: str, settings: ReadSettings) -> list[tuple[str, Song | ParseError]]:
        """Returns (name, song or why there is none) of each tune of a file."""


class Tune(NamedTuple):
    """A tune of a file: its row, and the bytes of its `EncodedSong`, b"" if it gave no song."""

    row: ReadOutcome
    song: bytes = b""


class FileOutcomes:
    """Reads files by the settings of a dataset; what a file gives depends on its bytes, its name and these alone."""

    def __init__(self, config: PreprocessConfig, read: Read) -> None:
        self._config = config
        self._encoding = config.build_encoding()
        self._compares = dataset_settings.finds_near_duplicates(config)
        self._settings = config.read_settings(fingerprint=self._compares)
        self._read = read

    def of_file(self, data: bytes, source: str) -> Sequence[Tune]:
        """Returns the tunes of a file in order; raises whatever the reader raises."""
        began = time.monotonic()
        results = self._read(data, source=source, settings=self._settings)
        seconds = (time.monotonic() - began) / max(len(results), 1)
        return [self._of_result(f"{source}#{tune}" if tune else source, result, seconds) for tune, result in results]

    def _of_result(self, source: str, result: Song | ParseError, seconds: float) -> Tune:
        if isinstance(result, ParseError):
            return Tune(ReadOutcome.without_song(source, LOST, result.reason, result.detail, seconds))
        return self.of_song(source, self._config.selection.of(result), seconds)

    def of_song(self, source: str, song: Song, seconds: float) -> Tune:
        """Returns a song with its row, without the song if the settings refuse it."""
        if refusal := dataset_settings.refusal(self._config, song):
            return Tune(ReadOutcome.without_song(source, FILTERED, *refusal, seconds))
        fingerprint = tune_fingerprint.fingerprint(song) if self._compares else Fingerprint()
        row = ReadOutcome(
            source=source,
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
        return Tune(row, EncodedSong.of(song, self._encoding).to_bytes())
