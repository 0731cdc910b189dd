"""The ledger of a dataset: one row for each source with its outcome, written and read as JSON lines."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from nabi.workspace import paths, storage

READ, FILTERED, LOST = OUTCOMES = ("read", "filtered", "lost")

_AGAIN = "copy the dataset again, or make it again with `python -m pipelines.preprocess --overwrite`"


@dataclasses.dataclass(frozen=True, slots=True)
class LedgerRow:
    """Row of one source.

    Attributes:
      source: its name, such as `folder/file.mid`, `archive.zip!member.mid` or `tunes.abc#3`.
      outcome: `read`, `filtered` by a limit that the user chose, or `lost`.
      reason: why it was filtered or lost, a key of `nabi.music.errors.REASONS` or a limit; "" if it was read.
      detail: the reason as a sentence.
      sha256: hash of the bytes, with `#tune` for a file of several (`nabi.music.song_id`).
      instrument: the instrument whose notes were taken.
      alternatives: the file's other instruments that have notes.
      repaired: repairs of the file, keys of `nabi.reading.repair.REPAIRS`.
      shortened_quarters: length of the silence that was taken out, in quarter notes.
      licence: the licence named by a file beside the source.
      events: number of notes and chords.
      tokens: number of tokens, song marks included.
      unknown_tokens: number of tokens that the vocabulary lacks.
      windows: number of records, augmented ones included.
      split: `train`, `validation` or `test`; "" without records.
      duplicate_of: the source whose records stand for this one; "" if it has its own.
      reused: true if the song was kept by an earlier run and not read again.
      cluster: first 16 digits of the hash that names its cluster of near duplicates, the smallest song's.
      seconds: time that reading took.
    """

    source: str
    outcome: str
    reason: str = ""
    detail: str = ""
    sha256: str = ""
    instrument: str = ""
    alternatives: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()
    shortened_quarters: float = 0.0
    licence: str = ""
    events: int = 0
    tokens: int = 0
    unknown_tokens: int = 0
    windows: int = 0
    split: str = ""
    duplicate_of: str = ""
    reused: bool = False
    cluster: str = ""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Returns the row as the JSON object that is written, with keys in the order of the attributes."""
        return {name: getattr(self, name) for name in _KINDS}


# Type of a column -> type of its values in JSON.
_OF_TYPES: dict[Any, Any] = {str: str, int: int, bool: bool, float: (int, float), tuple[str, ...]: list}
_KINDS = {field.name: _OF_TYPES[field.type] for field in dataclasses.fields(LedgerRow)}


def read(folder: str) -> Iterator[LedgerRow]:
    """Yields the rows of a dataset directory, one in memory at a time.

    Raises:
      ValueError: if the directory has no ledger, or that is damaged.
      nabi.workspace.storage.StorageError: if it cannot be read.
    """
    files = paths.rows_paths(folder, paths.LEDGER)
    if not files and not list(storage.match(folder)):
        raise ValueError(f"there is no directory {folder}, or nothing is in it: give a dataset directory")
    if not files:
        raise ValueError(f"{folder} has no {paths.LEDGER}-*.jsonl: `python -m pipelines.preprocess` writes one")
    for path in files:
        yield from read_file(path)


def read_file(path: str) -> Iterator[LedgerRow]:
    """Yields the rows of one file of a ledger; raises ValueError naming a line that is no row."""
    with storage.open_read(path) as file:
        for number, line in enumerate(file, 1):
            yield _parsed(line, f"{path}, line {number}")


def _parsed(line: bytes, place: str) -> LedgerRow:
    try:
        values = json.loads(line)
    except ValueError as error:
        raise ValueError(f"{place} is no JSON ({error}): {_AGAIN}") from error
    if not isinstance(values, dict) or not {"source", "outcome"} <= values.keys():
        raise ValueError(f"{place} is no row of a ledger, it lacks `source` or `outcome`: {_AGAIN}")
    known = {name: value for name, value in values.items() if name in _KINDS}
    for name, value in known.items():
        if not isinstance(value, _KINDS[name]):
            raise ValueError(f"{place} is no row of a ledger, {value!r} is no `{name}`: {_AGAIN}")
        if isinstance(value, list):
            known[name] = tuple(value)
    if known["outcome"] not in OUTCOMES:
        raise ValueError(f"{place}: the outcome {known['outcome']!r} must be one of {', '.join(OUTCOMES)}")
    return LedgerRow(**known)
