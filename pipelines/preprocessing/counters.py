"""Sums over a whole dataset, each bounded in size whatever the number of files."""

import collections
import hashlib
from collections.abc import Iterable
from typing import Any

import apache_beam as beam

from nabi.workspace.ledger import LedgerRow
from pipelines.reading.rows import WrittenSong

_SMALLEST = 3
_FIELDS = ("songs", "tokens", "unknown", "windows")


class SplitSummary(beam.CombineFn):
    """(split, song hash) -> songs a split, and the 3 smallest hashes of each (see `nabi.music.windows.rebalance`)."""

    def create_accumulator(self) -> tuple[dict[str, int], dict[str, list[str]]]:  # noqa: D102
        return {}, {}

    def add_input(self, accumulator: Any, element: tuple[str, str]) -> Any:  # noqa: D102
        split, song = element
        return self.merge_accumulators([accumulator, ({split: 1}, {split: [song]})])

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:  # noqa: D102
        counts: collections.Counter[str] = collections.Counter()
        smallest: dict[str, list[str]] = {}
        for more, songs in accumulators:
            counts.update(more)
            for split, some in songs.items():
                smallest[split] = sorted([*smallest.get(split, []), *some])[:_SMALLEST]
        return dict(counts), smallest

    def extract_output(self, accumulator: Any) -> Any:  # noqa: D102
        return accumulator


class FileTotals(beam.CombineFn):
    """Ledger rows -> {"files": {outcome: count}, "reasons": {reason: count}, "duplicates": count, "reused": count}."""

    def create_accumulator(self) -> collections.Counter[tuple[str, str]]:  # noqa: D102
        return collections.Counter()

    def add_input(self, accumulator: Any, row: LedgerRow) -> Any:  # noqa: D102
        accumulator["files", row.outcome] += 1
        if row.reason:
            accumulator["reasons", row.reason] += 1
        if row.reused:
            accumulator["reused", "songs"] += 1
        if row.duplicate_of:
            accumulator["duplicates", "dropped"] += 1
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:  # noqa: D102
        return sum(accumulators, collections.Counter())

    def extract_output(self, accumulator: Any) -> dict[str, dict[str, int]]:  # noqa: D102
        output: dict[str, dict[str, int]] = {"files": {}, "reasons": {}, "duplicates": {}, "reused": {}}
        for (group, name), count in sorted(accumulator.items()):
            output[group][name] = count
        return output


class SplitTotals(beam.CombineFn):
    """What was written -> {"splits": {split: {field: sum}}, "songs": a digest of all (song, split)."""

    def create_accumulator(self) -> tuple[collections.Counter[tuple[str, str]], int]:  # noqa: D102
        return collections.Counter(), 0

    def add_input(self, accumulator: Any, written: WrittenSong) -> Any:  # noqa: D102
        counts, digest = accumulator
        values = (1, written.tokens, written.unknown, written.windows)
        for field, value in zip(_FIELDS, values, strict=True):
            counts[written.split, field] += value
        return counts, digest + _digest(written)

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:  # noqa: D102
        counts, digest = collections.Counter(), 0
        for more, part in accumulators:
            counts.update(more)
            digest += part
        return counts, digest

    def extract_output(self, accumulator: Any) -> dict[str, Any]:  # noqa: D102
        counts, digest = accumulator
        splits: dict[str, dict[str, int]] = {}
        for (split, field), value in sorted(counts.items()):
            splits.setdefault(split, {})[field] = value
        return {"splits": splits, "songs": f"{digest % 2**256:064x}"}


def _digest(written: WrittenSong) -> int:
    """A sum of hashes does not depend on the order, so no worker needs all songs in memory to sort them."""
    return int.from_bytes(hashlib.sha256(f"{written.song} {written.split}".encode()).digest(), "big")
