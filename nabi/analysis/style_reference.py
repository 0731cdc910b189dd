"""The reference for generated songs: style profiles of a model's training songs and of its validation songs.

The distance between validation songs and training songs is the yardstick for generated songs: the model never saw
validation songs, and they are by the composers of the training songs.
"""

from nabi.analysis.style_profile import StyleProfile
from nabi.music.song import Song
from nabi.workspace import paths, storage

TRAIN, VALIDATION = "train", "validation"


class StyleReference:
    """Style profiles of a dataset's songs.

    Attributes:
      content: the fingerprint of the dataset.
      train: of the training songs, transposed copies left out.
      validation: of the validation songs, of which there may be none.
    """

    def __init__(self, content: str, train: StyleProfile | None = None, validation: StyleProfile | None = None) -> None:
        self.content = content
        self.train, self.validation = train or StyleProfile(), validation or StyleProfile()

    def add(self, split: str, song: Song) -> None:
        """Adds a song of the split `train` or `validation`."""
        {TRAIN: self.train, VALIDATION: self.validation}[split].add(song)

    def write(self, path: str) -> None:
        """Writes the file; the same songs in the same order give the same bytes."""
        profiles = {TRAIN: self.train.as_dict(), VALIDATION: self.validation.as_dict()}
        paths.write_json(path, {"content": self.content, **profiles})

    @classmethod
    def load(cls, path: str, content: str) -> "StyleReference":
        """Reads what `write` wrote.

        Args:
          path: of the file.
          content: the fingerprint of the dataset that it must be of.

        Raises:
          ValueError: if it is no such file, naming the path and what to do.
          nabi.workspace.storage.StorageError: if it cannot be read.
        """
        try:
            fields = paths.read_object(path, "content", TRAIN, VALIDATION)
            if fields["content"] != content:
                raise ValueError(f"it is of the dataset {fields['content']!r}, the model of {content!r}")
            return cls(content, StyleProfile.from_dict(fields[TRAIN]), StyleProfile.from_dict(fields[VALIDATION]))
        except ValueError as error:
            raise ValueError(
                f"{path} is no style reference ({error}): copy the model directory again, or train again"
            ) from error


def load_if_there(folder: str, content: str) -> StyleReference | None:
    """Reads the reference of a model directory, None if it has none; raises as `StyleReference.load` does."""
    path = storage.join(folder, paths.REFERENCE)
    return StyleReference.load(path, content) if storage.exists(path) else None
