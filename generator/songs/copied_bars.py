"""Copies of training songs in generated songs, found by the index in the model directory."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from nabi.analysis import copies
from nabi.music.song import Song
from nabi.workspace import paths, storage


@dataclasses.dataclass(frozen=True)
class IndexFile:
    """Reference to an index: it is sent to workers, which read the index themselves, once a process.

    Attributes:
      path: path of the index.
      content: fingerprint of its dataset.
    """

    path: str
    content: str

    def read(self) -> copies.Index:
        """Reads the index; raises ValueError or StorageError if it is damaged or of another dataset."""
        return _read(self.path, self.content)


@functools.lru_cache(maxsize=1)
def _read(path: str, content: str) -> copies.Index:
    return copies.load(path, content)


def index_file(model_dir: str, config: Mapping[str, Any]) -> IndexFile | None:
    """Locates the index of a model directory and checks that it can be read; None if there is none.

    Args:
      model_dir: model directory.
      config: content of its `config.json`.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: if it is damaged or of another dataset, in one sentence.
    """
    path = storage.join(model_dir, paths.COPIES)
    if not storage.exists(path):
        return None
    file = IndexFile(path, config["content"])
    file.read()
    return file


def figures(song: Song, index: copies.Index, primer_notes: int = 0) -> dict[str, Any]:
    """Measures what a song copies, as columns of its row.

    Args:
      song: generated song.
      index: index of the model's training songs.
      primer_notes: number of its first notes that the primer gave; they do not count as copied.

    Returns:
      `copied_share`, share of its notes that are copied, 0..1; `copied_notes`, notes of the longest run;
      `copied_bars`, bars of the run that lasts longest; `copied_from`, training song of the longest run, if there is
      one; `copied`, rank among validation songs, in words; `novelty`, 1 - `copied_share`. Empty for a song with fewer
      notes than an n-gram of the index.
    """
    match = copies.find(copies.after(song, primer_notes), index)
    if len(match.notes) < index.gram.notes:
        return {}
    longest = match.longest
    return {
        "copied_share": round(match.share, 4),
        "copied_notes": longest.notes if longest else 0,
        "copied_bars": round(match.longest_bars, 3),
        **({"copied_from": str(longest.source)} if longest else {}),
        "copied": match.verdict,
        "novelty": round(1 - match.share, 4),
    }


def of_parts(song: Song, index: copies.Index, primer: Song) -> dict[str, dict[str, Any]]:
    """Measures what each part with pitch of a song of several copies by itself, of training songs and their parts.

    Args:
      song: generated song.
      index: index of the model's training songs.
      primer: the song's beginning that was given; its notes do not count as copied.

    Returns:
      Name of a part -> `copied_notes`, notes of its longest run that is copied, and `copied_from`, where that stands,
      if there is one.
    """
    given = {name: len(part.pitches) for part, name in copies.parts_of(primer)}
    found = {
        name: copies.find(copies.after(part, given.get(name, 0)), index).longest for part, name in copies.parts_of(song)
    }
    return {
        name: {"copied_notes": run.notes, "copied_from": str(run.source)} if run else {"copied_notes": 0}
        for name, run in found.items()
    }
