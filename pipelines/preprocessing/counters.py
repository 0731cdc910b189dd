"""Beam combiners over a whole dataset; the size of their accumulators does not grow with the number of files."""

import collections
import hashlib
import heapq
from collections.abc import Collection, Iterable
from typing import Any

import apache_beam as beam

from nabi.workspace.ledger import LedgerRow
from pipelines.reading.outcomes import WrittenSong

_SMALLEST = 3
_FIELDS = ("songs", "tokens", "unknown", "windows")


class SplitSummary(beam.CombineFn):
    """(split, song hash) -> songs of each split, and its 3 smallest hashes (see `nabi.music.windows.rebalance`)."""

    def create_accumulator(self) -> tuple[dict[str, int], dict[str, list[str]]]:
        """Returns ({split: songs}, {split: smallest hashes}), both empty."""
        return {}, {}

    def add_input(self, accumulator: Any, element: tuple[str, str]) -> Any:
        """Counts a song."""
        split, song = element
        return self.merge_accumulators([accumulator, ({split: 1}, {split: [song]})])

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:
        """Adds the counts and keeps the smallest hashes."""
        counts: collections.Counter[str] = collections.Counter()
        smallest: dict[str, list[str]] = {}
        for other_counts, other_smallest in accumulators:
            counts.update(other_counts)
            for split, songs in other_smallest.items():
                smallest[split] = sorted([*smallest.get(split, []), *songs])[:_SMALLEST]
        return dict(counts), smallest

    def extract_output(self, accumulator: Any) -> Any:
        """Returns the accumulator, the two arguments that `rebalance` takes first."""
        return accumulator


class MostFrequent(beam.CombineFn):
    """(token, count) of different tokens -> {token: count} of those to keep.

    Attributes:
      required: tokens that are kept.
      most: number of others that are kept, those with the largest counts, of equal counts the smallest.
      least: others with a smaller count are not kept.
    """

    def __init__(self, required: Collection[str], most: int, least: int) -> None:
        super().__init__()
        self.required, self.most, self.least = required, most, least

    def create_accumulator(self) -> dict[str, int]:
        """Returns no counts."""
        return {}

    def add_input(self, accumulator: dict[str, int], count: tuple[str, int]) -> dict[str, int]:
        """Adds a token; from time to time those are dropped that cannot be kept."""
        accumulator.update([count])
        # At most two counts are sorted for each that is added.
        return self._kept(accumulator) if len(accumulator) > 2 * (self.most + len(self.required)) else accumulator

    def merge_accumulators(self, accumulators: Iterable[dict[str, int]]) -> dict[str, int]:
        """Joins the counts of different tokens."""
        merged = self.create_accumulator()
        for counts in accumulators:
            merged = self._kept({**merged, **counts})
        return merged

    def extract_output(self, accumulator: dict[str, int]) -> dict[str, int]:
        """Drops all that are not kept."""
        return self._kept(accumulator)

    def _kept(self, counts: dict[str, int]) -> dict[str, int]:
        others = (item for item in counts.items() if item[0] not in self.required and item[1] >= self.least)
        frequent = heapq.nsmallest(self.most, others, key=lambda item: (-item[1], item[0]))
        return {**{token: count for token, count in counts.items() if token in self.required}, **dict(frequent)}


class FileTotals(beam.CombineFn):
    """Ledger rows -> {"files": {outcome: count}, "reasons": {reason: count}, "duplicates": count, "reused": count}."""

    def create_accumulator(self) -> collections.Counter[tuple[str, str]]:
        """Returns an empty count of (group of the output, name in it)."""
        return collections.Counter()

    def add_input(self, accumulator: Any, row: LedgerRow) -> Any:
        """Counts a row."""
        accumulator["files", row.outcome] += 1
        if row.reason:
            accumulator["reasons", row.reason] += 1
        if row.reused:
            accumulator["reused", "songs"] += 1
        if row.duplicate_of:
            accumulator["duplicates", "dropped"] += 1
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:
        """Adds the counts."""
        return sum(accumulators, collections.Counter())

    def extract_output(self, accumulator: Any) -> dict[str, dict[str, int]]:
        """Groups the counts, names in ascending order."""
        output: dict[str, dict[str, int]] = {"files": {}, "reasons": {}, "duplicates": {}, "reused": {}}
        for (group, name), count in sorted(accumulator.items()):
            output[group][name] = count
        return output


class SplitTotals(beam.CombineFn):
    """Written songs -> {"splits": {split: {field: sum}}, "songs": a digest of all (song, split)}."""

    def create_accumulator(self) -> tuple[collections.Counter[tuple[str, str]], int]:
        """Returns (empty sums of (split, field), the digest of no song)."""
        return collections.Counter(), 0

    def add_input(self, accumulator: Any, written: WrittenSong) -> Any:
        """Adds a song's figures and its hash."""
        counts, digest = accumulator
        values = (1, written.tokens, written.unknown, written.windows)
        for field, value in zip(_FIELDS, values, strict=True):
            counts[written.split, field] += value
        return counts, digest + _digest(written)

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:
        """Adds the sums and the digests."""
        counts, digest = collections.Counter(), 0
        for other_counts, other_digest in accumulators:
            counts.update(other_counts)
            digest += other_digest
        return counts, digest

    def extract_output(self, accumulator: Any) -> dict[str, Any]:
        """Groups the sums by split and writes the digest as 64 hexadecimal digits."""
        counts, digest = accumulator
        splits: dict[str, dict[str, int]] = {}
        for (split, field), value in sorted(counts.items()):
            splits.setdefault(split, {})[field] = value
        return {"splits": splits, "songs": f"{digest % 2**256:064x}"}


# What `SplitTotals` gives without a song.
NOTHING_WRITTEN = SplitTotals().extract_output(SplitTotals().create_accumulator())


def _digest(written: WrittenSong) -> int:
    """Hashes a song's name and split: the sum of such hashes needs no order, so that nobody has to sort all songs."""
    return int.from_bytes(hashlib.sha256(f"{written.song} {written.split}".encode()).digest(), "big")
