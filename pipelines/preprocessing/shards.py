"""Writes one shard: reads its songs back, encodes them and cuts windows as it writes."""

import dataclasses
import fractions
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from nabi.music import records, windows
from nabi.music.augmentation import variants
from nabi.music.encodings import Encoding
from nabi.music.song import Song
from nabi.music.song_id import SongId
from nabi.music.vocabulary import UNKNOWN, Vocabulary
from nabi.workspace import kept_songs, paths, storage
from pipelines.config import PreprocessConfig
from pipelines.reading import dataset_settings
from pipelines.reading.rows import WrittenSong
from pipelines.reading.song_spool import SpoolPosition, SpoolReader


@dataclasses.dataclass(frozen=True, slots=True)
class SplitSong:
    """A song's place: its name, its split, where it is spooled, and its cluster of near duplicates."""

    song: str
    split: str
    position: SpoolPosition
    cluster: str = ""


def shard_of(song: SplitSong, config: PreprocessConfig) -> tuple[str, int]:
    """The (split, index) of the shard that a song belongs to."""
    return song.split, windows.shard_of(song.song, dataset_settings.shard_counts(config)[song.split])


def write_shard(
    split: str,
    index: int,
    songs: Iterable[SplitSong],
    *,
    vocabulary: Vocabulary,
    config: PreprocessConfig,
    folder: str,
) -> list[WrittenSong]:
    """Publishes a shard, ordered by song, and says what it holds; an empty shard is an empty file.

    The bytes depend on the songs alone, not on their order or on the worker.

    Args:
      split: of the shard.
      index: of the shard.
      songs: that belong to it.
      vocabulary: of the dataset.
      config: of the dataset.
      folder: the dataset directory.
    """
    encoded: list[WrittenSong] = []
    encoder = Encoder(config.build_encoding(), vocabulary, config)
    count = dataset_settings.shard_counts(config)[split]
    name = paths.shard_name(split, index, count)
    in_order = sorted(songs, key=lambda placed: placed.song)
    positions = [song.position for song in in_order]
    with SpoolReader(positions) as spool, storage.open_write(storage.join(folder, name)) as file:
        for song in in_order:
            music = spool.read(song.position)
            ids = encoder.encode(music)
            written = records.write(file, encoder.records(song, music, ids))
            unknown = int((ids == UNKNOWN).sum())
            encoded.append(WrittenSong(song.song, split, len(ids), unknown, written, song.cluster))
        if config.keep_songs:
            named = (song for song in in_order if SongId.parse(song.song).is_whole_file)
            path = storage.join(folder, paths.kept_songs_name(split, index, count))
            kept_songs.write_songs(path, ((song.song, spool.read(song.position)) for song in named))
    return encoded


@dataclasses.dataclass(frozen=True)
class Encoder:
    """Songs -> ids and records, with one encoding and vocabulary."""

    encoding: Encoding
    vocabulary: Vocabulary
    config: PreprocessConfig

    def encode(self, song: Song) -> npt.NDArray[np.int64]:
        """A song's ids, int64 [L], spelled in what the vocabulary knows."""
        tokens = self.encoding.encode(song)
        ids = self.vocabulary.encode(tokens)
        if UNKNOWN in ids:
            ids = self.vocabulary.encode(self.encoding.spell(tokens, self.vocabulary.ids))
        return windows.mark(ids) if self.config.song_marks else ids

    def records(self, placed: SplitSong, song: Song, ids: npt.NDArray[np.int64]) -> Iterator[bytes]:
        """Serialized windows of a song, and in training of its variants, ordered by (scale, key, start).

        Args:
          placed: the song's name and split.
          song: its music.
          ids: `encode(song)`.
        """
        if placed.split != "train":
            # Each held-out token is scored once.
            yield from self._windows(placed.song, ids, 0, self.config.window)
            return
        scales = [fractions.Fraction(scale) for scale in self.config.time_scales]
        for variant in variants(song, self.config.transpose, scales):
            # A song at another speed is a song of its own to those who read the records.
            name = str(dataclasses.replace(SongId.parse(placed.song), scale=variant.scale))
            spelled = ids if variant.song is song else self.encode(variant.song)
            yield from self._windows(name, spelled, variant.transpose, self.config.training_stride)

    def _windows(self, song: str, ids: npt.NDArray[np.int64], transpose: int, stride: int) -> Iterator[bytes]:
        cut = windows.of_song(ids, song, window=self.config.window, stride=stride, transpose=transpose)
        return map(records.serialize, cut)
