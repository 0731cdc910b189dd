"""A finished run of a recipe, and the figures that can be read off it."""

import csv
import dataclasses
import functools
import io
from typing import Any

import symusic

from nabi.music.vocabulary import Vocabulary
from nabi.workspace import paths, storage


@dataclasses.dataclass(frozen=True)
class SeedRun:
    """What `pipelines.retrain` left.

    Attributes:
      folder: the run's directory, `runs/<request>`.
    """

    folder: str

    @functools.cached_property
    def dataset(self) -> dict[str, Any]:
        """dataset.json."""
        read: dict[str, Any] = paths.read_json(self._path(paths.DATA, paths.DATASET))
        return read

    @functools.cached_property
    def vocabulary(self) -> Vocabulary:
        """The dataset's."""
        return Vocabulary.from_json(storage.read_text(self._path(paths.DATA, paths.VOCABULARY)))

    @property
    def codes(self) -> tuple[str, ...]:
        """The tokens of the vocabulary, the special ones left out."""
        return self.vocabulary.tokens[self.vocabulary.special :]

    def counted(self, what: str) -> int:
        """`songs`, `tokens` or `windows` of all splits together."""
        return sum(split[what] for split in self.dataset["splits"].values())

    def metrics(self, model: str = "") -> dict[str, Any]:
        """metrics.json of a model, the first or the one of that name."""
        read: dict[str, Any] = paths.read_json(self._path(_named(paths.MODELS, model), paths.METRICS))
        return read

    def history(self, column: str, model: str = "") -> dict[int, float]:
        """A column of history.csv: step -> its value, where there is one."""
        text = storage.read_text(self._path(_named(paths.MODELS, model), paths.HISTORY))
        rows = csv.DictReader(io.StringIO(text))
        return {int(row["step"]): float(row[column]) for row in rows if row[column]}

    def song(self, run: str = "") -> dict[str, Any]:
        """The row of the first song of a run."""
        folder = self._path(_named(paths.SONGS, run))
        return paths.read_rows(paths.rows_paths(folder, paths.SONGS)[0])[0]

    def score(self, run: str = "") -> symusic.Score:
        """The first song's MIDI file, as another library reads it."""
        name = self.song(run)["file"]
        return symusic.Score.from_midi(storage.read_bytes(self._path(_named(paths.SONGS, run), name)))

    def _path(self, *parts: str) -> str:
        return storage.join(self.folder, *parts)


def _named(base: str, name: str) -> str:
    return f"{base}-{name}" if name else base
