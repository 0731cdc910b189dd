"""`report.html`: what a dataset holds, on one page that needs nothing but itself.

It is made from the dataset directory alone; `python -m pipelines.report DIR` writes it again.
"""

import dataclasses
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pages import headings, template
from pages.markup import text
from pipelines import measures, report_files, report_music
from pipelines.summary import Summary, summarise
from songs import encodings, job_exit, layout, ledger, storage
from songs.commands import Parser
from songs.ledger import READ, LedgerRow
from songs.song_id import SongId
from songs.vocabulary import Vocabulary

TEMPLATE = "report.html"
_SAMPLES = 8
# Clusters of near duplicates whose members are named, and how many members of each.
_CLUSTERS, _MEMBERS = 10, 6


@dataclasses.dataclass(frozen=True)
class Found:
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
    summary: Summary
    samples: Sequence[measures.Sample]
    sample_rows: Mapping[str, LedgerRow]
    members: Mapping[str, Sequence[str]]


def write(folder: str) -> None:
    """Publishes the page in a dataset directory, finished or not.

    Raises:
      ValueError, storage.StorageError: if the directory lacks or cannot give what the page tells.
    """
    storage.write_text(storage.join(folder, layout.REPORT), page(find(folder), headings.name_of(folder)))


def find(folder: str) -> Found:
    """Reads a dataset directory; the ledger is streamed."""
    described = layout.read_json(storage.join(folder, layout.DATASET))
    vocabulary = Vocabulary.from_json(storage.read_text(storage.join(folder, layout.VOCABULARY)))
    encoding = encodings.from_settings(described["settings"]["encoding"])
    shards = described["splits"]["train"]["shards"]
    samples = measures.samples(folder, shards, vocabulary, encoding, wanted=_SAMPLES)
    sample_rows: dict[str, LedgerRow] = {}
    wanted = {str(SongId.parse(sample.name).original): sample.name for sample in samples}
    summary = summarise(_keeping(ledger.read(folder), wanted, sample_rows))
    largest = [name for name, _ in summary.clusters.most_common(_CLUSTERS) if name]
    # A second pass, since only the first tells which clusters are large.
    members = _members(ledger.read(folder), largest) if largest else {}
    return Found(described, vocabulary, encoding, summary, samples, sample_rows, members)


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


def page(found: Found, title: str) -> str:
    """The page as HTML."""
    music = measures.of_vocabulary(found.vocabulary, found.encoding)
    filled = {
        "title": text(title),
        "summary": report_files.headline(found.described, found.summary),
        "warnings": report_files.warnings(found.described, found.summary),
        "splits": report_files.splits(found.described),
        "rolls": report_music.rolls(found.samples, found.sample_rows),
        "pitches": report_music.pitches(music),
        "durations": report_music.durations(music, found.encoding.name, found.samples),
        "lengths": report_music.lengths(found.summary),
        "tokens": report_music.tokens(found.vocabulary),
        "files": report_files.files(found.summary),
        "duplicates": report_files.duplicates(found.summary, found.members),
        "made": report_files.made(found.described),
    }
    return template.document("pipelines", TEMPLATE, filled)


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the page; what cannot be read ends with one sentence and exit status 2."""
    parser = Parser("python -m pipelines.report", description=__doc__)
    parser.add_argument("folder", metavar="DIR", help="a dataset directory, local or gs://")
    try:
        folder = parser.parse_args(arguments).folder
        write(folder)
    except (ValueError, storage.StorageError) as error:
        print(f"report: {error}", file=sys.stderr)
        sys.exit(2)
    print(storage.join(folder, layout.REPORT))


if __name__ == "__main__":
    job_exit.run(main, "report")
