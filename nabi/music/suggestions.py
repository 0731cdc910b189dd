"""Suggests the known name that a mistyped one may have meant."""

import difflib
from collections.abc import Iterable


def closest(name: str, known: Iterable[str]) -> str:
    """Finds the known name that is nearest to a mistyped one.

    Returns:
      The name as it stands in `known`, leading dashes of flags included; "" if nothing is near.

    >>> closest("--temperatur", ["--temperature", "--top_p"])
    '--temperature'
    """
    # Dashes would make any two flags alike.
    names = {option.lstrip("-"): option for option in known}
    return next((names[option] for option in difflib.get_close_matches(name.lstrip("-"), names, n=1)), "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Ends a sentence with the nearest known name; with nothing if none is near.

    >>> "unknown key temprature" + did_you_mean("temprature", ["temperature"])
    'unknown key temprature: did you mean temperature?'
    """
    nearest = closest(name, known)
    return f": did you mean {nearest}?" if nearest else ""
