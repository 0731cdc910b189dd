"""What generated songs are judged against: portraits of the training and of the validation songs of a model.

How far generated songs may lie from training songs, validation songs tell: the model saw neither of them, and the
composers of both are the same.
"""

from nabi.analysis.style_profile import StyleProfile
from nabi.music.song import Song
from nabi.workspace import paths, storage

TRAIN, VALIDATION = "train", "validation"


class StyleReference:
    """Portraits of a dataset's songs.

    Attributes:
      content: the fingerprint of the dataset.
      train: of the training songs, transposed copies left out.
      validation: of validation songs; of none where there are none.
    """

    def __init__(self, content: str, train: StyleProfile | None = None, validation: StyleProfile | None = None) -> None:
        self.content = content
        self.train, self.validation = train or StyleProfile(), validation or StyleProfile()

    def look(self, split: str, song: Song) -> None:
        """Takes in a song of `train` or `validation`."""
        {TRAIN: self.train, VALIDATION: self.validation}[split].add(song)

    def write(self, path: str) -> None:
        """Publishes it; the same songs in the same order give the same bytes."""
        portraits = {TRAIN: self.train.as_dict(), VALIDATION: self.validation.as_dict()}
        paths.write_json(path, {"content": self.content, **portraits})

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
            found = paths.read_object(path, "content", TRAIN, VALIDATION)
            if found["content"] != content:
                raise ValueError(f"it is of the dataset {found['content']!r}, the model of {content!r}")
            return cls(content, StyleProfile.from_dict(found[TRAIN]), StyleProfile.from_dict(found[VALIDATION]))
        except ValueError as error:
            raise ValueError(
                f"{path} does not tell what the training songs are like ({error}): copy the model directory again, or "
                "train again"
            ) from error


def load_if_there(folder: str, content: str) -> StyleReference | None:
    """Reads the reference of a model directory; None of an older one without; raises as `StyleReference.load` does."""
    path = storage.join(folder, paths.REFERENCE)
    return StyleReference.load(path, content) if storage.exists(path) else None
