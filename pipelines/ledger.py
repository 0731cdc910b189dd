"""`python -m pipelines.ledger DIR`: what became of a dataset's files: read, filtered, lost and why, and the time."""

import argparse
import collections
import dataclasses
import heapq
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pipelines.tally import Tally
from songs import layout, storage
from songs.errors import REASONS

# As in `pipelines.rows`, which is not imported: it brings the reader along, and this command only counts.
OUTCOMES = ("read", "filtered", "lost")
# What no parser says: reasons that the pipeline gives.
_MEANINGS = {
    **REASONS,
    "too-short": "the song has fewer than 2 tokens",
    "readers-differ": "read, and the fast reader and music21 do not agree on it",
}
# Groups of duplicates and licences that are told apart; what lies beyond is counted together, under "".
_MOST_GROUPS = 100_000


class LedgerError(Exception):
    """A directory without a ledger that can be read, in one sentence."""


@dataclasses.dataclass
class Summary:
    """What a ledger says, in bounded memory.

    Attributes:
      slowest_count: files to name of those that took longest to read.
      outcomes: outcome -> files.
      reasons: (outcome, reason) -> files.
      examples: (outcome, reason) -> the first such source.
      splits: split -> songs, tokens, unknown tokens and windows.
      events: of each song that has records, in events.
      tokens: the same in tokens.
      seconds: that reading each file took.
      slowest: (seconds, source) of the slowest, as a heap.
      duplicates: source whose records stand for others -> how many others.
      clusters: hash of a cluster of near duplicates -> how many songs besides the one of that hash.
      licences: licence -> files.
    """

    slowest_count: int = 10
    outcomes: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    reasons: collections.Counter[tuple[str, str]] = dataclasses.field(default_factory=collections.Counter)
    examples: dict[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    splits: dict[str, collections.Counter[str]] = dataclasses.field(default_factory=dict)
    events: Tally = dataclasses.field(default_factory=Tally)
    tokens: Tally = dataclasses.field(default_factory=Tally)
    seconds: Tally = dataclasses.field(default_factory=Tally)
    slowest: list[tuple[float, str]] = dataclasses.field(default_factory=list)
    duplicates: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    clusters: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    licences: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)

    def add(self, row: dict[str, Any]) -> None:
        """Counts a row."""
        outcome, reason, source = row["outcome"], row.get("reason", ""), row["source"]
        self.outcomes[outcome] += 1
        if reason:
            self.reasons[outcome, reason] += 1
            self.examples.setdefault((outcome, reason), source)
        seconds = float(row.get("seconds", 0))
        self.seconds.add(seconds)
        heapq.heappush(self.slowest, (seconds, source))
        if len(self.slowest) > self.slowest_count:
            heapq.heappop(self.slowest)
        if row.get("licence"):
            _count(self.licences, row["licence"])
        if row.get("duplicate_of"):
            _count(self.duplicates, row["duplicate_of"])
        elif outcome == "read":
            self._add_song(row)

    def _add_song(self, row: dict[str, Any]) -> None:
        self.events.add(row.get("events", 0))
        self.tokens.add(row.get("tokens", 0))
        split = self.splits.setdefault(row.get("split", ""), collections.Counter())
        keys = {"tokens": "tokens", "unknown": "unknown_tokens", "windows": "windows"}
        split.update({"songs": 1} | {name: row.get(key, 0) for name, key in keys.items()})
        cluster = row.get("cluster")
        # A cluster is named by a member's hash, and a song without near duplicates may be a cluster of its own.
        if cluster and cluster != row.get("sha256"):
            _count(self.clusters, cluster)

    def by_reason(self, outcome: str) -> list[tuple[str, int, str, str]]:
        """Reason, files, meaning and an example of an outcome, the commonest first."""
        ordered = sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))
        return [
            (reason, count, _MEANINGS.get(reason, ""), self.examples[of, reason])
            for (of, reason), count in ordered
            if of == outcome
        ]

    def to_json(self) -> dict[str, Any]:
        """The summary as a JSON object; shares are of all files."""
        files = self.seconds.count
        return {
            "files": files,
            "outcomes": {name: _share(self.outcomes[name], files) for name in OUTCOMES},
            "reasons": [
                {"outcome": outcome, "reason": reason, **_share(count, files), "meaning": meaning, "example": example}
                for outcome in OUTCOMES
                for reason, count, meaning, example in self.by_reason(outcome)
            ],
            "seconds": {
                "total": round(self.seconds.total, 4),
                "median": self.seconds.quantile(0.5),
                "percentile_95": self.seconds.quantile(0.95),
                "slowest": [{"source": source, "seconds": seconds} for seconds, source in self.ordered_slowest()],
            },
            "events": {"total": self.events.total, "median": self.events.quantile(0.5), "most": self.events.highest},
            "tokens": {"total": self.tokens.total, "median": self.tokens.quantile(0.5), "most": self.tokens.highest},
            "splits": {split: dict(self.splits[split]) for split in sorted(self.splits)},
            "duplicates": self.duplicates.total(),
            "near_duplicates": {"clusters": len(self.clusters), "songs": self.near_duplicates()},
            "licences": dict(self.licences.most_common()),
        }

    def ordered_slowest(self) -> list[tuple[float, str]]:
        """(seconds, source) of the slowest files, the slowest first."""
        return sorted(self.slowest, key=lambda row: (-row[0], row[1]))

    def near_duplicates(self) -> int:
        """Songs that lie in a cluster of at least two."""
        return self.clusters.total() + len(self.clusters)


def summarise(rows: Iterable[dict[str, Any]], slowest: int = 10) -> Summary:
    """Counts rows, which may be a stream."""
    summary = Summary(slowest)
    for row in rows:
        summary.add(row)
    return summary


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


def _count(groups: collections.Counter[str], key: str) -> None:
    groups[key if key in groups or len(groups) < _MOST_GROUPS else ""] += 1


def _share(count: int, files: int) -> dict[str, Any]:
    return {"files": count, "share": round(count / files, 6) if files else 0}


def plain(text: str) -> str:
    """A text without what could steer a terminal or turn the direction of writing: shown as Python escapes it."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def describe(summary: Summary) -> str:
    """The summary as a person reads it."""
    files = summary.seconds.count
    counts = (f"{summary.outcomes[name]:,} {name} ({_percent(summary.outcomes[name], files)})" for name in OUTCOMES)
    lines = [f"{files:,} files: {', '.join(counts)}"]
    for outcome in OUTCOMES:
        for reason, count, meaning, example in summary.by_reason(outcome):
            lines.append(f"  {outcome:8} {reason:18} {count:9,}  {_percent(count, files):>7}  {meaning}")
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
        f"{summary.events.count:,} songs written: {summary.events.total:,} events, {summary.tokens.total:,} tokens; "
        f"the median song has {summary.events.quantile(0.5):,} events"
    ]
    for name, split in sorted(summary.splits.items()):
        lines.append(f"  {name:10} {split['songs']:9,} songs {split['tokens']:13,} tokens {split['windows']:11,} windows")
    lines.append(f"{summary.duplicates.total():,} files are another's bytes")
    if summary.clusters:
        lines.append(f"{summary.near_duplicates():,} songs are near duplicates, in {len(summary.clusters):,} clusters")
    return lines


def _percent(count: int, files: int) -> str:
    return f"{100 * count / files:.1f} %" if files else "0 %"


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
    """Prints the summary, or the sources of a reason."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.ledger", description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("folder", metavar="DIR", help="a dataset directory, local or gs://")
    add("--reason", help="list the sources of a reason, such as damaged, one a line")
    add("--slowest", type=int, default=10, metavar="N", help="name the N files that took longest (default: 10)")
    add("--json", action="store_true", help="print JSON: one object, or with --reason one a line")
    chosen = parser.parse_args(arguments)
    try:
        _print(chosen)
    except (LedgerError, storage.StorageError) as error:
        sys.exit(f"error: {error}")
    except BrokenPipeError:
        # `| head` has seen enough; nothing may be flushed into the closed pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print(chosen: argparse.Namespace) -> None:
    rows = read_rows(chosen.folder)
    if chosen.reason:
        for row in sources_of(rows, chosen.reason):
            print(json.dumps(row) if chosen.json else plain(row["source"]))
        return
    summary = summarise(rows, max(chosen.slowest, 0))
    print(json.dumps(summary.to_json(), indent=2) if chosen.json else describe(summary))


if __name__ == "__main__":
    main()
