"""Exports songs as JSON lines, in files that Hugging Face's `datasets` loads."""

import json
from collections.abc import Mapping
from typing import Any

from nabi.workspace import storage
from pipelines.exporting import rows
from pipelines.exporting.dataset_reader import DatasetReader
from pipelines.exporting.tally import Tally


def write_json_lines(dataset: DatasetReader, output: str, tally: Tally) -> None:
    """Writes `songs/SHARD.jsonl` for each record file of a dataset, a song a line."""
    for split in dataset.counts:
        for shard in dataset.shards(split):
            with storage.open_write(storage.join(output, "songs", f"{shard}.jsonl")) as file:
                for song in tally.count(split, dataset.songs(shard)):
                    if row := rows.song_row(song, dataset):
                        tally.sizes["songs", split] += file.write(json_line(row))
        dataset.require_all(split, tally.windows[split])


def json_line(row: Mapping[str, Any]) -> bytes:
    """Writes a row as a line of JSON, with its end."""
    return f"{json.dumps(row, ensure_ascii=False)}\n".encode()
