"""Beam transforms from batches of song numbers to songs in files."""

import dataclasses
from collections.abc import Iterator

import apache_beam as beam

from generator.config import GenerateConfig
from generator.sampling.plan import SLOTS, SongBatch
from generator.sampling.primer import Primers
from generator.sampling.song_state import SongIds
from generator.sampling.stepper import share_gpus, use_one_thread
from generator.songs import copied_bars
from generator.songs.song_sampler import SongSampler
from generator.songs_dir.writing import Writer
from nabi.networks import remote_files, trained_model


class SampleSongs(beam.DoFn):
    """Samples a batch: SongBatch -> (batch, its songs in ids). Each worker loads the model once."""

    def __init__(
        self,
        model_dir: str,
        config: GenerateConfig,
        primers: Primers,
        index: copied_bars.IndexFile | None = None,
        slots: int = SLOTS,
    ) -> None:
        self._model_dir = model_dir
        self._config = config
        self._primers = primers
        self._index = index
        self._slots = slots

    def setup(self) -> None:
        """Loads the model."""
        use_one_thread()
        share_gpus()
        remote_files.open_schemes(self._model_dir)
        model = trained_model.load(self._model_dir)
        self._sampler = SongSampler(model, self._config, self._primers, self._index, self._slots)

    def process(self, batch: SongBatch) -> Iterator[tuple[SongBatch, list[SongIds]]]:
        """Samples a batch."""
        yield batch, self._sampler.sample(batch.songs)


@dataclasses.dataclass
class WriteSongs(beam.PTransform):
    """Publishes the files of a batch and then its rows: (batch, its songs in ids) -> batch.

    Attributes:
      writer: writer of the songs directory.
      batches: number of batches of the job.
    """

    writer: Writer
    batches: int

    def expand(self, sampled: beam.PCollection) -> beam.PCollection:
        """Writes songs on the worker that sampled them, without a shuffle."""
        return sampled | beam.Map(_write_batch, self.writer, self.batches)


def _write_batch(element: tuple[SongBatch, list[SongIds]], writer: Writer, batches: int) -> SongBatch:
    batch, songs = element
    remote_files.open_schemes(writer.folder, *([writer.index.path] if writer.index else []))
    rows = [writer.write(song) for song in songs]
    writer.write_rows(batch.index, batches, rows)
    for name, amount in (("songs", len(rows)), ("notes", sum(row["notes"] for row in rows))):
        beam.metrics.Metrics.counter("generate", name).inc(amount)
    return batch
