"""Turns errors of Beam and its engines into one sentence."""

import contextlib
import re
from collections.abc import Iterator

# Text that Beam and its engines put around the sentence of an error.
_NOT_THE_SENTENCE = re.compile(
    r"^(nabi\.[\w.]+Error|ValueError): "
    r"|^OSError: \[Errno \d+\] "
    r"|^Pipeline \S+ failed in state \w+: "
    r"|^\S+ failed: "
    r"| \[while running '[^']*'\]$"
)


class JobError(RuntimeError):
    """Raised when a job on Beam failed, with one sentence."""


@contextlib.contextmanager
def explained(advice: str) -> Iterator[None]:
    """Turns errors of running a pipeline into a JobError, to tell them from errors in its flags and input.

    Args:
      advice: advice to the reader, after the reason.
    """
    try:
        yield
    except (ValueError, OSError, RuntimeError) as error:
        raise JobError(f"{sentence(str(error))}; {advice}") from error


def sentence(message: str) -> str:
    """Returns the reason in an engine's message, which may be a worker's whole traceback.

    >>> sentence("Traceback (most recent call last):\\n  ...\\nValueError: cannot write x [while running 'Write']")
    'cannot write x'
    """
    return _NOT_THE_SENTENCE.sub("", message.strip().rpartition("\n")[2])
