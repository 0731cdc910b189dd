"""Rewrites messages of the jobs, which name settings as flags, for callers who pass keywords."""

import contextlib
import re
from collections.abc import Iterator

_COMMAND = re.compile(r"(`[^`]*`)")
_FLAG = re.compile(r"(?<!\S)--(?=[a-z])")


def as_keywords(message: str) -> str:
    """Writes the flags of a message as keywords; commands in backticks stay as they are.

    >>> as_keywords("--top_p 2 must be in 0.0001..1: run `python -m trainer.task --help`")
    'top_p 2 must be in 0.0001..1: run `python -m trainer.task --help`'
    """
    parts = _COMMAND.split(message)
    return "".join(part if part.startswith("`") else _FLAG.sub("", part) for part in parts)


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Rewrites a ValueError from within its block: it names keywords instead of flags."""
    try:
        yield
    except ValueError as error:
        raise ValueError(as_keywords(str(error))) from error
