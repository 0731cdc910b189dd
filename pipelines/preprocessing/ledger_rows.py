"""A worker's rows, and what was written of their songs -> rows of the ledger."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from nabi.workspace.ledger import FILTERED, LedgerRow
from pipelines.reading.rows import ReadOutcome, WrittenSong

_NAMES = [field.name for field in dataclasses.fields(LedgerRow)]


def of_song(told: Iterable[ReadOutcome | WrittenSong]) -> Iterator[LedgerRow]:
    """The ledger's rows of one song.

    Args:
      told: the row of the song, those of its byte-identical copies, and what was written of it; nothing was if it was
        dropped as a near duplicate, and its copies with it. Gone through three times, as there may be a million.
    """
    encoded = [one for one in told if isinstance(one, WrittenSong)]
    dropped = next((one for one in told if isinstance(one, ReadOutcome) and one.outcome == FILTERED), None)
    for row in told:
        if isinstance(row, ReadOutcome):
            if dropped and row.outcome != FILTERED:
                row = dataclasses.replace(row, outcome=FILTERED, reason=dropped.reason, detail=dropped.detail)
            yield of_source(row, encoded)


def of_source(row: ReadOutcome, encoded: Sequence[WrittenSong]) -> LedgerRow:
    """The ledger's row of a source, with what was written of its song."""
    written = encoded[0] if encoded else WrittenSong("", "", 0, 0, 0)
    known = LedgerRow(**{name: getattr(row, name) for name in _NAMES})
    return dataclasses.replace(
        known,
        shortened_quarters=round(row.shortened_quarters, 4),
        tokens=written.tokens,
        unknown_tokens=written.unknown,
        windows=written.windows,
        split=written.split,
        cluster=written.cluster or row.cluster,
        seconds=round(row.seconds, 4),
    )
