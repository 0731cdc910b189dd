"""Windows that are picked from a split of the dataset that a model was trained on."""

import heapq
import itertools
from collections.abc import Callable, Iterator

from generator.primers import hashed
from songs import layout, records, storage
from songs.records import Window

# Windows a job takes, and the records they are picked from: enough for variety, and few enough that every worker can
# have them all.
MOST = 1024
MAX_SCANNED = 65_536


def pick(
    dataset: str,
    split: str,
    most: int,
    *,
    seed: int,
    content: str,
    wanted: Callable[[Window], bool] = lambda _: True,
) -> list[Window]:
    """Some windows of a split; the same ones for the same dataset and seed.

    Args:
      dataset: the directory.
      split: `train`, `validation` or `test`.
      most: how many, at most.
      seed: which.
      content: the fingerprint of the dataset that the model was trained on.
      wanted: which windows may be picked.

    Raises:
      ValueError: if it is another dataset.
    """
    marks = layout.require_completed(dataset, "dataset", "python -m pipelines.preprocess")
    if marks.get("content") != content:
        raise ValueError(
            f"--data {dataset} has the fingerprint {marks.get('content')}, but the model was trained on {content}: "
            "pass the dataset that the model was trained on"
        )
    shards = int(layout.read_json(storage.join(dataset, layout.DATASET))["splits"].get(split, {}).get("shards", 0))
    scanned = itertools.islice(filter(wanted, _windows(dataset, split, shards, seed)), MAX_SCANNED)
    return heapq.nsmallest(most, scanned, key=lambda window: _order(window, seed))


def _windows(dataset: str, split: str, shards: int, seed: int) -> Iterator[Window]:
    """The split's windows, file by file, from the file that the seed picks."""
    first = hashed(f"shard {seed}") % max(shards, 1)
    for index in range(shards):
        name = layout.shard_name(split, (first + index) % shards, shards)
        with storage.open_read(storage.join(dataset, name)) as file:
            yield from map(records.parse, records.read(file))


def _order(window: Window, seed: int) -> int:
    return hashed(f"window {seed} {window.song} {window.transpose} {window.start}")
