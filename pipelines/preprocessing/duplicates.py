"""Chooses the row that stands for a group of duplicates: byte-identical files, or near duplicates.

A group is iterated several times and never held in memory: one file may have a million copies.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator

from nabi.music.song_id import SongId
from nabi.workspace.ledger import FILTERED
from pipelines.reading.outcomes import ReadOutcome

NEAR_DUPLICATE = "near-duplicate"


def name_duplicates(rows: Iterable[ReadOutcome], keep: bool) -> Iterator[ReadOutcome]:
    """Yields the rows of byte-identical sources with their songs' names.

    Args:
      rows: rows of sources of equal content, in any order.
      keep: true makes each a song of its own, numbered by source name, for which all are held in memory; false makes
        the first by source name stand for all, the others naming it in `duplicate_of`.
    """
    if keep:
        for number, row in enumerate(sorted(rows, key=lambda row: row.source)):
            yield dataclasses.replace(row, song=str(dataclasses.replace(SongId.parse(row.sha256), copy=number)))
    else:
        for row, first in with_first(rows, lambda row: row.source):
            yield dataclasses.replace(row, song=row.sha256, duplicate_of=first.source if first else "")


def drop_near_duplicates(cluster: Iterable[ReadOutcome]) -> Iterator[ReadOutcome]:
    """Yields the rows of one cluster's songs: the song with the smallest name stays, the others are filtered."""
    for row, first in with_first(cluster, lambda row: row.song):
        if first:
            detail = f"the same tune as {first.source}"
            row = dataclasses.replace(
                row, outcome=FILTERED, reason=NEAR_DUPLICATE, detail=detail, duplicate_of=first.source
            )
        yield row


def with_first(
    rows: Iterable[ReadOutcome], key: Callable[[ReadOutcome], str]
) -> Iterator[tuple[ReadOutcome, ReadOutcome | None]]:
    """Yields each row with the row of the smallest key, and that row itself with None; no two rows may be equal."""
    first = min(rows, key=key)
    yield from ((row, None if row == first else first) for row in rows)
