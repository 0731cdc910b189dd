"""Joins the rows of read sources with the songs that were written of them: the rows of the ledger."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from nabi.workspace.ledger import FILTERED, LedgerRow
from pipelines.reading.outcomes import ReadOutcome, WrittenSong

_NAMES = [field.name for field in dataclasses.fields(LedgerRow)]


def song_rows(rows_and_written: Iterable[ReadOutcome | WrittenSong]) -> Iterator[LedgerRow]:
    """Yields the ledger's rows of one song.

    Args:
      rows_and_written: the row of the song, those of its byte-identical copies, and the written song; there is none if
        the song was dropped as a near duplicate, and its copies with it. Iterated three times and not held in memory:
        there may be a million copies.
    """
    written = [element for element in rows_and_written if isinstance(element, WrittenSong)]
    rows = (element for element in rows_and_written if isinstance(element, ReadOutcome))
    dropped = next((row for row in rows if row.outcome == FILTERED), None)
    for row in rows_and_written:
        if isinstance(row, ReadOutcome):
            if dropped and row.outcome != FILTERED:
                row = dataclasses.replace(row, outcome=FILTERED, reason=dropped.reason, detail=dropped.detail)
            yield source_row(row, written)


def source_row(row: ReadOutcome, written_songs: Sequence[WrittenSong]) -> LedgerRow:
    """Returns the ledger's row of a source, with the split and the sizes of its song if that was written.

    Args:
      row: the row of the source.
      written_songs: its written song, or nothing.
    """
    written = written_songs[0] if written_songs else WrittenSong("", "", 0, 0, 0)
    columns = LedgerRow(**{name: getattr(row, name) for name in _NAMES})
    return dataclasses.replace(
        columns,
        shortened_quarters=round(row.shortened_quarters, 4),
        tokens=written.tokens,
        unknown_tokens=written.unknown,
        windows=written.windows,
        split=written.split,
        cluster=written.cluster or row.cluster,
        seconds=round(row.seconds, 4),
    )
