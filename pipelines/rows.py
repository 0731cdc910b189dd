"""What happened to each source: the row that a worker makes of it, and the ledger's row."""

import dataclasses
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pipelines.settings import Settings
from pipelines.sources import Source
from pipelines.spool import Position
from songs import reading, storage, tunes
from songs.errors import ParseError
from songs.reading import read_song
from songs.song import Song

READ, FILTERED, LOST = "read", "filtered", "lost"


@dataclasses.dataclass(frozen=True)
class Row:
    """A source, read.

    Attributes:
      source: its name.
      outcome: `read`, `filtered` by a limit that the user chose, or `lost`.
      reason: why it was filtered or lost: a key of `songs.errors.REASONS`, or a limit; of a song that was read
        `readers-differ`, if `--parser both` found that.
      detail: the reason in a sentence.
      sha256: of the bytes.
      instrument: whose notes were taken.
      events: notes and chords of the song.
      seconds: that reading took.
      position: where the song is spooled.
      song: the name under which its records are written: the hash, `+1` ... where duplicates are kept.
      bands: of the tune (see `songs.tunes`), until clusters are named.
      cluster: the smallest song of the near duplicates that it belongs to, itself among them.
      duplicate_of: the source whose records stand for this one, "" if it has its own.
    """

    source: str
    outcome: str
    reason: str = ""
    detail: str = ""
    sha256: str = ""
    instrument: str = ""
    events: int = 0
    seconds: float = 0.0
    position: Position | None = None
    song: str = ""
    bands: tuple[str, ...] = ()
    cluster: str = ""
    duplicate_of: str = ""


@dataclasses.dataclass(frozen=True)
class Encoded:
    """A song, written: its split, its cluster, its tokens (marks included), how many are unknown, and its windows."""

    song: str
    split: str
    tokens: int
    unknown: int
    windows: int
    cluster: str = ""


def read_source(source: Source, settings: Settings) -> tuple[Row, Song | None]:
    """A source's row, and its song if it has one; never raises for what a file holds."""
    began = time.monotonic()
    try:
        if source.failure:
            raise ParseError("not-expanded", source.failure)
        data = storage.read_bytes(source.path)
        song = read_song(data, source=source.name, instrument=settings.instrument, parser=settings.parser)
        differ = reading.difference(data, settings.instrument) if settings.parser == "both" else ""
    except ParseError as error:
        return _no_song(source, LOST, error.reason, error.detail, began), None
    except storage.StorageError as error:
        return _no_song(source, LOST, "unreadable", str(error), began), None
    if refusal := settings.limits.refusal(song) or _too_short(song, settings):
        return _no_song(source, FILTERED, *refusal, began), None
    row = Row(
        source=source.name,
        outcome=READ,
        reason="readers-differ" if differ else "",
        detail=differ,
        bands=tunes.bands(song) if settings.near_duplicates != "keep" else (),
        sha256=song.about.sha256,
        instrument=song.about.instrument,
        events=len(song),
        seconds=time.monotonic() - began,
    )
    return row, song


def _no_song(source: Source, outcome: str, reason: str, detail: str, began: float) -> Row:
    return Row(source.name, outcome, reason, detail, seconds=time.monotonic() - began)


def _too_short(song: Song, settings: Settings) -> tuple[str, str] | None:
    """The refusal of a song of fewer than 2 tokens, which leaves nothing to predict; only a single event may be."""
    if len(song) >= 2 or settings.song_marks or len(settings.build_encoding().encode(song)) >= 2:
        return None
    return "too-short", "the song has fewer than 2 tokens"


def name_duplicates(rows: Iterable[Row], keep: bool) -> Iterator[Row]:
    """Names the songs of byte-identical sources.

    Args:
      rows: read from sources of equal content, in any order.
      keep: whether each is a song of its own; otherwise the first by source name stands for all.
    """
    first, *others = sorted(rows, key=lambda row: row.source)
    yield dataclasses.replace(first, song=first.sha256)
    for number, row in enumerate(others, 1):
        song = f"{row.sha256}+{number}" if keep else row.sha256
        yield dataclasses.replace(row, song=song, duplicate_of="" if keep else first.source)


def ledger_rows(same: Sequence[Row], encoded: Sequence[Encoded]) -> Iterator[dict[str, Any]]:
    """The ledger's rows of one song.

    Args:
      same: the row of the song, and those of its byte-identical copies.
      encoded: what was written of it; nothing if it was dropped as a near duplicate, and its copies with it.
    """
    dropped = next((row for row in same if row.outcome == FILTERED), None)
    for row in same:
        if dropped and row is not dropped:
            row = dataclasses.replace(row, outcome=FILTERED, reason=dropped.reason, detail=dropped.detail)
        yield ledger_row(row, encoded)


def ledger_row(row: Row, encoded: Sequence[Encoded]) -> dict[str, Any]:
    """The ledger's row of a source: a JSON object."""
    written = encoded[0] if encoded else Encoded("", "", 0, 0, 0)
    return {
        "source": row.source,
        "outcome": row.outcome,
        "reason": row.reason,
        "detail": row.detail,
        "sha256": row.sha256,
        "instrument": row.instrument,
        "events": row.events,
        "tokens": written.tokens,
        "unknown_tokens": written.unknown,
        "windows": written.windows,
        "split": written.split,
        "duplicate_of": row.duplicate_of,
        "cluster": written.cluster or row.cluster,
        "seconds": round(row.seconds, 4),
    }
