"""Writes one shard: reads its songs back, encodes them and cuts windows as it writes."""

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from pipelines.rows import Encoded
from pipelines.settings import Settings
from pipelines.spool import Position, SpoolReader
from songs import layout, records, storage, windows
from songs.encodings import Encoding
from songs.song import Song
from songs.vocabulary import UNKNOWN, Vocabulary


@dataclasses.dataclass(frozen=True)
class Placed:
    """A song's place: its name, its split and where it is spooled."""

    song: str
    split: str
    position: Position


def shard_of(song: Placed, settings: Settings) -> tuple[str, int]:
    """The (split, index) of the shard that a song belongs to."""
    return song.split, windows.shard_of(song.song, settings.shard_counts()[song.split])


def encode(song: Song, encoding: Encoding, vocabulary: Vocabulary, song_marks: bool) -> npt.NDArray[np.int64]:
    """A song's ids, int64 [L], spelled in what the vocabulary knows."""
    ids = vocabulary.encode(encoding.spell(encoding.encode(song), vocabulary.ids))
    return windows.mark(ids) if song_marks else ids


def write_shard(
    split: str, index: int, songs: Iterable[Placed], *, vocabulary: Vocabulary, settings: Settings, folder: str
) -> list[Encoded]:
    """Publishes a shard, ordered by (song, start), and says what it holds; an empty shard is an empty file.

    The bytes depend on the songs alone, not on their order or on the worker.
    """
    encoded: list[Encoded] = []
    name = layout.shard_name(split, index, settings.shard_counts()[split])
    with SpoolReader() as spool, storage.open_write(storage.join(folder, name)) as file:
        for song in sorted(songs, key=lambda placed: placed.song):
            ids = encode(spool.read(song.position), settings.build_encoding(), vocabulary, settings.song_marks)
            count = records.write(file, _records(song, ids, settings))
            encoded.append(Encoded(song.song, split, len(ids), int((ids == UNKNOWN).sum()), count))
    return encoded


def _records(song: Placed, ids: npt.NDArray[np.int64], settings: Settings) -> Iterator[bytes]:
    # In validation and test each token is scored once.
    stride = settings.stride if song.split == "train" else settings.window
    cut, starts = windows.cut(ids, settings.window, stride)
    for tokens, start in zip(cut, starts.tolist(), strict=True):
        yield records.serialize(records.Window(tokens, song.song, start))
