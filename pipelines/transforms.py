"""The pipeline from sources to a dataset, as small named transforms over pure functions.

Nothing as large as a song crosses a shuffle: rows, counts and positions do.
"""

import collections
import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics

from pipelines import rows, shards, totals
from pipelines.progress import Progress
from pipelines.rows import Encoded, Row
from pipelines.settings import Settings
from pipelines.shards import Placed
from pipelines.sources import Source
from pipelines.spool import SpoolReader, SpoolWriter
from songs import layout, storage, windows
from songs.vocabulary import Vocabulary


@dataclasses.dataclass
class BuildDataset(beam.PTransform):
    """Listing files -> everything of a dataset directory but what the driver adds at the end.

    Attributes:
      settings: of the dataset.
      folder: the dataset directory.
      ledger_shards: ledger files to write.
    """

    settings: Settings
    folder: str
    ledger_shards: int

    def expand(self, listings: beam.PCollection[str]) -> beam.PCollection[dict[str, Any]]:
        """The pipeline; its output is one element, the totals."""
        read = listings | ReadSources() | ReadSongs(self.settings, self.folder)
        songs = read.songs | NameSongs(self.settings)
        placed = songs | PlaceSongs(self.settings)
        vocabulary = placed | BuildVocabulary(self.settings)
        encoded = placed | WriteShards(self.settings, self.folder, vocabulary)
        ledger = songs | JoinLedger(encoded, read.rejects)
        _ = vocabulary | "WriteVocabulary" >> beam.Map(_write_vocabulary, folder=self.folder)
        _ = ledger | WriteLedger(self.folder, self.ledger_shards)
        return ledger | Totals(encoded)


class ReadSources(beam.PTransform):
    """Listing files -> sources, spread over all workers."""

    def expand(self, listings: beam.PCollection[str]) -> beam.PCollection[Source]:
        """Reads the lines and shuffles them."""
        return listings | "ReadListing" >> beam.FlatMap(_read_listing) | "Spread" >> beam.Reshuffle()


@dataclasses.dataclass
class ReadSongs(beam.PTransform):
    """Sources -> rows: `songs` of what was read and spooled, `rejects` of the rest."""

    settings: Settings
    folder: str

    def expand(self, sources: beam.PCollection[Source]) -> Any:
        """Reads and spools."""
        reader = _ReadAndSpool(self.settings, storage.join(self.folder, layout.STAGING))
        return sources | "Read" >> beam.ParDo(reader).with_outputs("rejects", main="songs")


@dataclasses.dataclass
class NameSongs(beam.PTransform):
    """Rows of read songs -> the same, byte-identical ones knowing of each other."""

    settings: Settings

    def expand(self, songs: beam.PCollection[Row]) -> beam.PCollection[Row]:
        """Groups by content."""
        return (
            songs
            | "KeyByContent" >> beam.Map(lambda row: (row.sha256, row))
            | "GroupByContent" >> beam.GroupByKey()
            | "NameDuplicates" >> beam.FlatMap(_name_duplicates, keep=self.settings.duplicates == "keep")
        )


@dataclasses.dataclass
class PlaceSongs(beam.PTransform):
    """Rows of named songs -> the songs to write, each with its split."""

    settings: Settings

    def expand(self, songs: beam.PCollection[Row]) -> beam.PCollection[Placed]:
        """Splits by hash, then moves songs to splits that would be empty."""
        unique = songs | "DropDuplicates" >> beam.Filter(lambda row: not row.duplicate_of)
        moves = (
            unique
            | "SplitByHash" >> beam.Map(lambda row: (rows.split_of(row, self.settings, {}), row.sha256))
            | "SummarizeSplits" >> beam.CombineGlobally(totals.SplitSummary())
            | "FillEmptySplits" >> beam.Map(lambda summary: windows.rebalance(*summary, self.settings.split))
        )
        return unique | "Place" >> beam.Map(_place, settings=self.settings, moves=beam.pvalue.AsSingleton(moves))


@dataclasses.dataclass
class BuildVocabulary(beam.PTransform):
    """Songs -> one vocabulary, from the counts of the training split."""

    settings: Settings

    def expand(self, placed: beam.PCollection[Placed]) -> beam.PCollection[Vocabulary]:
        """Counts where the songs are spooled, keeps the most frequent."""
        settings, required = self.settings, frozenset(self.settings.required_tokens())
        counts = (
            placed
            | "OnlyTraining" >> beam.Filter(lambda song: song.split == "train")
            | "KeyBySpool" >> beam.Map(lambda song: (song.position.path, song))
            | "GroupBySpool" >> beam.GroupByKey()
            | "CountTokens" >> beam.FlatMap(_count_tokens, settings=settings)
            | "SumCounts" >> beam.CombinePerKey(sum)
        )
        always = counts | "Required" >> beam.Filter(lambda count: count[0] in required)
        most_frequent = (
            counts
            | "Frequent" >> beam.Filter(lambda count: count[0] not in required and count[1] >= settings.min_count)
            | "Top" >> beam.combiners.Top.Smallest(settings.max_vocabulary, key=lambda count: (-count[1], count[0]))
        )
        return (
            placed.pipeline
            | "Once" >> beam.Create([None])
            | "Order"
            >> beam.Map(
                lambda _, always, frequent: settings.make_vocabulary(dict([*always, *frequent])),
                beam.pvalue.AsList(always),
                beam.pvalue.AsSingleton(most_frequent),
            )
        )


@dataclasses.dataclass
class WriteShards(beam.PTransform):
    """Songs -> record files; the output says what was written of each song."""

    settings: Settings
    folder: str
    vocabulary: beam.PCollection[Vocabulary]

    def expand(self, placed: beam.PCollection[Placed]) -> beam.PCollection[Encoded]:
        """Groups by shard; a shard without songs is written too."""
        every = [(split, index) for split, count in self.settings.shard_counts().items() for index in range(count)]
        shards_ = placed.pipeline | "EveryShard" >> beam.Create([(key, None) for key in every])
        keyed = placed | "KeyByShard" >> beam.Map(lambda song: (shards.shard_of(song, self.settings), song))
        return (
            (keyed, shards_)
            | "WithEmpty" >> beam.Flatten()
            | "GroupByShard" >> beam.GroupByKey()
            | "WriteShard"
            >> beam.FlatMap(
                _write_shard,
                vocabulary=beam.pvalue.AsSingleton(self.vocabulary),
                settings=self.settings,
                folder=self.folder,
            )
        )


@dataclasses.dataclass
class JoinLedger(beam.PTransform):
    """Rows of named songs, joined with what was written of them and with the rejects -> a ledger row a source."""

    encoded: beam.PCollection[Encoded]
    rejects: beam.PCollection[Row]

    def expand(self, songs: beam.PCollection[Row]) -> beam.PCollection[dict[str, Any]]:
        """Joins by song."""
        joined = (
            {
                "rows": songs | "RowBySong" >> beam.Map(lambda row: (row.song, row)),
                "encoded": self.encoded | "EncodedBySong" >> beam.Map(lambda written: (written.song, written)),
            }
            | "Join" >> beam.CoGroupByKey()
            | "LedgerRows" >> beam.FlatMap(_ledger_rows)
        )
        lost = self.rejects | "RejectRows" >> beam.Map(lambda row: rows.ledger_row(row, ()))
        return (joined, lost) | "AllRows" >> beam.Flatten()


@dataclasses.dataclass
class WriteLedger(beam.PTransform):
    """Ledger rows -> `.jsonl` files, sorted by source."""

    folder: str
    ledger_shards: int

    def expand(self, ledger: beam.PCollection[dict[str, Any]]) -> beam.PCollection[None]:
        """Groups by a hash of the source."""
        return (
            ledger
            | "KeyByLedgerShard"
            >> beam.Map(lambda row: (int(windows.fraction_of(row["source"]) * self.ledger_shards), row))
            | "GroupByLedgerShard" >> beam.GroupByKey()
            | "WriteRows" >> beam.Map(_write_ledger, folder=self.folder, count=self.ledger_shards)
        )


@dataclasses.dataclass
class Totals(beam.PTransform):
    """Ledger rows, and what was written -> one element: counts of files and of each split."""

    encoded: beam.PCollection[Encoded]

    def expand(self, ledger: beam.PCollection[dict[str, Any]]) -> beam.PCollection[dict[str, Any]]:
        """Sums both."""
        files = ledger | "CountFiles" >> beam.CombineGlobally(totals.FileTotals())
        splits = self.encoded | "CountSplits" >> beam.CombineGlobally(totals.SplitTotals())
        return files | "Both" >> beam.Map(lambda left, right: {**left, **right}, beam.pvalue.AsSingleton(splits))


class _ReadAndSpool(beam.DoFn):
    """Keeps one spool file open a bundle."""

    def __init__(self, settings: Settings, staging: str) -> None:
        self._settings = settings
        self._staging = staging
        self._spool: SpoolWriter | None = None

    def setup(self) -> None:
        self._progress = Progress(self._staging)

    def process(self, source: Source) -> Iterator[Any]:
        row, song = rows.read_source(source, self._settings)
        Metrics.counter("ReadSongs", f"{row.outcome}-{row.reason}" if row.reason else row.outcome).inc()
        self._progress.count(lost=row.outcome == rows.LOST)
        if song is None:
            yield beam.pvalue.TaggedOutput("rejects", row)
            return
        self._spool = self._spool or SpoolWriter(self._staging)
        yield dataclasses.replace(row, position=self._spool.write(song))

    def finish_bundle(self) -> None:
        self._progress.publish()
        if self._spool:
            self._spool.close()
            self._spool = None


def _read_listing(path: str) -> Iterator[Source]:
    yield from (Source(**row) for row in layout.read_rows(path))


def _name_duplicates(same: tuple[str, Iterable[Row]], keep: bool) -> Iterator[Row]:
    yield from rows.name_duplicates(same[1], keep)


def _place(row: Row, settings: Settings, moves: dict[str, str]) -> Placed:
    if row.position is None:
        raise ValueError(f"{row.source} was read and not spooled")
    return Placed(row.song, rows.split_of(row, settings, moves), row.position)


def _count_tokens(spooled: tuple[str, Iterable[Placed]], settings: Settings) -> Iterator[tuple[str, int]]:
    encoding = settings.build_encoding()
    counts: collections.Counter[str] = collections.Counter()
    with SpoolReader() as spool:
        for song in spooled[1]:
            counts.update(encoding.encode(spool.read(song.position)))
    yield from counts.items()


def _write_shard(
    shard: tuple[tuple[str, int], Iterable[Placed | None]], vocabulary: Vocabulary, settings: Settings, folder: str
) -> list[Encoded]:
    (split, index), songs = shard
    there = [song for song in songs if song is not None]
    encoded = shards.write_shard(split, index, there, vocabulary=vocabulary, settings=settings, folder=folder)
    Metrics.counter("WriteShards", f"windows-{split}").inc(sum(song.windows for song in encoded))
    return encoded


def _ledger_rows(joined: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[dict[str, Any]]:
    encoded = list(joined[1]["encoded"])
    yield from (rows.ledger_row(row, encoded) for row in joined[1]["rows"])


def _write_ledger(shard: tuple[int, Iterable[dict[str, Any]]], folder: str, count: int) -> None:
    index, ledger = shard
    path = storage.join(folder, layout.rows_name(layout.LEDGER, index, count))
    layout.write_rows(path, sorted(ledger, key=lambda row: row["source"]))


def _write_vocabulary(vocabulary: Vocabulary, folder: str) -> None:
    storage.write_text(storage.join(folder, layout.VOCABULARY), vocabulary.to_json())
