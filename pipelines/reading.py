"""Sources -> rows of songs, spooled, and of rejects."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics

from pipelines import rows
from pipelines.progress import Progress
from pipelines.settings import Settings
from pipelines.sources import Source
from pipelines.spool import SpoolWriter
from songs import layout, storage


class ReadSources(beam.PTransform):
    """Listing files -> sources, spread over all workers."""

    def expand(self, listings: beam.PCollection[str]) -> beam.PCollection[Source]:
        """Reads the lines and shuffles them."""
        return listings | "ReadListing" >> beam.FlatMap(_read_listing) | "Spread" >> beam.Reshuffle()


@dataclasses.dataclass
class ReadSongs(beam.PTransform):
    """Sources -> rows: `songs` of what was read and spooled, `rejects` of the rest."""

    settings: Settings
    folder: str

    def expand(self, sources: beam.PCollection[Source]) -> Any:
        """Reads and spools."""
        reader = _ReadAndSpool(self.settings, storage.join(self.folder, layout.STAGING))
        return sources | "Read" >> beam.ParDo(reader).with_outputs("rejects", main="songs")


class _ReadAndSpool(beam.DoFn):
    """Keeps one spool file open a bundle."""

    def __init__(self, settings: Settings, staging: str) -> None:
        self._settings = settings
        self._staging = staging
        self._spool: SpoolWriter | None = None

    def setup(self) -> None:
        self._progress = Progress(self._staging)

    def process(self, source: Source) -> Iterator[Any]:
        row, song = rows.read_source(source, self._settings)
        Metrics.counter("ReadSongs", f"{row.outcome}-{row.reason}" if row.reason else row.outcome).inc()
        self._progress.count(lost=row.outcome == rows.LOST)
        if song is None:
            yield beam.pvalue.TaggedOutput("rejects", row)
            return
        self._spool = self._spool or SpoolWriter(self._staging)
        yield dataclasses.replace(row, position=self._spool.write(song))

    def finish_bundle(self) -> None:
        self._progress.publish()
        if self._spool:
            self._spool.close()
            self._spool = None


def _read_listing(path: str) -> Iterator[Source]:
    yield from (Source(**row) for row in layout.read_rows(path))
