"""Tiny dataset directories, as far as primers read them."""

import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from nabi.music import records, windows
from nabi.music.records import Window
from nabi.music.vocabulary import PAD
from nabi.workspace import paths, storage
from nabi.workspace.ledger import LedgerRow
from tests.generator.models import CONTENT


def write_dataset(folder: pathlib.Path, shards: list[list[tuple[int, list[int]]]], *, content: str = CONTENT) -> str:
    """Publishes a dataset whose validation split has these files of (start in its song, ids) windows of 9 ids."""
    written = [
        [_window(f"{index}-{number}", *window) for number, window in enumerate(shard)]
        for index, shard in enumerate(shards)
    ]
    return _publish(folder, {"train": [], "validation": written}, content)


def write_songs(folder: pathlib.Path, splits: Mapping[str, Mapping[tuple[str, int], Sequence[int]]]) -> str:
    """Publishes a dataset of windows of 5 ids, each 2 ids after the one before.

    Args:
      folder: where to.
      splits: split -> (name, transpose) of a song -> its ids; each split has two files.
    """
    written = {}
    for split, songs in splits.items():
        shards: list[list[Window]] = [[], []]
        for (name, transpose), ids in sorted(songs.items()):
            shard = shards[windows.shard_of(name.partition("*")[0], 2)]
            shard += windows.of_song(np.array(ids, np.int64), name, window=4, stride=2, transpose=transpose)
        written[split] = shards
    return _publish(folder, written, CONTENT)


def write_ledger(folder: pathlib.Path, shards: Sequence[Sequence[tuple[str, str, str]]]) -> str:
    """Publishes ledger files of (source, sha256, split) rows; a row without a split was lost."""
    for index, shard in enumerate(shards):
        rows = [
            LedgerRow(source, "read", sha256=sha256, split=split) if split else LedgerRow(source, "lost", "not-midi")
            for source, sha256, split in shard
        ]
        paths.write_rows(
            str(folder / paths.rows_name(paths.LEDGER, index, len(shards))), [row.as_dict() for row in rows]
        )
    return str(folder)


def _publish(folder: pathlib.Path, splits: Mapping[str, list[list[Window]]], content: str) -> str:
    for split, shards in splits.items():
        for index, shard in enumerate(shards):
            with storage.open_write(str(folder / paths.shard_name(split, index, len(shards)))) as file:
                records.write(file, map(records.serialize, shard))
    counts = {split: {"shards": len(shards)} for split, shards in splits.items()}
    paths.write_json(str(folder / paths.DATASET), {"splits": counts})
    paths.complete(str(folder), {"request": "made", "content": content})
    return str(folder)


def _window(song: str, start: int, ids: list[int]) -> Window:
    return Window(np.array([*ids, *[PAD] * (9 - len(ids))], np.int64), song, start)
