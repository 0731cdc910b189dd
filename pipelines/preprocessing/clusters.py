"""Clusters of near-duplicate songs: connected components of songs whose fingerprint sketches agree.

Songs that share a band of their fingerprints (see `nabi.analysis.tune_fingerprint`) are candidates. Each is compared
with the `ANCHORS` smallest names of its band alone: a band of n songs gives at most `ANCHORS` * n candidate pairs, and
no worker holds a whole band. Only candidates whose sketches agree are linked: a shared band may also come from a
common figure, such as a scale or a loop, that many different tunes have.
"""

import bisect
from collections.abc import Iterable, Iterator

import apache_beam as beam
from apache_beam.metrics import Metrics

from nabi.analysis import tune_fingerprint
from nabi.analysis.tune_fingerprint import Fingerprint
from pipelines.preprocessing.connected_components import ConnectedComponents, Link, both_ends

# Songs of a band that all others are compared with. With a single one, an unrelated song that happens to have the
# smallest name would leave the songs of a tune in that band unlinked.
ANCHORS = 4

# Bands are shuffled in 4,096 buckets, by their first digits: Beam's local runner takes 350 bytes for each key, and
# nearly every band belongs to a single song.
_BUCKET_DIGITS = 3


class ClusterSongs(beam.PTransform):
    """(song name, its fingerprint) -> (song name, cluster label), for songs with a near duplicate of smaller name.

    The label is the smallest name of the cluster; two songs have the same label if and only if a chain of links joins
    them. A song without an output element is its own label.
    """

    def expand(self, songs: beam.PCollection[tuple[str, Fingerprint]]) -> beam.PCollection[tuple[str, str]]:
        """Links near duplicates and labels each connected component."""
        return songs | LinkSongs() | "Components" >> ConnectedComponents()


class LinkSongs(beam.PTransform):
    """(song name, its fingerprint) -> (smaller, larger) names of near duplicates, each pair once."""

    def expand(self, songs: beam.PCollection[tuple[str, Fingerprint]]) -> beam.PCollection[Link]:
        """Finds candidate pairs by bands and keeps those whose sketches agree."""
        candidates = (
            songs
            | "KeyByBucket" >> beam.FlatMapTuple(key_by_bucket)
            | "GroupByBucket" >> beam.GroupByKey()
            | "Candidates" >> beam.FlatMapTuple(lambda _, entries: candidates_of(entries))
            | "OnceEach" >> beam.Distinct()
            | "BothEnds" >> beam.FlatMap(both_ends)
        )
        sketches = songs | "Sketches" >> beam.FlatMapTuple(_sketch)
        return (
            (candidates, sketches)
            | "SketchesAndCandidates" >> beam.Flatten()
            | "GroupBySong" >> beam.GroupByKey()
            | "SketchByPair" >> beam.FlatMapTuple(sketch_by_pair)
            | "GroupByPair" >> beam.GroupByKey()
            | "Link" >> beam.FlatMapTuple(_link_counted)
        )


def key_by_bucket(name: str, fingerprint: Fingerprint) -> Iterator[tuple[str, str]]:
    """Yields a song's bands as (bucket, `rest of the band` + ` ` + name)."""
    yield from ((band[:_BUCKET_DIGITS], f"{band[_BUCKET_DIGITS:]} {name}") for band in fingerprint.bands)


def _sketch(name: str, fingerprint: Fingerprint) -> Iterator[tuple[str, bytes]]:
    if fingerprint.bands:
        yield name, fingerprint.sketch


def candidates_of(entries: Iterable[str]) -> Iterator[Link]:
    """Yields the pairs (smaller, larger) of a bucket to compare: each song of a band with the band's anchors.

    Args:
      entries: `rest of the band` + ` ` + name, in any order; iterated twice, never held in memory.
    """
    anchors: dict[str, list[str]] = {}
    for entry in entries:
        band, _, name = entry.partition(" ")
        smallest = anchors.setdefault(band, [])
        if len(smallest) < ANCHORS or name < smallest[-1]:
            bisect.insort(smallest, name)
            del smallest[ANCHORS:]
    for entry in entries:
        band, _, name = entry.partition(" ")
        yield from ((anchor, name) for anchor in anchors[band] if anchor < name)


def sketch_by_pair(name: str, sketch_and_candidates: Iterable[str | bytes]) -> Iterator[tuple[Link, bytes]]:
    """Yields a song's sketch for each of its candidate pairs, as ((smaller, larger), sketch).

    Args:
      name: name of the song.
      sketch_and_candidates: its sketch (bytes) and the names of its candidates (str), in any order; iterated twice,
        never held in memory.
    """
    sketch = next((item for item in sketch_and_candidates if isinstance(item, bytes)), b"")
    for other in sketch_and_candidates:
        if isinstance(other, str):
            yield (min(name, other), max(name, other)), sketch


def _link_counted(pair: Link, sketches: Iterable[bytes]) -> Iterator[Link]:
    first, second = sketches
    if tune_fingerprint.alike(first, second):
        Metrics.counter("ClusterSongs", "links").inc()
        yield pair
    else:
        Metrics.counter("ClusterSongs", "candidates-unlike").inc()
