"""Transforms that write a dataset: songs with their splits -> vocabulary, record files, ledger and totals."""

import collections
import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics

from nabi.music import windows
from nabi.music.vocabulary import SPECIAL_TOKENS, Vocabulary
from nabi.workspace import paths, storage
from nabi.workspace.ledger import LedgerRow
from pipelines.config import PreprocessConfig
from pipelines.preprocessing import counters, ledger_rows, shards
from pipelines.preprocessing.shards import SplitSong
from pipelines.reading import dataset_settings, song_spool
from pipelines.reading.encoded_song import EncodedSong
from pipelines.reading.outcomes import ReadOutcome, WrittenSong


@dataclasses.dataclass
class BuildVocabulary(beam.PTransform):
    """Songs -> one element, the vocabulary, by the token counts of the training split."""

    config: PreprocessConfig

    def expand(self, split_songs: beam.PCollection[SplitSong]) -> beam.PCollection[Vocabulary]:
        """Counts tokens, a spool file at a time, and keeps those that are required or frequent."""
        config = self.config
        required = frozenset([*dataset_settings.required_tokens(config), *SPECIAL_TOKENS])
        counts = (
            split_songs
            | "KeyBySpool" >> beam.FlatMap(_training_songs_by_spool)
            | "GroupBySpool" >> beam.GroupByKey()
            | "CountTokens" >> beam.FlatMap(_count_tokens)
            | "SumCounts" >> beam.CombinePerKey(sum)
        )
        kept = counts | "Kept" >> beam.CombineGlobally(
            counters.MostFrequent(required, config.max_vocabulary, config.min_count)
        )
        return kept | "Order" >> beam.Map(lambda counts: dataset_settings.make_vocabulary(config, counts))


@dataclasses.dataclass
class WriteShards(beam.PTransform):
    """Songs -> record files; the output is one element for each song written."""

    config: PreprocessConfig
    folder: str
    vocabulary: beam.PCollection[Vocabulary]

    def expand(self, split_songs: beam.PCollection[SplitSong]) -> beam.PCollection[WrittenSong]:
        """Groups songs by shard and writes each shard, those without songs too."""
        counts = dataset_settings.shard_counts(self.config)
        keys = [(split, index) for split, count in counts.items() for index in range(count)]
        empty_shards = split_songs.pipeline | "EveryShard" >> beam.Create(
            [(key, None) for key in keys], reshuffle=False
        )
        keyed = split_songs | "KeyByShard" >> beam.Map(lambda song: (shards.shard_of(song, self.config), song))
        return (
            (keyed, empty_shards)
            | "WithEmpty" >> beam.Flatten()
            | "GroupByShard" >> beam.GroupByKey()
            | "WriteShard"
            >> beam.FlatMap(
                _write_shard,
                vocabulary=beam.pvalue.AsSingleton(self.vocabulary),
                config=self.config,
                folder=self.folder,
            )
        )


@dataclasses.dataclass
class JoinLedger(beam.PTransform):
    """Rows of named songs, joined with the written songs, and rejects -> one ledger row for each source."""

    written: beam.PCollection[WrittenSong]
    rejects: beam.PCollection[ReadOutcome]

    def expand(self, songs: beam.PCollection[ReadOutcome]) -> beam.PCollection[LedgerRow]:
        """Joins rows and written songs by song name."""
        row_by_song = songs | "RowBySong" >> beam.Map(lambda row: (row.song, dataclasses.replace(row, position=None)))
        written_by_song = self.written | "WrittenBySong" >> beam.Map(lambda written: (written.song, written))
        # CoGroupByKey would hold each group in memory, and one song may have a million copies.
        joined = (
            (row_by_song, written_by_song)
            | "RowsAndWritten" >> beam.Flatten()
            | "Join" >> beam.GroupByKey()
            | "LedgerRows" >> beam.FlatMap(_ledger_rows)
        )
        rejected = self.rejects | "RejectRows" >> beam.Map(lambda row: ledger_rows.source_row(row, ()))
        return (joined, rejected) | "AllRows" >> beam.Flatten()


@dataclasses.dataclass
class WriteLedger(beam.PTransform):
    """Ledger rows -> `.jsonl` files, sorted by source."""

    folder: str
    ledger_shards: int

    def expand(self, ledger: beam.PCollection[LedgerRow]) -> beam.PCollection[None]:
        """Groups rows by a hash of their source and writes each group."""
        return (
            ledger
            | "KeyByLedgerShard"
            >> beam.Map(lambda row: (int(windows.fraction_of(row.source) * self.ledger_shards), row))
            | "GroupByLedgerShard" >> beam.GroupByKey()
            | "WriteRows" >> beam.Map(_write_ledger, folder=self.folder, count=self.ledger_shards)
        )


@dataclasses.dataclass
class Totals(beam.PTransform):
    """Ledger rows and written songs -> one element, the counts of `counters.FileTotals` and `counters.SplitTotals`."""

    written: beam.PCollection[WrittenSong]

    def expand(self, ledger: beam.PCollection[LedgerRow]) -> beam.PCollection[dict[str, Any]]:
        """Sums both and merges the two dictionaries."""
        # There is a row for each file, and at least one.
        files = ledger | "CountFiles" >> beam.CombineGlobally(counters.FileTotals()).without_defaults()
        splits = self.written | "CountSplits" >> beam.CombineGlobally(counters.SplitTotals()).without_defaults()
        both = beam.pvalue.AsSingleton(splits, default_value=counters.NOTHING_WRITTEN)
        return files | "Both" >> beam.Map(lambda left, right: {**left, **right}, both)


def _training_songs_by_spool(song: SplitSong) -> Iterator[tuple[str, SplitSong]]:
    if song.split == "train":
        yield song.position.path, song


def _count_tokens(spool_songs: tuple[str, Iterable[SplitSong]]) -> Iterator[tuple[str, int]]:
    counts: collections.Counter[str] = collections.Counter()
    for _, data in song_spool.read_stored(song.position for song in spool_songs[1]):
        for token, count in EncodedSong.from_bytes(data).counts():
            counts[token] += count
    yield from counts.items()


def _write_shard(
    shard: tuple[tuple[str, int], Iterable[SplitSong | None]],
    vocabulary: Vocabulary,
    config: PreprocessConfig,
    folder: str,
) -> list[WrittenSong]:
    (split, index), songs = shard
    present = [song for song in songs if song is not None]
    written = shards.write_shard(split, index, present, vocabulary=vocabulary, config=config, folder=folder)
    Metrics.counter("WriteShards", f"windows-{split}").inc(sum(song.windows for song in written))
    return written


def _ledger_rows(joined: tuple[str, Iterable[ReadOutcome | WrittenSong]]) -> Iterator[LedgerRow]:
    yield from ledger_rows.song_rows(joined[1])


def _write_ledger(shard: tuple[int, Iterable[LedgerRow]], folder: str, count: int) -> None:
    index, ledger = shard
    path = storage.join(folder, paths.rows_name(paths.LEDGER, index, count))
    paths.write_rows(path, [row.as_dict() for row in sorted(ledger, key=lambda row: row.source)])
