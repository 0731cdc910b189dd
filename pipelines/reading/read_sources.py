"""Transforms that read sources: their songs go to spool files, their rows on through the pipeline."""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics

from nabi.workspace import paths, storage
from nabi.workspace.archives import Member
from nabi.workspace.ledger import LOST
from pipelines.config import PreprocessConfig
from pipelines.reading import rows
from pipelines.reading.licences import Sidecar
from pipelines.reading.progress import ReadingProgress
from pipelines.reading.song_spool import SpoolWriter
from pipelines.reading.sources import Source

# A tar.gz can only be read from its beginning: a batch costs one decompression of what lies before it.
_TAR_GZ_BATCH = 1024


@dataclasses.dataclass
class ReadSources(beam.PTransform):
    """Listing files -> batches of sources, spread over all workers.

    Attributes:
      config: the dataset's settings.
      processes: processes of a worker that parse the files of a batch at the same time.
    """

    config: PreprocessConfig
    processes: int

    def expand(self, listings: beam.PCollection[str]) -> beam.PCollection[list[Source]]:
        """Reads listing files, groups their lines into batches, and shuffles those."""
        size = rows.BATCH[self.config.parser] * self.processes
        return listings | "ReadListing" >> beam.FlatMap(_read_listing, size=size) | "Spread" >> beam.Reshuffle()


@dataclasses.dataclass
class ReadSongs(beam.PTransform):
    """Batches of sources -> two collections of rows: `songs`, read and spooled, and `rejects`, all others."""

    config: PreprocessConfig
    folder: str
    reuse: str
    processes: int

    def expand(self, sources: beam.PCollection[list[Source]]) -> Any:
        """Reads sources in processes of their own and spools their songs."""
        reader = _ReadAndSpool(self.config, storage.join(self.folder, paths.STAGING), self.reuse, self.processes)
        return sources | "Read" >> beam.ParDo(reader).with_outputs("rejects", main="songs")


class _ReadAndSpool(beam.DoFn):
    """Reads batches with parser processes of its worker, and one spool file for each bundle."""

    def __init__(self, config: PreprocessConfig, staging: str, reuse: str, processes: int) -> None:
        self._config = config
        self._staging = staging
        self._reuse = reuse
        self._processes = processes
        self._spool: SpoolWriter | None = None

    def setup(self) -> None:
        """Prepares the reader and this worker's progress counts."""
        self._progress = ReadingProgress(self._staging)
        self._reader = rows.SourceReader(self._config, self._reuse, self._processes)

    def process(self, sources: list[Source]) -> Iterator[Any]:
        """Yields the rows of a batch: of songs with their spool positions, of all others tagged as rejects."""
        self._spool = self._spool or SpoolWriter(self._staging)
        with self._spool.discarded_by_errors():
            for row, song in self._reader.read(sources):
                Metrics.counter("ReadSongs", f"{row.outcome}-{row.reason}" if row.reason else row.outcome).inc()
                if row.reused:
                    Metrics.counter("ReadSongs", "reused").inc()
                if not song:
                    yield beam.pvalue.TaggedOutput("rejects", row)
                else:
                    yield dataclasses.replace(row, position=self._spool.write(song))
                self._progress.lost += row.outcome == LOST
            self._progress.count(len(sources))

    def finish_bundle(self) -> None:
        """Publishes progress and the spool file, which Beam may need as soon as the bundle is done."""
        self._progress.publish()
        if self._spool:
            self._spool.close()
            self._spool = None

    def teardown(self) -> None:
        """Ends the parser processes."""
        self._reader.close()


def _read_listing(path: str, size: int) -> Iterator[list[Source]]:
    """Yields a listing in batches of neighbours, which keeps together the members of a tar.gz."""
    sources = [_source(row) for row in paths.read_rows(path)]
    for is_tar_gz, neighbours in itertools.groupby(sources, key=_is_in_tar_gz):
        group = list(neighbours)
        step = _TAR_GZ_BATCH if is_tar_gz else size
        yield from (group[begin : begin + step] for begin in range(0, len(group), step))


def _is_in_tar_gz(source: Source) -> bool:
    return source.member is not None and source.path.lower().endswith(("gz", "tgz"))


def _source(row: dict[str, Any]) -> Source:
    """Restores a source from its row of a listing, `dataclasses.asdict` as JSON."""
    member, sidecar = row["member"], row["sidecar"]
    if sidecar:
        sidecar = Sidecar(**{**sidecar, "member": sidecar["member"] and Member(**sidecar["member"])})
    return Source(**{**row, "member": member and Member(**member), "sidecar": sidecar})
