"""`report.html`: a dataset's content on one page, a single file that loads nothing else.

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
# Clusters of near duplicates whose members are listed, and the number of members listed of each.
_CLUSTERS, _MEMBERS = 10, 6


@dataclasses.dataclass(frozen=True)
class DatasetFiles:
    """Content of a dataset directory that the page shows.

    Attributes:
      description: content of dataset.json.
      vocabulary: the dataset's vocabulary.
      encoding: the dataset's encoding.
      summary: summary of the ledger.
      samples: a few songs of the training split.
      sample_rows: a sample's name -> its ledger row.
      members: hash of a cluster of near duplicates -> sources of its first members, for the largest clusters.
    """

    description: Mapping[str, Any]
    vocabulary: Vocabulary
    encoding: encodings.Encoding
    summary: LedgerSummary
    samples: Sequence[token_statistics.Sample]
    sample_rows: Mapping[str, LedgerRow]
    members: Mapping[str, Sequence[str]]


def write(folder: str) -> None:
    """Writes the page into a dataset directory, finished or not.

    Raises:
      ValueError, storage.StorageError: if a file that the page shows is missing or cannot be read.
    """
    storage.write_text(storage.join(folder, paths.REPORT), page(read(folder), headings.name_of(folder)))


def read(folder: str) -> DatasetFiles:
    """Reads a dataset directory; the ledger is streamed."""
    description = paths.read_json(storage.join(folder, paths.DATASET))
    vocabulary = Vocabulary.from_json(storage.read_text(storage.join(folder, paths.VOCABULARY)))
    encoding = encodings.from_settings(description["settings"]["encoding"])
    shards = description["splits"]["train"]["shards"]
    samples = token_statistics.samples(folder, shards, vocabulary, encoding, most=_SAMPLES)
    sample_rows: dict[str, LedgerRow] = {}
    names = {str(SongId.parse(sample.name).original): sample.name for sample in samples}
    summary = summarise(_keep_samples(ledger.read(folder), names, sample_rows))
    largest = [name for name, _ in summary.clusters.most_common(_CLUSTERS) if name]
    # The largest clusters are known only after the first pass over the ledger.
    members = _members(ledger.read(folder), largest) if largest else {}
    return DatasetFiles(description, vocabulary, encoding, summary, samples, sample_rows, members)


def _keep_samples(
    rows: Iterator[LedgerRow], names: Mapping[str, str], kept: dict[str, LedgerRow]
) -> Iterator[LedgerRow]:
    """Yields all rows, and puts the first row of each sample into `kept`.

    Args:
      rows: the ledger's rows.
      names: file hash -> name of its sample.
      kept: receives name -> row.
    """
    for row in rows:
        name = names.get(row.sha256)
        if name:
            kept.setdefault(name, row)
        yield row


def _members(rows: Iterator[LedgerRow], clusters: Sequence[str]) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {cluster: [] for cluster in clusters}
    for row in rows:
        sources = members.get(row.cluster)
        is_copy = row.duplicate_of and row.outcome == READ
        if sources is not None and len(sources) < _MEMBERS and not is_copy:
            sources.append(row.source)
    return members


def page(dataset: DatasetFiles, title: str) -> str:
    """Returns the page as HTML."""
    music = token_statistics.count_music(dataset.vocabulary, dataset.encoding)
    sections = {
        "title": text(title),
        "summary": files_section.headline(dataset.description, dataset.summary),
        "warnings": files_section.warnings(dataset.description, dataset.summary),
        "splits": files_section.splits(dataset.description),
        "rolls": music_section.rolls(dataset.samples, dataset.sample_rows),
        "pitches": music_section.pitches(music),
        "durations": music_section.durations(music, dataset.encoding.name, dataset.samples),
        "lengths": music_section.lengths(dataset.summary),
        "tokens": music_section.tokens(dataset.vocabulary),
        "files": files_section.files(dataset.summary),
        "duplicates": files_section.duplicates(dataset.summary, dataset.members),
        "provenance": files_section.provenance(dataset.description),
    }
    return template.document("pipelines.dataset_report", TEMPLATE, sections)
