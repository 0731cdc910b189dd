"""Transforms that name the songs of read sources, group duplicates and near duplicates, and assign splits."""

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
from pipelines.reading.outcomes import ReadOutcome


@dataclasses.dataclass
class NameSongs(beam.PTransform):
    """Rows of read songs -> the same rows with song names, duplicates of the same bytes, and clusters."""

    config: PreprocessConfig

    def expand(self, songs: beam.PCollection[ReadOutcome]) -> beam.PCollection[ReadOutcome]:
        """Groups by content hash, then by cluster of near duplicates."""
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
    """Rows of different songs -> the same rows with their clusters of near duplicates."""

    def expand(self, originals: beam.PCollection[ReadOutcome]) -> beam.PCollection[ReadOutcome]:
        """Labels songs by their fingerprints and joins the labels to the rows, without the fingerprints."""
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
class AssignSplits(beam.PTransform):
    """Rows of named songs -> the songs to write, each with its split."""

    config: PreprocessConfig

    def expand(self, songs: beam.PCollection[ReadOutcome]) -> beam.PCollection[SplitSong]:
        """Chooses splits by the hash of the cluster, then moves clusters to splits that would be empty."""
        written = songs | "Written" >> beam.Filter(lambda row: row.outcome == READ and not row.duplicate_of)
        moves = (
            written
            | "OnceEach" >> beam.Filter(lambda row: SongId.parse(row.song).short == _cluster(row))
            | "SplitByHash" >> beam.Map(lambda row: (windows.split_of(_cluster(row), self.config.split), _cluster(row)))
            | "SummarizeSplits" >> beam.CombineGlobally(counters.SplitSummary()).without_defaults()
            | "FillEmptySplits" >> beam.Map(lambda summary: windows.rebalance(*summary, self.config.split))
        )
        return written | "AssignSplit" >> beam.Map(
            _assign_split, config=self.config, moves=beam.pvalue.AsSingleton(moves, default_value={})
        )


def _name_duplicates(group: tuple[str, Iterable[ReadOutcome]], keep: bool) -> Iterator[ReadOutcome]:
    yield from duplicates.name_duplicates(group[1], keep)


def _with_cluster(joined: tuple[str, dict[str, Iterable[str | ReadOutcome]]]) -> Iterator[ReadOutcome]:
    song, groups = joined
    # The smallest song of a cluster, or one without near duplicates, has no label: it is its own.
    cluster = next(iter(groups["labels"]), song)
    yield from (dataclasses.replace(row, cluster=cluster) for row in groups["rows"])


def _cluster(row: ReadOutcome) -> str:
    """Returns the cluster of a song, which has the name of one of its songs; byte-identical ones are of one cluster."""
    return row.cluster or SongId.parse(row.sha256).short


def _assign_split(row: ReadOutcome, config: PreprocessConfig, moves: dict[str, str]) -> SplitSong:
    if row.position is None:
        raise ValueError(f"{row.source} was read and not spooled: report this as a fault of the pipeline")
    split = moves.get(_cluster(row)) or windows.split_of(_cluster(row), config.split)
    return SplitSong(row.song, split, row.position, row.cluster)
