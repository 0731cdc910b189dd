"""Rows of songs -> which are the same, which are nearly, and which split each belongs to."""

import dataclasses
from collections.abc import Iterable, Iterator

import apache_beam as beam

from nabi.music import windows
from nabi.music.song_id import SongId
from nabi.workspace.ledger import READ
from pipelines.config import PreprocessConfig
from pipelines.preprocessing import clusters, counters, duplicates
from pipelines.preprocessing.shards import SplitSong
from pipelines.reading import dataset_settings
from pipelines.reading.rows import ReadOutcome


@dataclasses.dataclass
class NameSongs(beam.PTransform):
    """Rows of read songs -> the same, byte-identical ones knowing of each other, near ones of their cluster."""

    config: PreprocessConfig

    def expand(self, songs: beam.PCollection[ReadOutcome]) -> beam.PCollection[ReadOutcome]:
        """Groups by content, then by tune."""
        named = (
            songs
            | "KeyByContent" >> beam.Map(lambda row: (row.sha256, row))
            | "GroupByContent" >> beam.GroupByKey()
            | "NameDuplicates" >> beam.FlatMap(_name_duplicates, keep=self.config.duplicates == "keep")
        )
        if not dataset_settings.finds_near_duplicates(self.config):
            return named
        copies = named | "Copies" >> beam.Filter(lambda row: row.duplicate_of)
        originals = named | "Originals" >> beam.Filter(lambda row: not row.duplicate_of)
        clustered = originals | NameClusters()
        if self.config.near_duplicates == "drop":
            clustered = (
                clustered
                | "KeyByCluster" >> beam.Map(lambda row: (row.cluster, row))
                | "GroupByCluster" >> beam.GroupByKey()
                | "DropNearDuplicates" >> beam.FlatMap(lambda cluster: duplicates.drop_near_duplicates(cluster[1]))
            )
        return (clustered, copies) | "WithCopies" >> beam.Flatten()


class NameClusters(beam.PTransform):
    """Rows of different songs -> the same with the cluster of near duplicates that each belongs to."""

    def expand(self, originals: beam.PCollection[ReadOutcome]) -> beam.PCollection[ReadOutcome]:
        """Labels songs by their fingerprints and joins the labels to the rows, which need those no longer."""
        labels = (
            originals
            | "Fingerprints" >> beam.Map(lambda row: (SongId.parse(row.song).short, row.fingerprint()))
            | clusters.ClusterSongs()
        )
        rows_by_song = originals | "RowBySong" >> beam.Map(
            lambda row: (SongId.parse(row.song).short, dataclasses.replace(row, bands="", sketch=b""))
        )
        return (
            {"rows": rows_by_song, "labels": labels}
            | "JoinLabels" >> beam.CoGroupByKey()
            | "WithCluster" >> beam.FlatMap(_with_cluster)
        )


@dataclasses.dataclass
class PlaceSongs(beam.PTransform):
    """Rows of named songs -> the songs to write, each with its split."""

    config: PreprocessConfig

    def expand(self, songs: beam.PCollection[ReadOutcome]) -> beam.PCollection[SplitSong]:
        """Splits by the hash of the cluster, then moves clusters to splits that would be empty."""
        written = songs | "Written" >> beam.Filter(lambda row: row.outcome == READ and not row.duplicate_of)
        moves = (
            written
            | "Clusters" >> beam.Map(lambda row: row.cluster or SongId.parse(row.sha256).short)
            | "OnceEach" >> beam.Distinct()
            | "SplitByHash" >> beam.Map(lambda cluster: (windows.split_of(cluster, self.config.split), cluster))
            | "SummarizeSplits" >> beam.CombineGlobally(counters.SplitSummary())
            | "FillEmptySplits" >> beam.Map(lambda summary: windows.rebalance(*summary, self.config.split))
        )
        return written | "Place" >> beam.Map(_place, config=self.config, moves=beam.pvalue.AsSingleton(moves))


def _name_duplicates(same: tuple[str, Iterable[ReadOutcome]], keep: bool) -> Iterator[ReadOutcome]:
    yield from duplicates.name_duplicates(same[1], keep)


def _with_cluster(joined: tuple[str, dict[str, Iterable[str | ReadOutcome]]]) -> Iterator[ReadOutcome]:
    song, found = joined
    # A song that is the smallest of its cluster, or has none, has no label.
    cluster = next(iter(found["labels"]), song)
    yield from (dataclasses.replace(row, cluster=cluster) for row in found["rows"])


def _place(row: ReadOutcome, config: PreprocessConfig, moves: dict[str, str]) -> SplitSong:
    if row.position is None:
        raise ValueError(f"{row.source} was read and not spooled")
    cluster = row.cluster or SongId.parse(row.sha256).short
    split = moves.get(cluster) or windows.split_of(cluster, config.split)
    return SplitSong(row.song, split, row.position, row.cluster)
