"""Kinds of values that settings have: their form in flags and recipes, and their legal range.

Each kind reads a value of a flag or a TOML file, or one that it has read before. An illegal value raises a ValueError
that says what the value must be.
"""

import argparse
import dataclasses
import fractions
import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

_LISTED = {str: "texts", int: "whole numbers", float: "numbers"}


class Kind(Protocol):
    """A kind of values."""

    @property
    def legal(self) -> str:
        """Description of the legal values for the help; "" if all are legal."""

    def read(self, value: object) -> Any:
        """Returns the value in the setting's type; raises ValueError with what it must be."""

    def options(self, name: str) -> Mapping[str, Any]:
        """Returns the keyword arguments of `add_argument` for a flag `--name` of this kind."""


@dataclasses.dataclass(frozen=True)
class Number:
    """A whole number (`int`) or any number (`float`) in `low`..`high`, both legal."""

    type: type[int] | type[float]
    low: float
    high: float

    @property
    def legal(self) -> str:
        """Range such as `1..12` or `1 or more`."""
        return f"{_number(self.low)} or more" if math.isinf(self.high) else f"{_number(self.low)}..{_number(self.high)}"

    def read(self, value: object) -> Any:
        """Reads a number; a whole one where any is legal is converted, as in TOML's `dropout = 0`."""
        number = float(value) if type(value) is int and self.type is float else value
        within = f"at least {_number(self.low)}" if math.isinf(self.high) else f"in {self.legal}"
        if type(number) is not self.type:
            raise ValueError(f"a {'whole ' if self.type is int else ''}number {within}")
        # Written so that NaN, which compares false, is refused.
        if not self.low <= number <= self.high:
            raise ValueError(within)
        return number

    def options(self, name: str) -> Mapping[str, Any]:
        """Returns type and metavar."""
        del name
        return {"type": self.type, "metavar": self.type.__name__.upper()}


@dataclasses.dataclass(frozen=True)
class Switch:
    """True or false."""

    legal = ""

    def read(self, value: object) -> bool:
        """Reads a bool."""
        if not isinstance(value, bool):
            raise ValueError("true or false")
        return value

    def options(self, name: str) -> Mapping[str, Any]:
        """Returns the action for `--name` and `--no-name`."""
        del name
        return {"action": argparse.BooleanOptionalAction}


@dataclasses.dataclass(frozen=True)
class Text:
    """One of `choices`, or any text if there are none."""

    choices: tuple[str, ...] = ()

    @property
    def legal(self) -> str:
        """The choices, joined by "or"."""
        return " or ".join(self.choices)

    def read(self, value: object) -> str:
        """Reads a text."""
        if not isinstance(value, str) or (self.choices and value not in self.choices):
            raise ValueError(f"one of {', '.join(self.choices)}" if self.choices else "text in quotes")
        return value

    def options(self, name: str) -> Mapping[str, Any]:
        """Returns choices and metavar."""
        del name
        return {"choices": self.choices, "metavar": "NAME"} if self.choices else {"metavar": "TEXT"}


@dataclasses.dataclass(frozen=True)
class Texts:
    """One text or more: a repeated flag, or a list in a recipe.

    Attributes:
      file: true takes the path of a file instead, as the flag's only form, and in a recipe besides a list.
    """

    file: bool = False
    legal = ""

    def read(self, value: object) -> tuple[str, ...] | str:
        """Reads a list as a tuple, or a file's path."""
        if isinstance(value, (list, tuple)) and value and all(isinstance(item, str) for item in value):
            return tuple(value)
        if self.file and isinstance(value, str):
            return value
        raise ValueError("text in quotes, or a list of texts" if self.file else 'a list of texts, ["a", "b"]')

    def options(self, name: str) -> Mapping[str, Any]:
        """Returns the action and the metavar."""
        del name
        return {"metavar": "FILE"} if self.file else {"action": "append", "metavar": "TEXT"}


@dataclasses.dataclass(frozen=True)
class Several:
    """Several values in one text, with commas between.

    Attributes:
      parse: text -> values; raises ValueError for illegal ones.
      legal: description of the legal values, with an example.
      listed: type of the values in a recipe's list; None: a recipe can only give text.
    """

    parse: Callable[[str], tuple[Any, ...]]
    legal: str
    listed: type | None = None

    def read(self, value: object) -> tuple[Any, ...]:
        """Reads a text's values, or a recipe's list, or checks those that were read before."""
        types = (int, float) if self.listed is float else (self.listed,)
        if isinstance(value, tuple) or (isinstance(value, list) and all(type(item) in types for item in value)):
            value = ",".join(map(str, value))
        if not isinstance(value, str):
            list_form = f", or a list of {_LISTED[self.listed]}" if self.listed else ""
            raise ValueError(f"text in quotes{list_form}: {self.legal}")
        try:
            return self.parse(value)
        except (ValueError, ZeroDivisionError):
            raise ValueError(self.legal) from None

    def options(self, name: str) -> Mapping[str, Any]:
        """Returns the metavar."""
        del name
        return {"metavar": "TEXT"}


def pair(legal: str, *, most: float = math.inf, apart: int = 0) -> Several:
    """Makes the kind of two whole numbers in 0..`most`, the second at least `apart` above the first.

    >>> pair("two ascending quarter notes", apart=1).read("16,32")
    (16, 32)
    """

    def parse(text: str) -> tuple[int, ...]:
        """Parses `16,32`."""
        first, second = map(int, text.split(","))
        return _checked((first, second), first >= 0 and first + apart <= second <= most)

    return Several(parse, legal)


def whole_numbers(legal: str, *, least: int) -> Several:
    """Makes the kind of whole numbers, each `least` or more.

    >>> whole_numbers("whole numbers, at least 1", least=1).read("2,4")
    (2, 4)
    """

    def parse(text: str) -> tuple[int, ...]:
        """Parses `2,4`."""
        numbers = tuple(map(int, text.split(",")))
        return _checked(numbers, min(numbers) >= least)

    return Several(parse, legal)


def whole_range(legal: str, *, low: int, high: int) -> Several:
    """Makes the kind of ascending whole numbers in `low`..`high`, as a range or a list.

    >>> semitones = whole_range("in -60..60", low=-60, high=60)
    >>> semitones.read("-1..2"), semitones.read("3,-2")
    ((-1, 0, 1, 2), (-2, 3))
    """

    def parse(text: str) -> tuple[int, ...]:
        """Parses `-5..6` or `-2,3`."""
        first, dots, last = text.partition("..")
        numbers = range(int(first), int(last) + 1) if dots else sorted({int(number) for number in text.split(",")})
        return _checked(tuple(numbers), low <= min(numbers) and max(numbers) <= high)

    return Several(parse, legal)


def shares(legal: str, *, count: int) -> Several:
    """Makes the kind of `count` shares that add up to 1, the first above 0.

    >>> shares("three shares", count=3).read("0.5,1/4,1/4")
    (0.5, 0.25, 0.25)
    """

    def parse(text: str) -> tuple[float, ...]:
        """Parses `0.9,0.05,0.05`."""
        parts = tuple(float(fractions.Fraction(share)) for share in text.split(","))
        return _checked(parts, len(parts) == count and min(parts) >= 0 < parts[0] and abs(sum(parts) - 1) <= 1e-9)

    return Several(parse, legal, float)


def factors(legal: str, *, low: fractions.Fraction, high: fractions.Fraction) -> Several:
    """Makes the kind of ascending fractions in `low`..`high`, each once, kept as text in lowest terms.

    >>> factors("in 1/4..4", low=fractions.Fraction(1, 4), high=fractions.Fraction(4)).read("2,2/4,0.5")
    ('1/2', '2')
    """

    def parse(text: str) -> tuple[str, ...]:
        """Parses `1/2,2`."""
        numbers = sorted({fractions.Fraction(part) for part in text.split(",")})
        return _checked(tuple(map(str, numbers)), low <= min(numbers) and max(numbers) <= high)

    return Several(parse, legal)


def some_of(names: tuple[str, ...], *, always: str) -> Several:
    """Makes the kind of several of these names, each once, in this order, one of which is always there.

    >>> some_of(("midi", "musicxml", "pdf"), always="midi").read("pdf,midi")
    ('midi', 'pdf')
    """

    def parse(text: str) -> tuple[str, ...]:
        """Parses `midi,pdf`."""
        given = text.split(",")
        return _checked(tuple(name for name in names if name in given), always in given and set(given) <= set(names))

    others = [name for name in names if name != always]
    return Several(parse, f"{always}, alone or with several of {', '.join(others)}, such as {always},{others[0]}", str)


def _checked(values: tuple[Any, ...], legal: bool) -> tuple[Any, ...]:
    if not legal:
        raise ValueError
    return values


def _number(value: float) -> str:
    """Formats a bound, a whole one without an exponent."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:g}"
