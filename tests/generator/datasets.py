"""Tiny dataset directories, as far as primers read them."""

import pathlib

import numpy as np

from songs import layout, records, storage
from songs.vocabulary import PAD
from tests.generator.models import CONTENT


def write_dataset(folder: pathlib.Path, shards: list[list[tuple[int, list[int]]]], *, content: str = CONTENT) -> str:
    """Publishes a dataset whose validation split has these files of (start in its song, ids) windows of 9 ids."""
    for index, windows in enumerate(shards):
        with storage.open_write(str(folder / layout.shard_name("validation", index, len(shards)))) as file:
            records.write(file, [_record(f"{index}-{number}", *window) for number, window in enumerate(windows)])
    splits = {"train": {"shards": 0}, "validation": {"shards": len(shards)}}
    layout.write_json(str(folder / layout.DATASET), {"splits": splits})
    layout.complete(str(folder), {"request": "made", "content": content})
    return str(folder)


def _record(song: str, start: int, ids: list[int]) -> bytes:
    padded = np.array([*ids, *[PAD] * (9 - len(ids))], np.int64)
    return records.serialize(records.Window(padded, song, start))
