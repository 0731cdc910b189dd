"""What preprocessing shuffles and spools, in bytes a file: `python -m benchmarks.shuffle FOLDER ...`.

Counted where elements enter a GroupByKey, as Beam's coder of any element writes them: rows are pickled, and strings
that are declared as such are a few bytes shorter yet. An engine sums up what it can before it shuffles (CombinePerKey),
so what it counts is less.
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
    """Elements and bytes of each shuffle of a default dataset, made in a folder."""
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
    found = result.metrics().query(MetricsFilter().with_namespace(_NAMESPACE))["distributions"]
    return {one.key.metric.name: (one.result.count, one.result.sum) for one in found}


def counted(pipeline: beam.Pipeline, transform: beam.PTransform, of: Any = None, label: str | None = None) -> Any:
    """`Pipeline.apply`, a GroupByKey after a step that counts what comes; within it the step would be left out."""
    if isinstance(transform, beam.GroupByKey) and label is None:
        name = of.producer.full_label.removeprefix("BuildDataset/")
        of = _apply(pipeline, beam.FlatMap(count, name=name), of, f"Count {name}")
    return _apply(pipeline, transform, of, label)


def count(element: Any, name: str) -> Iterator[Any]:
    """Counts an element on its way."""
    Metrics.distribution(_NAMESPACE, name).update(len(_CODER.encode(element)))
    yield element


if __name__ == "__main__":
    main()
