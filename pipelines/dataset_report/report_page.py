"""`report.html`: what a dataset holds, on one page that needs nothing but itself.

It is made from the dataset directory alone; `python -m pipelines.report DIR` writes it again.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nabi.music import encodings
from nabi.music.song_id import SongId
from nabi.music.vocabulary import Vocabulary
from nabi.pages import headings, template
from nabi.pages.markup import text
from nabi.workspace import ledger, paths, storage
from nabi.workspace.ledger import READ, LedgerRow
from pipelines.dataset_report import files_section, music_section, token_statistics
from pipelines.dataset_report.ledger_summary import LedgerSummary, summarise

TEMPLATE = "report.html"
_SAMPLES = 8
# Clusters of near duplicates whose members are named, and how many members of each.
_CLUSTERS, _MEMBERS = 10, 6


@dataclasses.dataclass(frozen=True)
class DatasetFiles:
    """What lies in a dataset directory, as far as the page tells it.

    Attributes:
      described: dataset.json.
      vocabulary: of the dataset.
      encoding: of the dataset.
      summary: of the ledger.
      samples: a few songs of the training split.
      sample_rows: a sample's name -> its ledger row.
      members: hash of a cluster of near duplicates -> sources of its first members; of the largest clusters.
    """

    described: Mapping[str, Any]
    vocabulary: Vocabulary
    encoding: encodings.Encoding
    summary: LedgerSummary
    samples: Sequence[token_statistics.Sample]
    sample_rows: Mapping[str, LedgerRow]
    members: Mapping[str, Sequence[str]]


def write(folder: str) -> None:
    """Publishes the page in a dataset directory, finished or not.

    Raises:
      ValueError, storage.StorageError: if the directory lacks or cannot give what the page tells.
    """
    storage.write_text(storage.join(folder, paths.REPORT), page(find(folder), headings.name_of(folder)))


def find(folder: str) -> DatasetFiles:
    """Reads a dataset directory; the ledger is streamed."""
    described = paths.read_json(storage.join(folder, paths.DATASET))
    vocabulary = Vocabulary.from_json(storage.read_text(storage.join(folder, paths.VOCABULARY)))
    encoding = encodings.from_settings(described["settings"]["encoding"])
    shards = described["splits"]["train"]["shards"]
    samples = token_statistics.samples(folder, shards, vocabulary, encoding, wanted=_SAMPLES)
    sample_rows: dict[str, LedgerRow] = {}
    wanted = {str(SongId.parse(sample.name).original): sample.name for sample in samples}
    summary = summarise(_keeping(ledger.read(folder), wanted, sample_rows))
    largest = [name for name, _ in summary.clusters.most_common(_CLUSTERS) if name]
    # A second pass, since only the first tells which clusters are large.
    members = _members(ledger.read(folder), largest) if largest else {}
    return DatasetFiles(described, vocabulary, encoding, summary, samples, sample_rows, members)


def _keeping(rows: Iterator[LedgerRow], wanted: Mapping[str, str], kept: dict[str, LedgerRow]) -> Iterator[LedgerRow]:
    """The rows, those of the wanted hashes also kept (the first of each)."""
    for row in rows:
        name = wanted.get(row.sha256)
        if name:
            kept.setdefault(name, row)
        yield row


def _members(rows: Iterator[LedgerRow], clusters: Sequence[str]) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {cluster: [] for cluster in clusters}
    for row in rows:
        of_cluster = members.get(row.cluster)
        same_bytes = row.duplicate_of and row.outcome == READ
        if of_cluster is not None and len(of_cluster) < _MEMBERS and not same_bytes:
            of_cluster.append(row.source)
    return members


def page(found: DatasetFiles, title: str) -> str:
    """The page as HTML."""
    music = token_statistics.of_vocabulary(found.vocabulary, found.encoding)
    filled = {
        "title": text(title),
        "summary": files_section.headline(found.described, found.summary),
        "warnings": files_section.warnings(found.described, found.summary),
        "splits": files_section.splits(found.described),
        "rolls": music_section.rolls(found.samples, found.sample_rows),
        "pitches": music_section.pitches(music),
        "durations": music_section.durations(music, found.encoding.name, found.samples),
        "lengths": music_section.lengths(found.summary),
        "tokens": music_section.tokens(found.vocabulary),
        "files": files_section.files(found.summary),
        "duplicates": files_section.duplicates(found.summary, found.members),
        "made": files_section.made(found.described),
    }
    return template.document("pipelines.dataset_report", TEMPLATE, filled)
