"""The song of a dataset that a text names, as the dataset's ledger has it."""

import dataclasses
import unicodedata
from collections.abc import Iterable

from nabi.workspace import ledger
from nabi.workspace.ledger import READ, LedgerRow

# Songs that a message names.
_NAMED = 5


@dataclasses.dataclass(frozen=True)
class LedgerSong:
    """A song in the ledger: its name there, and the hash of its bytes."""

    name: str
    sha256: str


def find(dataset: str, split: str, text: str) -> LedgerSong:
    """The one song of a split that a text names; files of the same bytes are one song.

    A text names a source that ends with it, or whose file name has it, in capitals or not. One that is all of a file's
    name, or of a path's last parts, names that one, though others have it too.

    Args:
      dataset: the directory; of its ledger one row is in memory at a time.
      split: `train`, `validation` or `test`.
      text: the name, or enough of it.

    Raises:
      ValueError: if it names none or several, or the dataset has no ledger.
    """
    whole: dict[str, str] = {}
    part: dict[str, str] = {}
    others, some = [], []
    for row in ledger.read(dataset):
        is_named = _names(text, row.source)
        if row.outcome == READ and row.split == split:
            some = [*some, row.source][:_NAMED]
            if is_named:
                (whole if _is_whole(text, row.source) else part).setdefault(row.sha256, row.source)
        elif is_named:
            others = [*others, row][:1]
    found = whole or part
    if len(found) != 1:
        raise ValueError(f"--primer {split}:{text} names {_said(found.values(), split, others, some)}")
    return next(LedgerSong(name, sha256) for sha256, name in found.items())


def _names(text: str, source: str) -> bool:
    wanted, source = _plain(text), _plain(source)
    return source.endswith(wanted) or wanted in source.rpartition("/")[2]


def _is_whole(text: str, source: str) -> bool:
    """Whether a text is all of a source's last parts: a file's name, a member's of an archive, with folders or not."""
    return f"/{_plain(source)}".endswith((f"/{_plain(text)}", f"!{_plain(text)}"))


def _plain(text: str) -> str:
    """In one form, whatever the file system: of names in Korean or with accents there are two."""
    return unicodedata.normalize("NFC", text).casefold()


def _said(found: Iterable[str], split: str, others: list[LedgerRow], some: list[str]) -> str:
    """What is wrong with a name that is not of one song, and what to do."""
    if found := list(found):
        named = ", ".join(found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        return f"{len(found)} songs of {split}: {named}{more}: give more of the name of one"
    for row in others:
        if row.outcome == READ:
            return f"no song of {split}: {row.source} is of {row.split}: --primer {row.split}:NAME"
        return f"no song of {split}: {row.source} was {row.outcome} ({row.reason}) and is in no split"
    return f"no song of {split}; such are {', '.join(some)}" if some else f"no song of {split}, which has none"
