"""Reads the trace of TensorFlow's profiler as a table."""

import collections
import pathlib
from collections.abc import Iterator

from tensorflow.tsl.profiler.protobuf import xplane_pb2

_PICOSECONDS = 1e9


def busiest(folder: str, count: int = 20) -> Iterator[tuple[str, float, float]]:
    """Yields the kernels, or without a GPU the operations, that took the most time: name, share, milliseconds."""
    planes = [plane for path in sorted(pathlib.Path(folder).rglob("*.xplane.pb")) for plane in _planes(path)]
    chosen = [plane for plane in planes if plane.name.startswith("/device:GPU")] or planes
    times: collections.Counter[str] = collections.Counter()
    for plane in chosen:
        for line in plane.lines:
            for event in line.events:
                times[plane.event_metadata[event.metadata_id].name[:80]] += event.duration_ps
    total = max(sum(times.values()), 1)
    for name, picoseconds in times.most_common(count):
        yield name, picoseconds / total, picoseconds / _PICOSECONDS


def _planes(path: pathlib.Path) -> Iterator[xplane_pb2.XPlane]:
    space = xplane_pb2.XSpace()
    space.ParseFromString(path.read_bytes())
    yield from space.planes
