"""Figures of a finished run of a recipe."""

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
    """A finished run of `pipelines.retrain`.

    Attributes:
      folder: directory of the run, `runs/<request>`.
    """

    folder: str

    @functools.cached_property
    def dataset(self) -> dict[str, Any]:
        """dataset.json."""
        content: dict[str, Any] = paths.read_json(self._path(paths.DATA, paths.DATASET))
        return content

    @functools.cached_property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the dataset."""
        return Vocabulary.from_json(storage.read_text(self._path(paths.DATA, paths.VOCABULARY)))

    @property
    def codes(self) -> tuple[str, ...]:
        """The tokens of the vocabulary, without special ones."""
        return self.vocabulary.tokens[self.vocabulary.special :]

    def counted(self, what: str) -> int:
        """Sums `songs`, `tokens` or `windows` over all splits."""
        return sum(split[what] for split in self.dataset["splits"].values())

    def metrics(self, model: str = "") -> dict[str, Any]:
        """Reads metrics.json of a model: of the first, or of the one with that name."""
        content: dict[str, Any] = paths.read_json(self._path(_named(paths.MODELS, model), paths.METRICS))
        return content

    def history(self, column: str, model: str = "") -> dict[int, float]:
        """Reads a column of history.csv: step -> value, without empty cells."""
        text = storage.read_text(self._path(_named(paths.MODELS, model), paths.HISTORY))
        rows = csv.DictReader(io.StringIO(text))
        return {int(row["step"]): float(row[column]) for row in rows if row[column]}

    def song(self, run: str = "") -> dict[str, Any]:
        """Reads the row of the first song of a run."""
        folder = self._path(_named(paths.SONGS, run))
        return paths.read_rows(paths.rows_paths(folder, paths.SONGS)[0])[0]

    def score(self, run: str = "") -> symusic.Score:
        """Reads the first song's MIDI file with symusic."""
        name = self.song(run)["file"]
        return symusic.Score.from_midi(storage.read_bytes(self._path(_named(paths.SONGS, run), name)))

    def _path(self, *parts: str) -> str:
        return storage.join(self.folder, *parts)


def _named(base: str, name: str) -> str:
    return f"{base}-{name}" if name else base
