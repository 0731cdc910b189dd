"""Writes one shard of a split: reads its songs from the spool, encodes them and writes their windows as records."""

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from nabi.music import augmentation, records, windows
from nabi.music.encodings import Encoding
from nabi.music.rendition import ORIGINAL, Rendition
from nabi.music.song import Song
from nabi.music.song_id import SongId
from nabi.music.vocabulary import UNKNOWN, Vocabulary
from nabi.workspace import kept_songs, paths, storage
from pipelines.config import PreprocessConfig
from pipelines.reading import dataset_settings
from pipelines.reading.encoded_song import EncodedSong
from pipelines.reading.outcomes import WrittenSong
from pipelines.reading.song_spool import SpoolPosition, SpoolReader


@dataclasses.dataclass(frozen=True, slots=True)
class SplitSong:
    """A song's name, its split, its position in the spool, and its cluster of near duplicates ("": none)."""

    song: str
    split: str
    position: SpoolPosition
    cluster: str = ""


def shard_of(song: SplitSong, config: PreprocessConfig) -> tuple[str, int]:
    """Returns the (split, index) of the shard that a song belongs to."""
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
    """Writes a shard and, with `--keep_songs`, its kept songs, by song name, and returns the songs in that order.

    The bytes depend on the songs alone, not on their order or on the worker; without songs the file is empty.

    Args:
      split: split of the shard.
      index: number of the shard in its split, from 0.
      songs: the songs of the shard, in any order.
      vocabulary: the dataset's vocabulary.
      config: the dataset's settings.
      folder: the dataset directory.
    """
    written_songs: list[WrittenSong] = []
    encoder = Encoder(config.build_encoding(), vocabulary, config)
    count = dataset_settings.shard_counts(config)[split]
    path = storage.join(folder, paths.shard_name(split, index, count))
    in_order = sorted(songs, key=lambda song: song.song)
    with SpoolReader([song.position for song in in_order]) as spool, storage.open_write(path) as file:
        for song in in_order:
            encoded = EncodedSong.from_bytes(spool.read(song.position))
            ids = encoder.ids(encoded)
            window_count = records.write(file, encoder.records(song, encoded, ids))
            unknown = int((ids == UNKNOWN).sum())
            written_songs.append(WrittenSong(song.song, split, len(ids), unknown, window_count, song.cluster))
        if config.keep_songs:
            whole_files = (song for song in in_order if SongId.parse(song.song).is_whole_file)
            kept = ((song.song, EncodedSong.from_bytes(spool.read(song.position)).song) for song in whole_files)
            kept_songs.write_songs(storage.join(folder, paths.kept_songs_name(split, index, count)), kept)
    return written_songs


@dataclasses.dataclass(frozen=True)
class Encoder:
    """Songs -> token ids and records, with one encoding and vocabulary."""

    encoding: Encoding
    vocabulary: Vocabulary
    config: PreprocessConfig

    def ids(self, encoded: EncodedSong) -> npt.NDArray[np.int64]:
        """Returns a song's token ids, int64 [L], with marks if the dataset has them.

        Tokens that the vocabulary lacks are spelled in tokens that it has, where the encoding can.
        """
        ids = encoded.ids(self.vocabulary)
        if UNKNOWN in ids:
            ids = self.vocabulary.encode(self.encoding.spell(encoded.tokens, self.vocabulary.ids))
        return windows.mark(ids) if self.config.song_marks else ids

    def records(self, split_song: SplitSong, encoded: EncodedSong, ids: npt.NDArray[np.int64]) -> Iterator[bytes]:
        """Yields serialized windows of a song, in training also of its augmented copies: by (rendition, key, start).

        Args:
          split_song: the song's name and split.
          encoded: its music and tokens.
          ids: `ids(encoded)`, int64 [L].
        """
        if split_song.split != "train":
            # Windows of held-out songs do not overlap, so that each token is scored once.
            yield from self._windows(split_song.song, ids, 0, self.config.window)
        elif self.config.renditions or self.config.transpose:
            yield from self._augmented(split_song.song, encoded.song, ids)
        else:
            yield from self._windows(split_song.song, ids, 0, self.config.training_stride)

    def _augmented(self, name: str, song: Song, ids: npt.NDArray[np.int64]) -> Iterator[bytes]:
        for rendition, played, own_ids in self._renditions(song, ids):
            # Readers of the records group windows by name: a song that is played otherwise must be another to them.
            own_name = str(dataclasses.replace(SongId.parse(name), rendition=rendition))
            for semitones, moved in augmentation.transpositions(played, self.config.transpose):
                spelled = self._encode(moved) if semitones else own_ids
                yield from self._windows(own_name, spelled, semitones, self.config.training_stride)

    def _encode(self, song: Song) -> npt.NDArray[np.int64]:
        return self.ids(EncodedSong.of(song, self.encoding))

    def _renditions(
        self, song: Song, ids: npt.NDArray[np.int64]
    ) -> Iterator[tuple[Rendition, Song, npt.NDArray[np.int64]]]:
        """Yields a song and its renditions, each with its ids; none whose tokens are those of the song itself."""
        for rendition, played in augmentation.renditions(song, self.config.renditions):
            own_ids = ids if rendition == ORIGINAL else self._encode(played)
            if rendition == ORIGINAL or not np.array_equal(own_ids, ids):
                yield rendition, played, own_ids

    def _windows(self, song: str, ids: npt.NDArray[np.int64], transpose: int, stride: int) -> Iterator[bytes]:
        cut = windows.of_song(ids, song, window=self.config.window, stride=stride, transpose=transpose)
        return map(records.serialize, cut)
