"""A dataset's ledger as columns of numbers, small enough for millions of files in memory."""

import dataclasses
import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from nabi.music.song_id import SongId
from nabi.music.windows import SPLITS
from nabi.workspace import ledger, paths

Hashes = npt.NDArray[np.uint64]

# Stands in the column of splits for a source without records.
NO_SPLIT = -1


@dataclasses.dataclass(frozen=True, eq=False)
class Ledger:
    """Columns of a ledger, [N] each, one row for each source.

    Attributes:
      sources: uint64, hash of the source's name.
      songs: uint64, `bits` of the file's hash; 0 without a song.
      clusters: uint64, `bits` of the name of its cluster of near duplicates, or of the song if it has none.
      splits: int8, index in `SPLITS`, or `NO_SPLIT`.
    """

    sources: Hashes
    songs: Hashes
    clusters: Hashes
    splits: npt.NDArray[np.int8]

    @classmethod
    def read(cls, folder: str) -> "Ledger":
        """Reads the ledger of a dataset directory, one file at a time."""
        parts = [_columns(path) for path in paths.rows_paths(folder, paths.LEDGER)]
        empty = np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.int8)
        return cls(*(np.concatenate(columns) for columns in zip(empty, *parts, strict=True)))


def held_out_from(ledger: Ledger, earlier: Ledger, split: str) -> Hashes:
    """Returns the songs of a split that are new to a model of an earlier dataset, uint64 [songs], sorted.

    A song is new if the earlier training and validation splits have neither its bytes nor its source's name (an edited
    file is mostly the same music), nor a near duplicate of it in either dataset.

    Args:
      ledger: ledger of the dataset.
      earlier: ledger of the dataset that the other model was trained on.
      split: the split, such as `test`.
    """
    in_training = np.isin(earlier.splits, [SPLITS.index("train"), SPLITS.index("validation")])
    seen = np.isin(earlier.clusters, earlier.clusters[in_training]) & (earlier.songs != 0)
    repeated = np.isin(ledger.songs, earlier.songs[seen]) | np.isin(ledger.sources, earlier.sources[seen])
    seen_clusters = ledger.clusters[repeated & (ledger.songs != 0)]
    is_new = (ledger.splits == SPLITS.index(split)) & ~np.isin(ledger.clusters, seen_clusters)
    songs: Hashes = np.unique(ledger.songs[is_new])
    return songs


def differences(ledger: Ledger, earlier: Ledger) -> dict[str, int]:
    """Counts the sources that are `new`, `gone`, `changed` (another content under the same name) and `same`.

    Songs are compared by content: one that was copied or moved to another name is the same, and not gone.
    """
    is_named, was_named = np.isin(ledger.sources, earlier.sources), np.isin(earlier.sources, ledger.sources)
    _, rows, earlier_rows = np.intersect1d(ledger.sources, earlier.sources, return_indices=True)
    same = _is_among(ledger.songs, earlier.songs)
    # Sources without a song are the same under the same name.
    same[rows] |= ledger.songs[rows] == earlier.songs[earlier_rows]
    return {
        "new": int(np.count_nonzero(~is_named & ~same)),
        "gone": int(np.count_nonzero(~was_named & ~_is_among(earlier.songs, ledger.songs))),
        "changed": int(np.count_nonzero(is_named & ~same)),
        "same": int(np.count_nonzero(same)),
    }


def _is_among(songs: Hashes, others: Hashes) -> npt.NDArray[np.bool_]:
    """Returns bool [songs]: true for songs that are among others; false for sources without a song."""
    is_among: npt.NDArray[np.bool_] = np.isin(songs, others) & (songs != 0)
    return is_among


def bits(name: str) -> int:
    """Returns 64 bits of a song's name (`nabi.music.song_id`), a whole hash or its first 16 digits; 0 for "".

    A copy (`+1`) has the bits of its song; a tune of a file of several (`#tune`) is a song of its own.

    >>> bits("00000000000000ff"), bits("00000000000000ff+1"), bits("")
    (255, 255, 0)
    """
    if not name:
        return 0
    song = SongId.parse(name).original
    return _hash(song.short.encode()) if song.tune else int(song.short, 16)


def _columns(path: str) -> tuple[npt.NDArray[Any], ...]:
    sources, songs, clusters, splits = [], [], [], []
    for row in ledger.read_file(path):
        song = bits(row.sha256)
        sources.append(_hash(row.source.encode("utf-8", "backslashreplace")))
        songs.append(song)
        clusters.append(bits(row.cluster) or song)
        splits.append(SPLITS.index(row.split) if row.split else NO_SPLIT)
    return (*(np.array(column, np.uint64) for column in (sources, songs, clusters)), np.array(splits, np.int8))


def _hash(name: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big")
