"""Windows and songs picked from a split of the dataset that a model was trained on."""

import heapq
import itertools
from collections.abc import Callable, Iterator

from generator.sampling.primer import hashed
from nabi.music import records
from nabi.music.records import Window
from nabi.music.song_id import SongId
from nabi.music.windows import is_original, join_records, shard_of
from nabi.workspace import paths, storage

# Windows that a job picks, and windows that it picks them from, at most: enough for variety, and few enough to be sent
# to every worker.
MOST = 1024
MAX_SCANNED = 65_536


def pick(
    dataset: str,
    split: str,
    most: int,
    *,
    seed: int,
    content: str,
    condition: Callable[[Window], bool] = lambda _: True,
    joined: int = 0,
) -> list[Window]:
    """Picks windows of a split at random; the same ones for the same dataset and seed.

    Args:
      dataset: dataset directory.
      split: `train`, `validation` or `test`.
      most: number of windows, at most.
      seed: seed of the choice.
      content: fingerprint of the dataset that the model was trained on.
      condition: True for windows that may be picked.
      joined: above 0, windows are first joined to songs of at most this many ids, and songs are picked.

    Raises:
      ValueError: if it is another dataset.
    """
    check(dataset, content)
    shards = _shards(dataset, split)
    windows = _windows(dataset, split, shards, hashed(f"shard {seed}"))
    scanned: Iterator[Window] = itertools.islice(filter(condition, windows), MAX_SCANNED)
    scanned = join_records(scanned, joined) if joined else scanned
    return heapq.nsmallest(most, scanned, key=lambda window: _order(window, seed))


def check(dataset: str, content: str) -> None:
    """Raises ValueError if a dataset is unfinished or has another fingerprint than the one the model was trained on."""
    marks = paths.require_completed(dataset, "dataset", "python -m pipelines.preprocess")
    if marks.get("content") != content:
        raise ValueError(
            f"--data {dataset} has the fingerprint {marks.get('content')}, but the model was trained on {content}: "
            "pass the dataset that the model was trained on"
        )


def _shards(dataset: str, split: str) -> int:
    """Reads the number of files of a split."""
    return int(paths.read_json(storage.join(dataset, paths.DATASET))["splits"].get(split, {}).get("shards", 0))


def whole_songs(dataset: str, split: str, most: int, *, length: int, seed: int, content: str) -> list[Window]:
    """Picks songs of a split at random, without augmented copies, joined from their windows; see `pick`.

    Args:
      dataset: dataset directory.
      split: `train`, `validation` or `test`.
      most: number of songs, at most.
      length: ids of each song, at most.
      seed: seed of the choice.
      content: fingerprint of the dataset that the model was trained on.
    """
    return pick(dataset, split, most, seed=seed, content=content, condition=is_original, joined=length)


def song_of(dataset: str, split: str, sha256: str, *, length: int) -> Window | None:
    """Joins a song of a split, without augmentation, from its windows; None if the split has no window of it.

    Args:
      dataset: dataset directory.
      split: `train`, `validation` or `test`.
      sha256: hash of the song's bytes in the ledger; of several songs with equal bytes one is taken.
      length: ids of the song, at most.
    """
    shards = _shards(dataset, split)

    def is_other(window: Window) -> bool:
        """Checks that a window belongs to another song or to an augmented copy."""
        return not is_original(window) or str(SongId.parse(window.song).original) != sha256

    windows = itertools.dropwhile(is_other, _windows(dataset, split, shards, shard_of(sha256, shards)))
    # The windows of a song are adjacent, so reading stops after them.
    return next(join_records(itertools.takewhile(lambda window: not is_other(window), windows), length), None)


def _windows(dataset: str, split: str, shards: int, first: int) -> Iterator[Window]:
    """Reads the windows of a split file by file, starting with file `first` mod `shards`."""
    for index in range(shards):
        name = paths.shard_name(split, (first + index) % shards, shards)
        with storage.open_read(storage.join(dataset, name)) as file:
            yield from map(records.parse, records.read(file))


def _order(window: Window, seed: int) -> int:
    return hashed(f"window {seed} {window.song} {window.transpose} {window.start}")
