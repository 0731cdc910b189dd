"""The pipeline from sources to a dataset, as small named transforms over pure functions.

No song crosses a shuffle: rows, counts and spool positions do.
"""

import dataclasses
from typing import Any

import apache_beam as beam

from nabi.music.vocabulary import Vocabulary
from nabi.workspace import paths, storage
from pipelines.config import PreprocessConfig
from pipelines.preprocessing.split_songs import AssignSplits, NameSongs
from pipelines.preprocessing.write_dataset import BuildVocabulary, JoinLedger, Totals, WriteLedger, WriteShards
from pipelines.reading.read_sources import ReadSongs, ReadSources


@dataclasses.dataclass
class BuildDataset(beam.PTransform):
    """Listing files -> vocabulary, record files and ledger, written to the dataset directory, and their totals.

    Attributes:
      config: the dataset's settings.
      folder: the dataset directory.
      ledger_shards: number of ledger files to write.
      reuse: a dataset directory whose kept songs need not be read again; "": none.
      processes: processes of each worker that parse at the same time.
    """

    config: PreprocessConfig
    folder: str
    ledger_shards: int
    reuse: str = ""
    processes: int = 1

    def expand(self, listings: beam.PCollection[str]) -> beam.PCollection[dict[str, Any]]:
        """Chains the whole pipeline; its output is one element, the totals."""
        sources = listings | ReadSources(self.config, self.processes)
        read = sources | ReadSongs(self.config, self.folder, self.reuse, self.processes)
        songs = read.songs | NameSongs(self.config)
        split_songs = songs | AssignSplits(self.config)
        vocabulary = split_songs | BuildVocabulary(self.config)
        written = split_songs | WriteShards(self.config, self.folder, vocabulary)
        ledger = songs | JoinLedger(written, read.rejects)
        _ = vocabulary | "WriteVocabulary" >> beam.Map(_write_vocabulary, folder=self.folder)
        _ = ledger | WriteLedger(self.folder, self.ledger_shards)
        return ledger | Totals(written)


def _write_vocabulary(vocabulary: Vocabulary, folder: str) -> None:
    storage.write_text(storage.join(folder, paths.VOCABULARY), vocabulary.to_json())
