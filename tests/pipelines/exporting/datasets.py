"""A literal dataset to export."""

import pathlib

import numpy as np

from nabi.music import records, vocabulary, windows
from nabi.music.vocabulary import Vocabulary
from nabi.workspace import paths
from nabi.workspace.ledger import LedgerRow

# Names of songs: sha256 is 64 signs long elsewhere.
AIR, REEL, HYMN = "a1", "b2#3", "c3"
VOCABULARY = Vocabulary.from_ordered(["C4:1", "E4:1", "G4:2"], {"C4:1": 9, "E4:1": 7, "G4:2": 2})
# Split -> (song, transpose) -> ids.
SONGS = {
    "train": {
        (AIR, 0): [2, 4, 5, 6, 4, 3],
        (AIR, 2): [2, 5, 6, 4, 5, 3],
        ("a1*2", 0): [2, 6, 6, 3],
        (REEL, 0): [2, 4, 1, 3],
    },
    "validation": {(HYMN, 0): [2, 6, 3]},
}
LEDGER = [
    LedgerRow("/home/me/midi/air.mid", "read", sha256="a1", licence="CC0-1.0", split="train"),
    LedgerRow("/home/me/midi/copy of air.mid", "read", sha256="a1", duplicate_of="/home/me/midi/air.mid"),
    LedgerRow("/home/me/midi/old/caf\udce9.abc#3", "read", sha256="b2#3", split="train"),
    LedgerRow("corpus:hymns!c3.mxl", "read", sha256="c3", licence="CC0-1.0", split="validation"),
    LedgerRow("/etc/not.mid", "lost", "not-midi"),
]


def build(folder: pathlib.Path, songs=None, *, window: int = 4, content: str = "c0ffee", ledger=LEDGER) -> str:
    """Writes the dataset, with two record files a split and none in `test`; returns its path."""
    folder.mkdir(parents=True)
    counts = {split: _write(folder, split, (songs or SONGS).get(split, {}), window) for split in windows.SPLITS}
    (folder / paths.VOCABULARY).write_text(VOCABULARY.to_json())
    settings = {"encoding": {"name": "pitch-duration", "divisors": [4, 3]}, "window": window, "stride": 3}
    about = {"version": 1, "content": content, "settings": settings, "splits": counts}
    paths.write_json(str(folder / paths.DATASET), about)
    paths.write_rows(str(folder / paths.rows_name(paths.LEDGER, 0, 1)), [row.as_dict() for row in ledger])
    paths.complete(str(folder), {"request": "made", "content": content})
    return str(folder)


def _write(folder: pathlib.Path, split: str, songs: dict[tuple[str, int], list[int]], window: int) -> dict[str, int]:
    shards: list[list[records.Window]] = [[], []]
    for (song, transpose), ids in songs.items():
        cut = windows.of_song(np.array(ids), song, window=window, stride=3, transpose=transpose)
        shards[windows.shard_of(song.partition("*")[0], 2)].extend(cut)
    for index, shard in enumerate(shards):
        with (folder / paths.shard_name(split, index, 2)).open("wb") as file:
            records.write(file, map(records.serialize, shard))
    unknown = sum(ids.count(vocabulary.UNKNOWN) for ids in songs.values())
    return {
        "songs": len({song.partition("*")[0] for song, _ in songs}),
        "tokens": sum(map(len, songs.values())),
        "unknown": unknown,
        "windows": sum(map(len, shards)),
        "shards": 2,
    }
