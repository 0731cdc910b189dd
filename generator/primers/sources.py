"""Search for a song of a dataset by its name in the dataset's ledger."""

import dataclasses
import unicodedata
from collections.abc import Iterable

from nabi.workspace import ledger
from nabi.workspace.ledger import READ, LedgerRow

# Songs listed in an error message.
_LISTED = 5


@dataclasses.dataclass(frozen=True)
class LedgerSong:
    """A song in the ledger: its source and the hash of its bytes."""

    name: str
    sha256: str


def find(dataset: str, split: str, text: str) -> LedgerSong:
    """Finds the one song of a split that a text names; files with equal bytes are one song.

    The text is the end of a source or part of its file name, in upper or lower case. If it is the whole name of a file,
    or whole last parts of a path, sources that merely contain it do not count.

    Args:
      dataset: dataset directory, whose ledger is read row by row.
      split: `train`, `validation` or `test`.
      text: name of the song, or part of it.

    Raises:
      ValueError: if it names no song or several, or the dataset has no ledger.
    """
    whole: dict[str, str] = {}
    part: dict[str, str] = {}
    others, examples = [], []
    for row in ledger.read(dataset):
        is_named = _names(text, row.source)
        if row.outcome == READ and row.split == split:
            examples = [*examples, row.source][:_LISTED]
            if is_named:
                (whole if _is_whole(text, row.source) else part).setdefault(row.sha256, row.source)
        elif is_named:
            others = [*others, row][:1]
    matches = whole or part
    if len(matches) != 1:
        raise ValueError(f"--primer {split}:{text} names {_problem(matches.values(), split, others, examples)}")
    return next(LedgerSong(name, sha256) for sha256, name in matches.items())


def _names(text: str, source: str) -> bool:
    name, source = _plain(text), _plain(source)
    return source.endswith(name) or name in source.rpartition("/")[2]


def _is_whole(text: str, source: str) -> bool:
    """Checks that a text is whole last parts of a source: a file or a member of an archive, with or without folders."""
    return f"/{_plain(source)}".endswith((f"/{_plain(text)}", f"!{_plain(text)}"))


def _plain(text: str) -> str:
    """Normalises case and Unicode: file systems write Korean and accented names in two ways."""
    return unicodedata.normalize("NFC", text).casefold()


def _problem(matches: Iterable[str], split: str, others: list[LedgerRow], examples: list[str]) -> str:
    """Describes why a name does not name one song, and what to do."""
    if names := list(matches):
        listed = ", ".join(names[:_LISTED])
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        return f"{len(names)} songs of {split}: {listed}{more}: give more of the name of one"
    for row in others:
        if row.outcome == READ:
            return f"no song of {split}: {row.source} is of {row.split}: --primer {row.split}:NAME"
        return f"no song of {split}: {row.source} was {row.outcome} ({row.reason}) and is in no split"
    return f"no song of {split}; such are {', '.join(examples)}" if examples else f"no song of {split}, which has none"
