"""A recipe's `[preprocess]`: its keys are flags of the job, its values of the kinds that TOML has for them."""

import argparse
from collections.abc import Mapping
from typing import Any

from songs import quantisation
from songs.commands import did_you_mean

# Those of a start, not of a dataset: a recipe that somebody passes on must neither delete nor redirect anything.
_BY_HAND = ("output", "recipe", "reuse", "dry_run", "overwrite", "help")


def defaults_of(table: Mapping[str, Any], parser: argparse.ArgumentParser) -> dict[str, Any]:
    """The defaults that a table gives to a parser's flags, of the types that the parser would make of text.

    Args:
      table: key -> value.
      parser: of the job.

    Raises:
      ValueError: if a key is no setting, or a value is of another type than the flag's.
    """
    actions = {action.dest: action for action in parser._actions}
    for key in table:
        if key in _BY_HAND and key in actions:
            raise ValueError(f"{key} is given by hand, --{key}, not by a recipe")
        if key not in actions:
            legal = [name for name in actions if name not in _BY_HAND]
            meant = did_you_mean(key, legal) or f"; there are {', '.join(legal)}"
            raise ValueError(f"no setting {key}{meant}")
    return {key: _value(actions[key], value) for key, value in table.items()}


def _value(action: argparse.Action, value: Any) -> Any:
    """A value as the parser would make it; raises ValueError if it is of another type."""
    if action.nargs == 0:
        return _checked(action, value, isinstance(value, bool), "true or false")
    if isinstance(action, argparse._AppendAction):
        return _checked(action, value, _texts(value), 'a list of texts, ["a", "b"]')
    if action.type is int:
        return _checked(action, value, type(value) is int, "a whole number")
    if action.type is float:
        return float(_checked(action, value, type(value) in (int, float), "a number"))
    if action.dest == "vocabulary":
        return _checked(action, value, isinstance(value, str) or _texts(value), "text in quotes, or a list of texts")
    if action.dest == "split" and isinstance(value, list):
        numbers = all(type(share) in (int, float) for share in value)
        return tuple(map(float, _checked(action, value, numbers, "text in quotes, or a list of numbers")))
    if action.dest == "divisors" and isinstance(value, list):
        whole = all(type(divisor) is int for divisor in value)
        return quantisation.written(_checked(action, value, whole, "text in quotes, or a list of whole numbers"))
    _checked(action, value, isinstance(value, str), "text in quotes")
    if action.choices and value not in action.choices:
        raise ValueError(f"{action.dest} {value!r} must be one of {', '.join(map(str, action.choices))}")
    return value


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _checked(action: argparse.Action, value: Any, legal: bool, wanted: str) -> Any:
    if not legal:
        shown = str(value).lower() if isinstance(value, bool) else repr(value)
        raise ValueError(f"{action.dest} {shown} must be {wanted} ({action.help % vars(action)})")
    return value
