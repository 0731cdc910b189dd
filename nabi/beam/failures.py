"""What goes wrong while an engine works, in one sentence."""

import contextlib
import re
from collections.abc import Iterator

# What Beam and its engines put around the sentence of an error.
_NOT_THE_SENTENCE = re.compile(
    r"^(songs\.(storage|files)\.\w+Error|ValueError): "
    r"|^OSError: \[Errno \d+\] "
    r"|^Pipeline \S+ failed in state \w+: "
    r"|^\S+ failed: "
    r"| \[while running '[^']*'\]$"
)


class JobError(RuntimeError):
    """Work that could not be finished, in a sentence."""


@contextlib.contextmanager
def explained(then: str) -> Iterator[None]:
    """Tells what goes wrong in the work from what was wrong before it: as a JobError, with what an engine says last.

    Args:
      then: what the reader may do, after the reason.
    """
    try:
        yield
    except (ValueError, OSError, RuntimeError) as error:
        raise JobError(f"{sentence(str(error))}; {then}") from error


def sentence(said: str) -> str:
    """The reason in what an engine says, which may be the worker's whole traceback: its last line, without frills."""
    return _NOT_THE_SENTENCE.sub("", said.strip().rpartition("\n")[2])
