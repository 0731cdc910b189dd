"""`python -m pipelines.ledger DIR`: what became of a dataset's files: read, filtered, lost and why, and the time."""

import argparse
import collections
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pages.markup import count, percent, plain
from pipelines.summary import OUTCOMES, Summary, summarise
from songs import job_exit, layout, storage
from songs.commands import Parser

# Licences that are named: those of most files.
_LICENCES = 20


class LedgerError(Exception):
    """A directory without a ledger that can be read, in one sentence."""


def read_rows(folder: str) -> Iterator[dict[str, Any]]:
    """The rows of a dataset's ledger, one at a time; raises LedgerError or StorageError."""
    paths = [info.path for info in storage.match(folder)]
    shards = [path for path in paths if _is_shard(path, folder)]
    if not paths:
        raise LedgerError(f"there is no directory {folder}, or nothing is in it: give a dataset directory")
    if not shards:
        raise LedgerError(f"{folder} has no {layout.LEDGER}-*.jsonl: `python -m pipelines.preprocess` writes one")
    for path in shards:
        with storage.open_read(path) as file:
            for number, line in enumerate(file, 1):
                yield _row(line, f"{path}, line {number}")


def _is_shard(path: str, folder: str) -> bool:
    name = path.rpartition("/")[2]
    return path == storage.join(folder, name) and name.startswith(f"{layout.LEDGER}-") and name.endswith(".jsonl")


def _row(line: bytes, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise LedgerError(f"{place} is no JSON: {error}") from error
    if not isinstance(row, dict) or not {"source", "outcome"} <= row.keys():
        raise LedgerError(f"{place} is no row of a ledger: it lacks `source` or `outcome`")
    return row


def describe(summary: Summary) -> str:
    """The summary as a person reads it."""
    files = summary.seconds.count
    counts = (f"{summary.outcomes[name]:,} {name} ({percent(summary.outcomes[name], files)})" for name in OUTCOMES)
    lines = [f"{count(files, 'file')}: {', '.join(counts)}"]
    for outcome in OUTCOMES:
        for reason, number, meaning, example in summary.by_reason(outcome):
            lines.append(f"  {outcome:8} {reason:18} {number:9,}  {percent(number, files):>7}  {meaning}")
            lines.append(f"{'':50}such as {plain(example)}")
    seconds = summary.seconds
    lines.append(
        f"{seconds.total:,.1f} s of reading: median {seconds.quantile(0.5):.3g} s a file, "
        f"95 % within {seconds.quantile(0.95):.3g} s; the slowest:"
    )
    lines += [f"  {took:9.3f} s  {plain(source)}" for took, source in summary.ordered_slowest()]
    return "\n".join([*lines, *_describe_songs(summary)])


def _describe_songs(summary: Summary) -> list[str]:
    lines = [
        f"{count(summary.events.count, 'song')} written: {summary.events.total:,} events, "
        f"{summary.tokens.total:,} tokens; "
        f"the median song has {summary.events.quantile(0.5):,} events"
    ]
    for name, split in sorted(summary.splits.items()):
        lines.append(
            f"  {name:10} {split['songs']:9,} songs {split['tokens']:13,} tokens {split['windows']:11,} windows"
        )
    lines.append(f"{count(summary.duplicates.total(), 'file')} with the bytes of another")
    if summary.clusters:
        lines.append(f"{summary.near_duplicates():,} songs nearly alike, in {count(len(summary.clusters), 'cluster')}")
    if summary.licences:
        lines.append("licences:")
        lines += [
            f"  {number:9,}  {plain(name) or 'others'}" for name, number in summary.licences.most_common(_LICENCES)
        ]
    return lines


def sources_of(rows: Iterable[dict[str, Any]], reason: str) -> Iterator[dict[str, Any]]:
    """The rows of a reason; raises LedgerError at the end if there was none, naming the reasons there are."""
    others: collections.Counter[str] = collections.Counter()
    found = False
    for row in rows:
        if row.get("reason") == reason:
            found = True
            yield row
        others[row.get("reason") or ""] += 1
    if not found:
        known = ", ".join(sorted(filter(None, others))) or "none at all"
        raise LedgerError(f"no file has the reason {reason!r}; the ledger knows {known}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the summary, or the sources of a reason; what cannot be read ends with one sentence and exit status 2."""
    parser = Parser("python -m pipelines.ledger", description=__doc__)
    add = parser.add_argument
    add("folder", metavar="DIR", help="a dataset directory, local or gs://")
    add("--reason", help="list the sources of a reason, such as damaged, one a line")
    add("--slowest", type=int, default=10, metavar="N", help="name the N files that took longest (default: 10)")
    add("--json", action="store_true", help="print JSON: one object, or with --reason one a line")
    try:
        chosen = parser.parse_args(arguments)
        _print(chosen)
    except (ValueError, LedgerError, storage.StorageError) as error:
        print(f"ledger: {error}", file=sys.stderr)
        sys.exit(2)


def _print(chosen: argparse.Namespace) -> None:
    rows = read_rows(chosen.folder)
    if chosen.reason:
        for row in sources_of(rows, chosen.reason):
            print(json.dumps(row) if chosen.json else plain(row["source"]))
        return
    summary = summarise(rows, max(chosen.slowest, 0))
    print(json.dumps(summary.to_json(), indent=2) if chosen.json else describe(summary))


if __name__ == "__main__":
    job_exit.run(main, "ledger")
