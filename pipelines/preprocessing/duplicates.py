"""Rows of songs that are one song: which stands for all.

A group is gone through several times and never held in memory: one file may have a million copies.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator

from nabi.music.song_id import SongId
from nabi.workspace.ledger import FILTERED
from pipelines.reading.rows import ReadOutcome

NEAR_DUPLICATE = "near-duplicate"


def name_duplicates(rows: Iterable[ReadOutcome], keep: bool) -> Iterator[ReadOutcome]:
    """Names the songs of byte-identical sources.

    Args:
      rows: read from sources of equal content, in any order.
      keep: whether each is a song of its own, numbered, for which all are held in memory; otherwise the first by
        source name stands for all.
    """
    if keep:
        for number, row in enumerate(sorted(rows, key=lambda row: row.source)):
            yield dataclasses.replace(row, song=str(dataclasses.replace(SongId.parse(row.sha256), copy=number)))
    else:
        for row, first in with_first(rows, lambda row: row.source):
            yield dataclasses.replace(row, song=row.sha256, duplicate_of=first.source if first else "")


def drop_near_duplicates(cluster: Iterable[ReadOutcome]) -> Iterator[ReadOutcome]:
    """The rows of one cluster's songs: the song with the smallest name stays, the others are filtered."""
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
    """Each row with the first of them by key; that row itself with None. No two rows are equal."""
    first = min(rows, key=key)
    yield from ((row, None if row == first else first) for row in rows)
