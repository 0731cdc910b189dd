"""The pipeline from sources to a dataset, as small named transforms over pure functions.

Nothing as large as a song crosses a shuffle: rows, counts and positions do.
"""

import dataclasses
from typing import Any

import apache_beam as beam

from nabi.music.vocabulary import Vocabulary
from nabi.workspace import paths, storage
from pipelines.config import PreprocessConfig
from pipelines.preprocessing.split_songs import NameSongs, PlaceSongs
from pipelines.preprocessing.write_dataset import BuildVocabulary, JoinLedger, Totals, WriteLedger, WriteShards
from pipelines.reading.read_sources import ReadSongs, ReadSources


@dataclasses.dataclass
class BuildDataset(beam.PTransform):
    """Listing files -> everything of a dataset directory but what the driver adds at the end.

    Attributes:
      config: of the dataset.
      folder: the dataset directory.
      ledger_shards: ledger files to write.
      reuse: a dataset directory whose kept songs need not be read again; "": none.
    """

    config: PreprocessConfig
    folder: str
    ledger_shards: int
    reuse: str = ""

    def expand(self, listings: beam.PCollection[str]) -> beam.PCollection[dict[str, Any]]:
        """The pipeline; its output is one element, the totals."""
        read = listings | ReadSources(self.config) | ReadSongs(self.config, self.folder, self.reuse)
        songs = read.songs | NameSongs(self.config)
        placed = songs | PlaceSongs(self.config)
        vocabulary = placed | BuildVocabulary(self.config)
        encoded = placed | WriteShards(self.config, self.folder, vocabulary)
        ledger = songs | JoinLedger(encoded, read.rejects)
        _ = vocabulary | "WriteVocabulary" >> beam.Map(_write_vocabulary, folder=self.folder)
        _ = ledger | WriteLedger(self.folder, self.ledger_shards)
        return ledger | Totals(encoded)


def _write_vocabulary(vocabulary: Vocabulary, folder: str) -> None:
    storage.write_text(storage.join(folder, paths.VOCABULARY), vocabulary.to_json())
