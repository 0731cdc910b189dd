"""Exports songs and windows as Parquet, in files that Hugging Face's `datasets` loads."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import IO, Any

import pyarrow
import pyarrow.parquet

from nabi.workspace import storage
from pipelines.exporting import rows
from pipelines.exporting.dataset_reader import DatasetReader
from pipelines.exporting.tally import Tally

# Ids of a row group: a few megabytes, so that readers can skip, and writers need little memory.
_IDS_TOGETHER = 1 << 20


class ParquetTable:
    """Writes rows to a Parquet file, in row groups of about a million ids.

    Attributes:
      size: bytes of the rows that were written, as Arrow has them in memory.
    """

    def __init__(self, file: IO[bytes], columns: Mapping[str, str]) -> None:
        """Begins the file; `columns` are its columns, whose types `rows` knows."""
        self._schema = pyarrow.schema([(name, _type(name)) for name in columns])
        self._writer = pyarrow.parquet.ParquetWriter(file, self._schema, compression="zstd")
        self._rows: list[Mapping[str, Any]] = []
        self._ids = self.size = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Adds a row, which has all columns."""
        self._rows.append(row)
        self._ids += len(row["input_ids"])
        if self._ids >= _IDS_TOGETHER:
            self._flush()

    def close(self) -> None:
        """Writes what is left, and the footer."""
        if self._rows:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        columns = [pyarrow.array([row[name] for row in self._rows], _type(name)) for name in self._schema.names]
        batch = pyarrow.record_batch(columns, schema=self._schema)
        self._writer.write_batch(batch)
        self.size += batch.nbytes
        self._rows, self._ids = [], 0


def write_parquet(dataset: DatasetReader, output: str, tally: Tally) -> None:
    """Writes `songs/SHARD.parquet` and `windows/SHARD.parquet` for each record file of a dataset."""
    for split in dataset.counts:
        for shard in dataset.shards(split):
            with (
                _parquet_table(storage.join(output, "songs", f"{shard}.parquet"), rows.SONG) as songs,
                _parquet_table(storage.join(output, "windows", f"{shard}.parquet"), rows.WINDOW) as windows,
            ):
                for song in tally.count(split, dataset.songs(shard)):
                    if row := rows.song_row(song, dataset):
                        songs.add(row)
                    for row in rows.window_rows(song, dataset):
                        windows.add(row)
            tally.sizes["songs", split] += songs.size
            tally.sizes["windows", split] += windows.size
        dataset.require_all(split, tally.windows[split])


@contextlib.contextmanager
def _parquet_table(path: str, columns: Mapping[str, str]) -> Iterator[ParquetTable]:
    """Opens a table; its file appears, complete, when the context ends without an exception."""
    with storage.open_write(path) as file:
        table = ParquetTable(file, columns)
        yield table
        table.close()


def _type(column: str) -> pyarrow.DataType:
    if column in rows.LISTS:
        return pyarrow.list_(pyarrow.type_for_alias(rows.LISTS[column]))
    return pyarrow.type_for_alias(rows.NUMBERS.get(column, "string"))
