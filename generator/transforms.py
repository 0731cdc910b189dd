"""Batches of song numbers -> songs in files, on Beam."""

import dataclasses
from collections.abc import Iterator

import apache_beam as beam

from generator.batch import Sampled, Sampler, Stepper, carried, use_one_thread, windowed
from generator.grammar import Grammar
from generator.plan import SLOTS, Batch, Sampling
from generator.primers import Primers
from generator.writing import Writer
from models import bundle, remote
from models.bundle import Bundle


def grammar_of(model: Bundle) -> Grammar:
    """What may follow what in a model's songs; raises ValueError if nothing may."""
    return Grammar.of(model.vocabulary, model.encoding, ends=model.config["dataset"]["song_marks"])


def stepper_of(model: Bundle) -> Stepper:
    """The network as it was trained: with its state carried, or with its window fed again (`--target last`)."""
    if model.config["target"] == "last":
        return windowed(model.model, model.config["dataset"]["window"])
    return carried(model.model)


class SampleSongs(beam.DoFn):
    """Batch -> its songs in ids; the model is loaded once a worker."""

    def __init__(self, model_dir: str, sampling: Sampling, primers: Primers, slots: int = SLOTS) -> None:
        self._model_dir = model_dir
        self._sampling = sampling
        self._primers = primers
        self._slots = slots

    def setup(self) -> None:
        """Loads the model."""
        use_one_thread()
        remote.open_schemes(self._model_dir)
        model = bundle.load(self._model_dir)
        self._sampler = Sampler(
            stepper_of(model),
            grammar_of(model),
            self._sampling,
            max_primer=self._primers.longest,
            slots=self._slots,
        )

    def process(self, batch: Batch) -> Iterator[tuple[Batch, list[Sampled]]]:
        """Samples a batch."""
        yield batch, self._sampler.sample(batch.songs, [self._primers.of(song) for song in batch.songs])


@dataclasses.dataclass
class WriteSongs(beam.PTransform):
    """(Batch, its songs in ids) -> the batch, once its files and then its rows are published.

    Attributes:
      writer: where to, and how.
      batches: how many batches the job has.
    """

    writer: Writer
    batches: int

    def expand(self, sampled: beam.PCollection) -> beam.PCollection:
        """Writes where the songs were sampled: none crosses a shuffle."""
        return sampled | beam.Map(_write_batch, self.writer, self.batches)


def _write_batch(element: tuple[Batch, list[Sampled]], writer: Writer, batches: int) -> Batch:
    batch, songs = element
    remote.open_schemes(writer.folder)
    rows = [writer.write(song) for song in songs]
    writer.write_rows(batch.index, batches, rows)
    for name, amount in (("songs", len(rows)), ("notes", sum(row["notes"] for row in rows))):
        beam.metrics.Metrics.counter("generate", name).inc(amount)
    return batch
