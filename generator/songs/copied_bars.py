"""What a generated song has copied from the training songs, by the index in the model directory."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from nabi.analysis import copies
from nabi.music.song import Song
from nabi.workspace import paths, storage


@dataclasses.dataclass(frozen=True)
class IndexFile:
    """Where the index lies: workers are sent this, and read the index themselves, each process once.

    Attributes:
      path: of the file.
      content: the fingerprint of the dataset that it is of.
    """

    path: str
    content: str

    def read(self) -> copies.Index:
        """The index; raises ValueError or StorageError if it is damaged or of another dataset."""
        return _read(self.path, self.content)


@functools.lru_cache(maxsize=1)
def _read(path: str, content: str) -> copies.Index:
    return copies.load(path, content)


def index_file(model_dir: str, config: Mapping[str, Any]) -> IndexFile | None:
    """The index of a model directory, read to see whether it is sound; None where there is none.

    Args:
      model_dir: the directory.
      config: its `config.json`.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: if it is damaged or of another dataset, in one sentence.
    """
    path = storage.join(model_dir, paths.COPIES)
    if not storage.exists(path):
        return None
    found = IndexFile(path, config["content"])
    found.read()
    return found


def figures(song: Song, index: copies.Index, primer_notes: int = 0) -> dict[str, Any]:
    """What a song's row says of what it copied.

    Args:
      song: as the model made it.
      index: of the model's training songs.
      primer_notes: how many of its first notes were given and not made: they are no copies, whoever wrote them.

    Returns:
      `copied_share`, of its notes, 0..1; `copied_notes`, of the longest run; `copied_bars`, of the run that lasts
      longest; `copied_from`, the song that the longest run comes from, if there is one; `copied`, how that stands
      among validation songs, in words; `novelty`, the share that is not copied, 0..1. Nothing for a song that is too
      short to tell.
    """
    found = copies.find(copies.after(song, primer_notes), index)
    if len(found.notes) < index.gram.notes:
        return {}
    longest = found.longest
    return {
        "copied_share": round(found.share, 4),
        "copied_notes": longest.notes if longest else 0,
        "copied_bars": round(found.longest_bars, 3),
        **({"copied_from": str(longest.source)} if longest else {}),
        "copied": found.verdict,
        "novelty": round(1 - found.share, 4),
    }
