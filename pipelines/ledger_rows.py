"""What a worker's rows say in the ledger."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pipelines.rows import FILTERED, Encoded, Row


def of_song(told: Iterable[Row | Encoded]) -> Iterator[dict[str, Any]]:
    """The ledger's rows of one song.

    Args:
      told: the row of the song, those of its byte-identical copies, and what was written of it; nothing was if it was
        dropped as a near duplicate, and its copies with it. Gone through three times, as there may be a million.
    """
    encoded = [one for one in told if isinstance(one, Encoded)]
    dropped = next((one for one in told if isinstance(one, Row) and one.outcome == FILTERED), None)
    for row in told:
        if isinstance(row, Row):
            if dropped and row.outcome != FILTERED:
                row = dataclasses.replace(row, outcome=FILTERED, reason=dropped.reason, detail=dropped.detail)
            yield of_source(row, encoded)


def of_source(row: Row, encoded: Sequence[Encoded]) -> dict[str, Any]:
    """The ledger's row of a source: a JSON object."""
    written = encoded[0] if encoded else Encoded("", "", 0, 0, 0)
    return {
        "source": row.source,
        "outcome": row.outcome,
        "reason": row.reason,
        "detail": row.detail,
        "sha256": row.sha256,
        "instrument": row.instrument,
        "alternatives": list(row.alternatives),
        "repaired": list(row.repaired),
        "shortened_quarters": round(row.shortened_quarters, 4),
        "licence": row.licence,
        "events": row.events,
        "tokens": written.tokens,
        "unknown_tokens": written.unknown,
        "windows": written.windows,
        "split": written.split,
        "duplicate_of": row.duplicate_of,
        "reused": row.reused,
        "cluster": written.cluster or row.cluster,
        "seconds": round(row.seconds, 4),
    }
