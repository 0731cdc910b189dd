"""Summarises a ledger's rows, in bounded memory."""

import collections
import dataclasses
import heapq
from collections.abc import Iterable
from typing import Any

from nabi.music.errors import REASONS
from nabi.music.song_id import SongId
from nabi.workspace.ledger import OUTCOMES, READ, LedgerRow
from pipelines.dataset_report.quantile_sketch import QuantileSketch

# Reason -> its meaning: those of the readers, and those that the pipeline adds.
_MEANINGS = {
    **REASONS,
    "too-short": "the song has fewer than 2 tokens",
    "too-few-events": "fewer notes and chords than --min_events",
    "too-many-events": "more notes and chords than --max_events",
    "too-few-pitches": "fewer different pitches than --min_pitches",
    "too-many-quarters": "longer than --max_quarters",
    "too-few-steps": "fewer steps than --min_steps",
    "other-meter": "its time signature is none of --meters",
    "nothing-left": "no note is left by --excerpt and --pitches",
    "near-duplicate": "the same tune as another song, and --near_duplicates is drop",
}
# Groups of duplicates and licences with counts of their own; all beyond are counted together, under "".
_MOST_GROUPS = 100_000


@dataclasses.dataclass
class LedgerSummary:
    """Counts of a ledger, in bounded memory.

    Attributes:
      slowest_count: number of the slowest files to keep.
      outcomes: outcome -> files.
      reasons: (outcome, reason) -> files.
      examples: (outcome, reason) -> the first such source.
      splits: split -> songs, tokens, unknown tokens and windows.
      events: length in events of each song that has records.
      tokens: length in tokens of each song that has records.
      seconds: reading time of each file.
      slowest: (seconds, source) of the slowest files, as a heap.
      duplicates: source whose records stand for others -> number of the others.
      clusters: hash of a cluster of near duplicates -> number of its songs besides the one of that hash.
      licences: licence -> files.
    """

    slowest_count: int = 10
    outcomes: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    reasons: collections.Counter[tuple[str, str]] = dataclasses.field(default_factory=collections.Counter)
    examples: dict[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    splits: dict[str, collections.Counter[str]] = dataclasses.field(default_factory=dict)
    events: QuantileSketch = dataclasses.field(default_factory=QuantileSketch)
    tokens: QuantileSketch = dataclasses.field(default_factory=QuantileSketch)
    seconds: QuantileSketch = dataclasses.field(default_factory=QuantileSketch)
    slowest: list[tuple[float, str]] = dataclasses.field(default_factory=list)
    duplicates: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    clusters: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    licences: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)

    def add(self, row: LedgerRow) -> None:
        """Counts a row."""
        self.outcomes[row.outcome] += 1
        if row.reason:
            self.reasons[row.outcome, row.reason] += 1
            self.examples.setdefault((row.outcome, row.reason), row.source)
        self.seconds.add(row.seconds)
        heapq.heappush(self.slowest, (row.seconds, row.source))
        if len(self.slowest) > self.slowest_count:
            heapq.heappop(self.slowest)
        if row.licence:
            _count(self.licences, row.licence)
        # Only byte-identical copies count here: a dropped near duplicate also names a song, but is `filtered`.
        if row.duplicate_of and row.outcome == READ:
            _count(self.duplicates, row.duplicate_of)
            return
        # A cluster is named after the hash of one of its songs, and a song without near duplicates may be its own.
        if row.cluster and row.cluster != SongId.parse(row.sha256).short:
            _count(self.clusters, row.cluster)
        if row.outcome == READ:
            self._add_song(row)

    def _add_song(self, row: LedgerRow) -> None:
        self.events.add(row.events)
        self.tokens.add(row.tokens)
        split = self.splits.setdefault(row.split, collections.Counter())
        split.update({"songs": 1, "tokens": row.tokens, "unknown": row.unknown_tokens, "windows": row.windows})

    def by_reason(self, outcome: str) -> list[tuple[str, int, str, str]]:
        """Lists (reason, files, meaning, example source) of an outcome, the commonest reason first."""
        ordered = sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))
        return [
            (reason, count, _MEANINGS.get(reason, ""), self.examples[outcome, reason])
            for (row_outcome, reason), count in ordered
            if row_outcome == outcome
        ]

    def to_json(self) -> dict[str, Any]:
        """Returns the summary as a JSON object; shares are of all files, 0..1."""
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
        """Lists (seconds, source) of the slowest files, the slowest first."""
        return sorted(self.slowest, key=lambda row: (-row[0], row[1]))

    def near_duplicates(self) -> int:
        """Counts the songs that are in clusters of at least two."""
        return self.clusters.total() + len(self.clusters)


def summarise(rows: Iterable[LedgerRow], slowest: int = 10) -> LedgerSummary:
    """Summarises rows, which are iterated once.

    Args:
      rows: the ledger's rows.
      slowest: number of the slowest files to keep.
    """
    summary = LedgerSummary(slowest)
    for row in rows:
        summary.add(row)
    return summary


def _count(groups: collections.Counter[str], key: str) -> None:
    groups[key if key in groups or len(groups) < _MOST_GROUPS else ""] += 1


def _share(count: int, files: int) -> dict[str, Any]:
    return {"files": count, "share": round(count / files, 6) if files else 0}
