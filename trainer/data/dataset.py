"""Opens a dataset directory and checks all that needs neither TensorFlow nor a record."""

import dataclasses
from typing import Any

from nabi.music import encodings
from nabi.music.vocabulary import Vocabulary
from nabi.networks import trained_model
from nabi.workspace import directories, paths, storage

_VERSION = 1


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A finished dataset directory.

    Attributes:
      folder: its path.
      content: fingerprint of its settings, songs and vocabulary; the model carries it on.
      settings: the settings it was preprocessed with: `encoding`, `window`, `stride`, `song_marks` ...
      counts: split -> number of `songs`, `windows`, `tokens`, `unknown` and `shards`.
      vocabulary: maps tokens to the ids of its records.
    """

    folder: str
    content: str
    settings: dict[str, Any]
    counts: dict[str, dict[str, int]]
    vocabulary: Vocabulary

    @property
    def window(self) -> int:
        """Number of targets in a window; a record has one id more."""
        return int(self.settings["window"])

    @property
    def blocked(self) -> list[int]:
        """Ids that a model never predicts."""
        return self.vocabulary.unpredicted(song_marks=bool(self.settings["song_marks"]))

    @property
    def encoding(self) -> encodings.Encoding:
        """The encoding that turns its tokens into songs."""
        return encodings.from_settings(self.settings["encoding"])

    def windows(self, split: str) -> int:
        """Counts the records of a split."""
        return int(self.counts.get(split, {}).get("windows", 0))

    def shards(self, split: str) -> list[str]:
        """Lists the paths of a split's record files, in the order of their numbers."""
        count = int(self.counts.get(split, {}).get("shards", 0))
        return [storage.join(self.folder, paths.shard_name(split, index, count)) for index in range(count)]


def open_dataset(folder: str) -> Dataset:
    """Opens a dataset directory.

    Args:
      folder: see `nabi.workspace.directories.find`.

    Raises:
      ValueError: if it is unfinished, of another version, has nothing to train on or lacks a shard, in one sentence.
      nabi.workspace.storage.StorageError: if it cannot be read.
    """
    folder = directories.find(folder, directories.DATASET)
    marks = paths.require_completed(folder, "dataset", f"python -m pipelines.preprocess --output {folder}")
    about = paths.read_object(storage.join(folder, paths.DATASET), "version", "settings", "splits")
    if about["version"] != _VERSION:
        raise ValueError(
            f"the dataset {folder} is of version {about['version']}, this trainer reads {_VERSION}: "
            f"make it again with `python -m pipelines.preprocess --output {folder} --overwrite`"
        )
    vocabulary = trained_model.load_vocabulary(folder)
    dataset = Dataset(folder, marks["content"], about["settings"], about["splits"], vocabulary)
    if not dataset.windows("train"):
        raise ValueError(
            f"the dataset {folder} has no window to train on: preprocess more files, or with a smaller --window"
        )
    _require_shards(dataset)
    return dataset


def _require_shards(dataset: Dataset) -> None:
    # One listing is quicker than a request for each shard; http:// cannot list, so that each shard is requested.
    listed = {info.path.rpartition("/")[2] for info in storage.match(dataset.folder)}
    for path in (path for split in dataset.counts for path in dataset.shards(split)):
        if path.rpartition("/")[2] not in listed and not storage.exists(path):
            raise ValueError(
                f"the dataset {dataset.folder} lacks its shard {path.rpartition('/')[2]}: copy it again, or make the "
                f"dataset again with `python -m pipelines.preprocess --output {dataset.folder} --overwrite`"
            )
