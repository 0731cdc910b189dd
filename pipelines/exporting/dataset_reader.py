"""Reads a finished dataset song by song, with the file and the licence of each."""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from nabi.music import records
from nabi.music.records import Window
from nabi.music.song_id import SongId
from nabi.music.vocabulary import Vocabulary
from nabi.music.windows import SPLITS
from nabi.workspace import card_licences, directories, ledger, paths, record_files, storage


@dataclasses.dataclass(frozen=True, slots=True)
class Origin:
    """Where a song comes from: its file, below the folder that all files share, and the licence beside it."""

    source: str = ""
    licence: str = ""


@dataclasses.dataclass(frozen=True)
class DatasetReader:
    """A finished dataset directory.

    Attributes:
      folder: its path.
      content: fingerprint of its settings, songs and vocabulary.
      settings: the settings it was preprocessed with.
      counts: split -> its `songs`, `windows`, `tokens` ... and `shards`; splits without a window are left out.
      vocabulary: token <-> id.
      origins: `sha256[#tune]` -> the song's origin; about 0.4 kB of memory a song.
    """

    folder: str
    content: str
    settings: Mapping[str, Any]
    counts: Mapping[str, Mapping[str, int]]
    vocabulary: Vocabulary
    origins: Mapping[str, Origin]

    @property
    def window(self) -> int:
        """Number of targets in a window; a record has one id more."""
        return int(self.settings["window"])

    def shards(self, split: str) -> list[str]:
        """Lists the names of a split's record files, without `.tfrecord`."""
        count = self.counts[split]["shards"]
        return [paths.shard_name(split, index, count).removesuffix(".tfrecord") for index in range(count)]

    def record_file(self, shard: str) -> str:
        """Returns the path of a shard's record file."""
        return storage.join(self.folder, f"{shard}.tfrecord")

    def songs(self, shard: str) -> Iterator[list[Window]]:
        """Yields the windows of each song of a shard, in order; another key or rendition is another song.

        Raises:
          ValueError: if the file is damaged or has windows of another length, naming it.
          nabi.workspace.storage.StorageError: if it is missing.
        """
        path = self.record_file(shard)
        windows = map(records.parse, record_files.read([path]))
        for _, own in itertools.groupby(windows, lambda window: (window.song, window.transpose)):
            song = list(own)
            if any(len(window.tokens) != self.window + 1 for window in song):
                raise ValueError(f"{path} has windows of other lengths than {self.window} + 1: make the dataset again")
            yield song

    def origin(self, song: str) -> Origin:
        """Returns the origin of a song by its name in the records; an empty one if the ledger does not know it."""
        return self.origins.get(str(SongId.parse(song).original), Origin())

    def require_all(self, split: str, windows: int) -> None:
        """Raises ValueError unless a split's record files had as many windows as dataset.json counts."""
        expected = self.counts[split]["windows"]
        if windows != expected:
            raise ValueError(
                f"the record files of {split} in {self.folder} have {windows:,} windows, its {paths.DATASET} counts "
                f"{expected:,}: copy the dataset again, or make it again"
            )


def open_dataset(folder: str) -> DatasetReader:
    """Opens a dataset.

    Args:
      folder: see `nabi.workspace.directories.find`.

    Raises:
      ValueError: if there is no finished dataset, or a file of it is damaged.
      nabi.workspace.storage.StorageError: if it cannot be read.
    """
    folder = directories.find(folder, directories.DATASET)
    about = paths.read_object(storage.join(folder, paths.DATASET), "content", "settings", "splits")
    vocabulary = storage.join(folder, paths.VOCABULARY)
    try:
        tokens = Vocabulary.from_json(storage.read_text(vocabulary))
    except ValueError as error:
        raise ValueError(f"{vocabulary} is damaged: {error}") from error
    counts = {split: about["splits"][split] for split in SPLITS if about["splits"].get(split, {}).get("windows")}
    return DatasetReader(folder, about["content"], about["settings"], counts, tokens, _origins(folder))


def _origins(folder: str) -> dict[str, Origin]:
    """Maps each song to its origin, of files of the same bytes the first; {} of a dataset without a ledger."""
    if not paths.rows_paths(folder, paths.LEDGER):
        return {}
    origins: dict[str, Origin] = {}
    for row in ledger.read(folder):
        if row.outcome == ledger.READ:
            origins.setdefault(row.sha256, Origin(_as_text(row.source), _as_text(row.licence)))
    shared = _shared_folder([origin.source for origin in origins.values()])
    return {
        song: dataclasses.replace(origin, source=origin.source.removeprefix(shared)) for song, origin in origins.items()
    }


def _shared_folder(sources: list[str]) -> str:
    """Returns the folder of all files, with its slash: where they lie on somebody's machine is nobody else's business.

    >>> _shared_folder(["/home/me/midi/a.mid", "/home/me/midi/old/b.mid", "corpus:bach-chorales!bwv269.mid"])
    '/home/me/midi/'
    """
    files = [source for source in sources if not card_licences.corpus_of(source)]
    if not files:
        return ""
    # What the first and the last in order begin with, all begin with.
    first, last = min(files), max(files)
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    folder, slash, _ = "".join(sign for sign, _ in same).rpartition("/")
    return folder + slash


def _as_text(name: str) -> str:
    """Escapes bytes of a name that are no text, which neither Arrow nor UTF-8 can hold."""
    return name.encode("utf-8", "backslashreplace").decode()
