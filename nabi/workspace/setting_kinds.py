"""The kinds of values that settings have: how a flag and a recipe write them, and which of them are legal.

Each kind reads a value as a flag or a TOML file has it, or as it has read it before. What is not legal raises a
ValueError that says what the value must be.
"""

import argparse
import dataclasses
import fractions
import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

_LISTED = {str: "texts", int: "whole numbers", float: "numbers"}


class Kind(Protocol):
    """The values that a setting may have.

    Attributes:
      legal: which they are, for the help; "" if that is any.
    """

    @property
    def legal(self) -> str:
        """Which they are, for the help; "" if that is any."""

    def read(self, value: object) -> Any:
        """The value as the setting keeps it; raises ValueError with what it must be."""

    def options(self, name: str) -> Mapping[str, Any]:
        """What `add_argument` takes for a flag `--name` of this kind."""


@dataclasses.dataclass(frozen=True)
class Number:
    """A whole number (`int`) or any number (`float`) in `low`..`high`, both legal."""

    type: type[int] | type[float]
    low: float
    high: float

    @property
    def legal(self) -> str:
        """`1..12`, or `1 or more`."""
        return f"{_number(self.low)} or more" if math.isinf(self.high) else f"{_number(self.low)}..{_number(self.high)}"

    def read(self, value: object) -> Any:
        """TOML writes a whole number where a fraction is meant: `dropout = 0`."""
        number = float(value) if type(value) is int and self.type is float else value
        within = f"at least {_number(self.low)}" if math.isinf(self.high) else f"in {self.legal}"
        if type(number) is not self.type:
            raise ValueError(f"a {'whole ' if self.type is int else ''}number {within}")
        # Not a number is below nothing, and above nothing.
        if not self.low <= number <= self.high:
            raise ValueError(within)
        return number

    def options(self, name: str) -> Mapping[str, Any]:
        """A number's."""
        del name
        return {"type": self.type, "metavar": self.type.__name__.upper()}


@dataclasses.dataclass(frozen=True)
class Switch:
    """True or false."""

    legal = ""

    def read(self, value: object) -> bool:
        """Nothing else."""
        if not isinstance(value, bool):
            raise ValueError("true or false")
        return value

    def options(self, name: str) -> Mapping[str, Any]:
        """`--name` and `--no-name`."""
        del name
        return {"action": argparse.BooleanOptionalAction}


@dataclasses.dataclass(frozen=True)
class Text:
    """One of `choices`, or where there are none any text."""

    choices: tuple[str, ...] = ()

    @property
    def legal(self) -> str:
        """The choices."""
        return " or ".join(self.choices)

    def read(self, value: object) -> str:
        """Nothing else."""
        if not isinstance(value, str) or (self.choices and value not in self.choices):
            raise ValueError(f"one of {', '.join(self.choices)}" if self.choices else "text in quotes")
        return value

    def options(self, name: str) -> Mapping[str, Any]:
        """A text's."""
        del name
        return {"choices": self.choices, "metavar": "NAME"} if self.choices else {"metavar": "TEXT"}


@dataclasses.dataclass(frozen=True)
class Texts:
    """One text or more: a repeated flag, a list in a recipe. With `file` the flag is a path, a recipe has either."""

    file: bool = False
    legal = ""

    def read(self, value: object) -> tuple[str, ...] | str:
        """A list as a tuple."""
        if isinstance(value, (list, tuple)) and value and all(isinstance(one, str) for one in value):
            return tuple(value)
        if self.file and isinstance(value, str):
            return value
        raise ValueError("text in quotes, or a list of texts" if self.file else 'a list of texts, ["a", "b"]')

    def options(self, name: str) -> Mapping[str, Any]:
        """A text's."""
        del name
        return {"metavar": "FILE"} if self.file else {"action": "append", "metavar": "TEXT"}


@dataclasses.dataclass(frozen=True)
class Several:
    """Several values that one text holds, with commas between.

    Attributes:
      parse: the text -> the values; raises ValueError for what is not legal.
      legal: which they are, with an example.
      listed: whether a recipe may list them too, and of which type; None: text only.
    """

    parse: Callable[[str], tuple[Any, ...]]
    legal: str
    listed: type | None = None

    def read(self, value: object) -> tuple[Any, ...]:
        """A text's values, or those that were read before, checked again."""
        types = (int, float) if self.listed is float else (self.listed,)
        if isinstance(value, tuple) or (isinstance(value, list) and all(type(one) in types for one in value)):
            value = ",".join(map(str, value))
        if not isinstance(value, str):
            also = f", or a list of {_LISTED[self.listed]}" if self.listed else ""
            raise ValueError(f"text in quotes{also}: {self.legal}")
        try:
            return self.parse(value)
        except (ValueError, ZeroDivisionError):
            raise ValueError(self.legal) from None

    def options(self, name: str) -> Mapping[str, Any]:
        """A text's."""
        del name
        return {"metavar": "TEXT"}


def pair(legal: str, *, most: float = math.inf, apart: int = 0) -> Several:
    """Two whole numbers `16,32` in 0..`most`, the second at least `apart` above the first."""

    def parse(text: str) -> tuple[int, ...]:
        first, second = map(int, text.split(","))
        return _checked((first, second), first >= 0 and first + apart <= second <= most)

    return Several(parse, legal)


def whole_numbers(legal: str, *, least: int) -> Several:
    """Whole numbers `2,4`, each `least` or more."""

    def parse(text: str) -> tuple[int, ...]:
        numbers = tuple(map(int, text.split(",")))
        return _checked(numbers, min(numbers) >= least)

    return Several(parse, legal)


def whole_range(legal: str, *, low: int, high: int) -> Several:
    """Whole numbers in `low`..`high`, ascending: a range `-5..6`, or some of them, `-2,3`."""

    def parse(text: str) -> tuple[int, ...]:
        first, dots, last = text.partition("..")
        numbers = range(int(first), int(last) + 1) if dots else sorted({int(number) for number in text.split(",")})
        return _checked(tuple(numbers), low <= min(numbers) and max(numbers) <= high)

    return Several(parse, legal)


def shares(legal: str, *, count: int) -> Several:
    """So many shares of a whole that add up to 1, the first above 0: `0.9,0.05,0.05`."""

    def parse(text: str) -> tuple[float, ...]:
        parts = tuple(float(fractions.Fraction(share)) for share in text.split(","))
        return _checked(parts, len(parts) == count and min(parts) >= 0 < parts[0] and abs(sum(parts) - 1) <= 1e-9)

    return Several(parse, legal, float)


def factors(legal: str, *, low: fractions.Fraction, high: fractions.Fraction) -> Several:
    """Fractions in `low`..`high`, each as the text of its lowest terms: `1/2,2`."""

    def parse(text: str) -> tuple[str, ...]:
        found = tuple(fractions.Fraction(part) for part in text.split(","))
        return _checked(tuple(map(str, found)), low <= min(found) and max(found) <= high)

    return Several(parse, legal)


def _checked(values: tuple[Any, ...], legal: bool) -> tuple[Any, ...]:
    if not legal:
        raise ValueError
    return values


def _number(value: float) -> str:
    """Without an exponent where it is whole."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:g}"
