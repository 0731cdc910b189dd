"""Measures the bytes that preprocessing shuffles and spools for each file: `python -m benchmarks.shuffle FOLDER ...`.

Bytes are counted where elements enter a GroupByKey, as Beam's generic coder writes them: rows are pickled, and elements
that are declared as strings are a few bytes shorter in fact. An engine combines before it shuffles (CombinePerKey), so
its own count is lower.
"""

import dataclasses
import pathlib
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.coders import FastPrimitivesCoder
from apache_beam.metrics import Metrics
from apache_beam.metrics.metric import MetricsFilter

from nabi.beam.options import beam_options, open_pipeline
from nabi.workspace import paths, storage
from nabi.workspace.commands import Parser
from pipelines.config import PreprocessConfig
from pipelines.preprocessing import transforms
from pipelines.reading import sources

_NAMESPACE = "shuffle"
_MADE = (".songs", ".tfrecord")
_apply = beam.Pipeline.apply
_CODER = FastPrimitivesCoder()


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the pipeline over folders and prints a table."""
    parser = Parser("python -m benchmarks.shuffle", description=__doc__)
    parser.add_argument("folders", nargs="+")
    listing = sources.expand(parser.parse_or_exit(arguments).folders)
    beam.Pipeline.apply = counted
    with tempfile.TemporaryDirectory() as folder:
        shuffled = run(listing, folder)
        files = [path for path in pathlib.Path(folder).rglob("*") if path.is_file()]
        spooled, written = (sum(path.stat().st_size for path in files if path.suffix == end) for end in _MADE)
    print(f"{len(listing)} files{'':51} elements      bytes  a file")
    for name, (elements, size) in sorted(shuffled.items(), key=lambda item: -item[1][1]):
        print(f"{name:60} {elements / len(listing):8.2f} {size / len(listing):10.0f}")
    for name, size in (
        ("all shuffles", sum(size for _, size in shuffled.values())),
        ("MIDI read", sum(source.size for source in listing)),
        ("songs spooled", spooled),
        ("records written", written),
    ):
        print(f"{name:69} {size / len(listing):10.0f}")


def run(listing: Sequence[sources.Source], folder: str) -> dict[str, tuple[int, int]]:
    """Builds a default dataset in a folder; returns (elements, bytes) of each shuffle, by name."""
    path = storage.join(folder, "listing.jsonl")
    paths.write_rows(path, [dataclasses.asdict(source) for source in listing])
    pipeline = open_pipeline(beam_options([]))
    _ = (
        pipeline
        | "Listings" >> beam.Create([path])
        | "BuildDataset" >> transforms.BuildDataset(PreprocessConfig(), folder=folder, ledger_shards=1)
    )
    result = pipeline.run()
    result.wait_until_finish()
    distributions = result.metrics().query(MetricsFilter().with_namespace(_NAMESPACE))["distributions"]
    return {metric.key.metric.name: (metric.result.count, metric.result.sum) for metric in distributions}


def counted(pipeline: beam.Pipeline, transform: beam.PTransform, pvalue: Any = None, label: str | None = None) -> Any:
    """Replaces `Pipeline.apply`: puts a counting step before each GroupByKey, where the runner keeps it."""
    if isinstance(transform, beam.GroupByKey) and label is None:
        name = pvalue.producer.full_label.removeprefix("BuildDataset/")
        pvalue = _apply(pipeline, beam.FlatMap(count, name=name), pvalue, f"Count {name}")
    return _apply(pipeline, transform, pvalue, label)


def count(element: Any, name: str) -> Iterator[Any]:
    """Counts an element and passes it on."""
    Metrics.distribution(_NAMESPACE, name).update(len(_CODER.encode(element)))
    yield element


if __name__ == "__main__":
    main()
