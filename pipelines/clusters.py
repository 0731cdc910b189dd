"""Clusters of near-duplicate songs: what has a band in common (see `songs.tunes`), directly or over others.

Each song takes the smallest hash that it hears of from its neighbours, a fixed number of times (smallest-label
propagation): no worker ever holds all songs, or a whole cluster. A band's songs are linked through the smallest of
them, so a band of n songs has n - 1 links, not n ** 2.
"""

import dataclasses
from collections.abc import Iterable, Iterator

import apache_beam as beam
from apache_beam.metrics import Metrics

# A band of more songs tells of a habit (a drum loop, a scale), not of one tune.
LARGEST_BAND = 1000

# Every round is a shuffle. Of a song whose links to the smallest of its cluster are at most 3, which covers two
# bands (song, smallest of the one band, a song that both bands have, smallest of the other), the label is exact.
ROUNDS = 3

# Bands are shuffled in 4,096 buckets, by their first digits: Beam's local runner holds a key of its own for each band,
# nearly all of one song, in 350 bytes; a song's 20 bands cost it 8 kB so, and a third less time.
_BUCKET_DIGITS = 3

# What a song hears: a hash that it is connected to, and songs it is linked to.
Message = tuple[str, tuple[str, ...]]


@dataclasses.dataclass
class ClusterSongs(beam.PTransform):
    """(song hash, its bands) -> (song hash, cluster label), each hash once, in no order.

    The label is the smallest hash within `rounds` links: that of the whole cluster if no song of it lies further
    from its smallest. A cluster that is longer falls into several labels; songs that share no chain of bands never
    have the same. Songs without bands, and those of bands that were skipped only, are labelled with themselves.

    Attributes:
      rounds: times that songs tell their neighbours the smallest hash they know, at least 1.
      largest_band: songs; bands of more are skipped, and counted as `ClusterSongs`, `bands-skipped`.
    """

    rounds: int = ROUNDS
    largest_band: int = LARGEST_BAND

    def __post_init__(self) -> None:
        super().__init__()
        for name, value, least in (("rounds", self.rounds, 1), ("largest_band", self.largest_band, 2)):
            if value < least:
                raise ValueError(f"{name} {value} must be at least {least}")

    def expand(self, songs: beam.PCollection[tuple[str, tuple[str, ...]]]) -> beam.PCollection[tuple[str, str]]:
        """Links songs by bands, then lets them talk; songs without a link only join the last round."""
        heard = (
            songs
            | "KeyByBucket" >> beam.FlatMap(key_by_bucket)
            | "GroupByBucket" >> beam.GroupByKey()
            | "Link" >> beam.FlatMap(_link_counted, largest_band=self.largest_band)
        )
        for number in range(1, self.rounds):
            heard = heard | f"Hear{number}" >> beam.CombinePerKey(hear) | f"Tell{number}" >> beam.FlatMapTuple(tell)
        alone = songs | "Alone" >> beam.Map(lambda song: (song[0], (song[0], ())))
        return (
            (alone, heard)
            | "WithAlone" >> beam.Flatten()
            | "HearLast" >> beam.CombinePerKey(hear)
            | "Label" >> beam.MapTuple(lambda song, message: (song, message[0]))
        )


def key_by_bucket(song: tuple[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """A song and its bands as (bucket, `band song`) pairs."""
    name, bands = song
    yield from ((band[:_BUCKET_DIGITS], f"{band} {name}") for band in bands)


def group_by_band(bucket: Iterable[str], most: int) -> list[list[str]]:
    """The songs of each band in a bucket; of a band that has more than `most` songs only `most` + 1."""
    bands: dict[str, list[str]] = {}
    for entry in bucket:
        band, _, song = entry.partition(" ")
        songs = bands.setdefault(band, [])
        # A band may have as many songs as the whole corpus; one too many says enough.
        if len(songs) <= most:
            songs.append(song)
    return list(bands.values())


def link(songs: Iterable[str]) -> Iterator[tuple[str, Message]]:
    """The songs of one band, linked with the smallest of them in both directions."""
    smallest, *others = sorted(songs)
    for other in others:
        yield smallest, (other, (other,))
        yield other, (smallest, (smallest,))


def hear(messages: Iterable[Message]) -> Message:
    """Messages to one song as one; a worker sums up its own before they are shuffled."""
    heard, linked = zip(*messages, strict=True)
    return min(heard), tuple(sorted(set().union(*linked)))


def tell(song: str, message: Message) -> Iterator[tuple[str, Message]]:
    """What a song tells itself and its neighbours: the smallest hash it has heard of, or its own."""
    heard, neighbours = message
    smallest = min(song, heard)
    yield song, (smallest, neighbours)
    yield from ((neighbour, (smallest, ())) for neighbour in neighbours)


def _link_counted(bucket: tuple[str, Iterable[str]], largest_band: int) -> Iterator[tuple[str, Message]]:
    for songs in group_by_band(bucket[1], largest_band):
        if len(songs) > largest_band:
            Metrics.counter("ClusterSongs", "bands-skipped").inc()
        else:
            yield from link(songs)
