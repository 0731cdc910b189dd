"""Windows that are picked from a split of the dataset that a model was trained on."""

import heapq
import itertools
from collections.abc import Callable, Iterator

from generator.sampling.primer import hashed
from nabi.music import records
from nabi.music.records import Window
from nabi.music.song_id import SongId
from nabi.music.windows import join_records, shard_of
from nabi.workspace import paths, storage

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
    together: int = 0,
) -> list[Window]:
    """Some windows of a split; the same ones for the same dataset and seed.

    Args:
      dataset: the directory.
      split: `train`, `validation` or `test`.
      most: how many, at most.
      seed: which.
      content: the fingerprint of the dataset that the model was trained on.
      wanted: which windows may be picked.
      together: windows are put together to songs of so many ids at most, which are picked; 0: windows are.

    Raises:
      ValueError: if it is another dataset.
    """
    check(dataset, content)
    shards = _shards(dataset, split)
    found = _windows(dataset, split, shards, hashed(f"shard {seed}"))
    scanned: Iterator[Window] = itertools.islice(filter(wanted, found), MAX_SCANNED)
    scanned = join_records(scanned, together) if together else scanned
    return heapq.nsmallest(most, scanned, key=lambda window: _order(window, seed))


def check(dataset: str, content: str) -> None:
    """Raises ValueError if a dataset is unfinished, or not the one of this fingerprint that a model was trained on."""
    marks = paths.require_completed(dataset, "dataset", "python -m pipelines.preprocess")
    if marks.get("content") != content:
        raise ValueError(
            f"--data {dataset} has the fingerprint {marks.get('content')}, but the model was trained on {content}: "
            "pass the dataset that the model was trained on"
        )


def _shards(dataset: str, split: str) -> int:
    """How many files a split has."""
    return int(paths.read_json(storage.join(dataset, paths.DATASET))["splits"].get(split, {}).get("shards", 0))


def whole_songs(dataset: str, split: str, most: int, *, length: int, seed: int, content: str) -> list[Window]:
    """Some songs of a split as they were read, put together from their windows; see `pick`.

    Args:
      dataset: the directory.
      split: `train`, `validation` or `test`.
      most: how many songs, at most.
      length: ids of each, at most.
      seed: which.
      content: the fingerprint of the dataset that the model was trained on.
    """
    return pick(dataset, split, most, seed=seed, content=content, wanted=as_read, together=length)


def song_of(dataset: str, split: str, sha256: str, *, length: int) -> Window | None:
    """A song of a split as it was read, put together from its windows; None where it has none.

    Args:
      dataset: the directory.
      split: `train`, `validation` or `test`.
      sha256: of the song's bytes, as the ledger has it. Where songs of the same bytes are kept, one of them.
      length: ids of it, at most.
    """
    shards = _shards(dataset, split)

    def is_other(window: Window) -> bool:
        return not as_read(window) or str(SongId.parse(window.song).original) != sha256

    found = itertools.dropwhile(is_other, _windows(dataset, split, shards, shard_of(sha256, shards)))
    # Its windows stand together: what comes after them is not read.
    return next(join_records(itertools.takewhile(lambda window: not is_other(window), found), length), None)


def as_read(window: Window) -> bool:
    """Whether a window is of a song in its own key and at its own speed."""
    return window.transpose == 0 and SongId.parse(window.song).scale == 1


def _windows(dataset: str, split: str, shards: int, first: int) -> Iterator[Window]:
    """The split's windows, file by file, from file `first`, or its remainder by the files, on."""
    for index in range(shards):
        name = paths.shard_name(split, (first + index) % shards, shards)
        with storage.open_read(storage.join(dataset, name)) as file:
            yield from map(records.parse, records.read(file))


def _order(window: Window, seed: int) -> int:
    return hashed(f"window {seed} {window.song} {window.transpose} {window.start}")
