"""A dataset's ledger in columns of numbers, small enough to hold for millions of files."""

import dataclasses
import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from nabi.music.song_id import SongId
from nabi.music.windows import SPLITS
from nabi.workspace import ledger, paths

Hashes = npt.NDArray[np.uint64]

# Of what was read and has a split; others have this one.
NO_SPLIT = -1


@dataclasses.dataclass(frozen=True, eq=False)
class Ledger:
    """The rows of a ledger, one a source; [N] each.

    Attributes:
      sources: hash of each source's name.
      songs: `bits` of the hash of its bytes; 0 where there was no song.
      clusters: `bits` of the near duplicates' name that the song belongs to, or of the song itself.
      splits: index in `SPLITS`, or `NO_SPLIT`.
    """

    sources: Hashes
    songs: Hashes
    clusters: Hashes
    splits: npt.NDArray[np.int8]

    @classmethod
    def read(cls, folder: str) -> "Ledger":
        """The ledger of a dataset directory, file by file."""
        parts = [_columns(path) for path in paths.rows_paths(folder, paths.LEDGER)]
        nothing = np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.int8)
        return cls(*(np.concatenate(columns) for columns in zip(nothing, *parts, strict=True)))


def held_out_from(ledger: Ledger, earlier: Ledger, split: str) -> Hashes:
    """The songs of a split that a model of an earlier dataset can judge as well as one of this.

    Left out is what the earlier training or validation had, by its content or by its name (a file that was edited is
    mostly the same music), and what is nearly alike to something of it, in either dataset.

    Args:
      ledger: of the dataset.
      earlier: of the dataset that the other model was trained on.
      split: such as `test`.
    """
    known = np.isin(earlier.splits, [SPLITS.index("train"), SPLITS.index("validation")])
    heard = np.isin(earlier.clusters, earlier.clusters[known]) & (earlier.songs != 0)
    again = np.isin(ledger.songs, earlier.songs[heard]) | np.isin(ledger.sources, earlier.sources[heard])
    alike = ledger.clusters[again & (ledger.songs != 0)]
    there = (ledger.splits == SPLITS.index(split)) & ~np.isin(ledger.clusters, alike)
    songs: Hashes = np.unique(ledger.songs[there])
    return songs


def differences(ledger: Ledger, earlier: Ledger) -> dict[str, int]:
    """How many sources are `new`, `gone`, `changed` (another content under the same name) and `same`.

    A song is what it is by its content: copied or moved to another name it is the same, and so not gone either.
    """
    named, were_named = np.isin(ledger.sources, earlier.sources), np.isin(earlier.sources, ledger.sources)
    _, here, there = np.intersect1d(ledger.sources, earlier.sources, return_indices=True)
    same = _known(ledger.songs, earlier.songs)
    # Also of what is no song: under the same name as before.
    same[here] |= ledger.songs[here] == earlier.songs[there]
    return {
        "new": int(np.count_nonzero(~named & ~same)),
        "gone": int(np.count_nonzero(~were_named & ~_known(earlier.songs, ledger.songs))),
        "changed": int(np.count_nonzero(named & ~same)),
        "same": int(np.count_nonzero(same)),
    }


def _known(songs: Hashes, others: Hashes) -> npt.NDArray[np.bool_]:
    """Which of some songs are among others; what is no song is not."""
    known: npt.NDArray[np.bool_] = np.isin(songs, others) & (songs != 0)
    return known


def bits(name: str) -> int:
    """64 bits of a song's name (`nabi.music.song_id`), its hash whole or its first 16 digits; 0 for none.

    A copy (`+1`) is the song itself; a tune of a file of several (`#tune`) is a song of its own.
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
