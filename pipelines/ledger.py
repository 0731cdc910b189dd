"""`python -m pipelines.ledger DIR`: counts a dataset's files by outcome (read, filtered, lost), reason and time."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence

from nabi.pages.markup import count, percent, plain
from nabi.workspace import job_exit, ledger, storage
from nabi.workspace.commands import Parser
from nabi.workspace.ledger import OUTCOMES, LedgerRow
from pipelines.dataset_report.ledger_summary import LedgerSummary, summarise

# Licences listed, those with the most files first.
_LICENCES = 20


def describe(summary: LedgerSummary) -> str:
    """Returns the summary as lines of text for a terminal."""
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


def _describe_songs(summary: LedgerSummary) -> list[str]:
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


def rows_with_reason(rows: Iterable[LedgerRow], reason: str) -> Iterator[LedgerRow]:
    """Yields the rows with a reason; raises ValueError at the end if there was none, listing the ledger's reasons."""
    reasons: set[str] = set()
    for row in rows:
        if row.reason == reason:
            yield row
        reasons.add(row.reason)
    if reason not in reasons:
        known = ", ".join(sorted(filter(None, reasons))) or "none at all"
        raise ValueError(f"no file has the reason {reason!r}; the ledger knows {known}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the summary, or the sources with a reason; an unreadable ledger ends with one sentence and status 2."""
    parser = Parser("python -m pipelines.ledger", description=__doc__)
    add = parser.add_argument
    add("folder", metavar="DIR", help="a dataset directory, local or gs://")
    add("--reason", help="list the sources of a reason, such as damaged, one a line")
    add("--slowest", type=int, default=10, metavar="N", help="name the N files that took longest (default: 10)")
    add("--json", action="store_true", help="print JSON: one object, or with --reason one a line")
    try:
        chosen = parser.parse_args(arguments)
        _print(chosen)
    except (ValueError, storage.StorageError) as error:
        print(f"ledger: {error}", file=sys.stderr)
        sys.exit(2)


def _print(chosen: argparse.Namespace) -> None:
    rows = ledger.read(chosen.folder)
    if chosen.reason:
        for row in rows_with_reason(rows, chosen.reason):
            print(json.dumps(row.as_dict()) if chosen.json else plain(row.source))
        return
    summary = summarise(rows, max(chosen.slowest, 0))
    print(json.dumps(summary.to_json(), indent=2) if chosen.json else describe(summary))


if __name__ == "__main__":
    job_exit.run(main, "ledger")
