"""Clusters of near-duplicate songs: what the sketches of fingerprints tell to be alike, directly or over others.

Songs of a band (see `nabi.analysis.tune_fingerprint`) are candidates. Each is compared with the smallest few of its
band, however many it
has: a band of n songs has at most `ANCHORS` * n candidates, and no worker holds a band. Only candidates whose sketches
agree are linked, since a band may as well tell of a habit (a scale, a loop) that songs of many tunes have.
"""

import bisect
from collections.abc import Iterable, Iterator

import apache_beam as beam
from apache_beam.metrics import Metrics

from nabi.analysis import tune_fingerprint
from nabi.analysis.tune_fingerprint import Fingerprint
from pipelines.preprocessing.connected_components import ConnectedComponents, Link, both_ends

# Songs of a band that the others are compared with. With one, a stranger that happens to be the smallest would keep
# apart the songs of a tune that share the band with it.
ANCHORS = 4

# Bands are shuffled in 4,096 buckets, by their first digits: Beam's local runner holds a key of its own for each band,
# nearly all of one song, in 350 bytes.
_BUCKET_DIGITS = 3


class ClusterSongs(beam.PTransform):
    """(song name, its fingerprint) -> (song name, cluster label) of songs that have a near duplicate of smaller name.

    The label is the smallest name of the cluster. Songs that no chain of links joins never have the same; all others
    are labelled by themselves, which needs no message.
    """

    def expand(self, songs: beam.PCollection[tuple[str, Fingerprint]]) -> beam.PCollection[tuple[str, str]]:
        """Links songs, and labels what is linked."""
        return songs | LinkSongs() | "Components" >> ConnectedComponents()


class LinkSongs(beam.PTransform):
    """(song name, its fingerprint) -> (smaller, larger) names of near duplicates, each pair once."""

    def expand(self, songs: beam.PCollection[tuple[str, Fingerprint]]) -> beam.PCollection[Link]:
        """Finds candidates by bands, and keeps those whose sketches agree."""
        candidates = (
            songs
            | "KeyByBucket" >> beam.FlatMapTuple(key_by_bucket)
            | "GroupByBucket" >> beam.GroupByKey()
            | "Candidates" >> beam.FlatMapTuple(lambda _, entries: candidates_of(entries))
            | "OnceEach" >> beam.Distinct()
            | "BothEnds" >> beam.FlatMap(both_ends)
        )
        sketches = (
            songs
            | "WithBands" >> beam.Filter(lambda song: song[1].bands)
            | "Sketches" >> beam.MapTuple(lambda name, found: (name, found.sketch))
        )
        return (
            (candidates, sketches)
            | "SketchesAndCandidates" >> beam.Flatten()
            | "GroupBySong" >> beam.GroupByKey()
            | "SketchByPair" >> beam.FlatMapTuple(sketch_by_pair)
            | "GroupByPair" >> beam.GroupByKey()
            | "Link" >> beam.FlatMapTuple(_link_counted)
        )


def key_by_bucket(name: str, found: Fingerprint) -> Iterator[tuple[str, str]]:
    """A song's bands as (bucket, `rest of the band` + ` ` + name)."""
    yield from ((band[:_BUCKET_DIGITS], f"{band[_BUCKET_DIGITS:]} {name}") for band in found.bands)


def candidates_of(entries: Iterable[str]) -> Iterator[Link]:
    """(smaller, larger) songs of a bucket to compare: each of a band with the smallest `ANCHORS` of it.

    Args:
      entries: `rest of the band` + ` ` + name, in any order; gone through twice, and never held.
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


def sketch_by_pair(name: str, found: Iterable[str | bytes]) -> Iterator[tuple[Link, bytes]]:
    """A song's sketch to each of its candidates, as ((smaller, larger), sketch).

    Args:
      name: of the song.
      found: its sketch and the names of its candidates, in any order; gone through twice, and never held.
    """
    sketch = next((item for item in found if isinstance(item, bytes)), b"")
    for other in found:
        if isinstance(other, str):
            yield (min(name, other), max(name, other)), sketch


def _link_counted(pair: Link, sketches: Iterable[bytes]) -> Iterator[Link]:
    one, other = sketches
    if tune_fingerprint.alike(one, other):
        Metrics.counter("ClusterSongs", "links").inc()
        yield pair
    else:
        Metrics.counter("ClusterSongs", "candidates-unlike").inc()
