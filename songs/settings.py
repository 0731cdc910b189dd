"""The settings of a job: one frozen dataclass, whose keys are flags of a command and keys of a recipe alike."""

import argparse
import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from songs.commands import Parser, did_you_mean

Kind = TypeVar("Kind", bound="Settings")

_ARTICLES = {int: "a whole number", float: "a number", str: "text", bool: "a switch"}


def setting(default: Any, meaning: str, *, low: float = 0, high: float = 0, choices: tuple[str, ...] = ()) -> Any:
    """A setting with its meaning (unit included) and its legal range: `low`..`high`, both legal, or `choices`.

    Text without choices may be anything here.
    """
    if isinstance(default, (bool, str)):
        legal = "true or false" if isinstance(default, bool) else " or ".join(choices)
    else:
        legal = f"{_number(low)}..{_number(high)}"
    return dataclasses.field(
        default=default, metadata={"meaning": meaning, "low": low, "high": high, "choices": choices, "legal": legal}
    )


def _number(value: float) -> str:
    """Without an exponent where it is whole."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:g}"


@dataclasses.dataclass(frozen=True)
class Settings:
    """What all settings can; its heirs have a `setting` for each, and are checked when they are made."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            _check(field, getattr(self, field.name))

    @classmethod
    def create(cls: type[Kind], settings: Mapping[str, object]) -> Kind:
        """The settings with these keys set and the others at their defaults.

        Raises:
          ValueError: if a key is unknown or a value is outside its range, naming flag, value and range.
        """
        fields = {field.name: field for field in dataclasses.fields(cls)}
        if unknown := [name for name in settings if name not in fields]:
            meant = did_you_mean(unknown[0], fields) or f"; it must be one of {', '.join(fields)}"
            raise ValueError(f"unknown key {unknown[0]}{meant}")
        # TOML writes a whole number where a fraction is meant: `dropout = 0`.
        whole_is_float = {name for name, value in settings.items() if fields[name].type is float and type(value) is int}
        values = {name: float(value) if name in whole_is_float else value for name, value in settings.items()}  # type: ignore[arg-type]
        return cls(**values)

    @classmethod
    def add_flags(cls, parser: argparse.ArgumentParser, title: str) -> None:
        """One flag a key; a flag not given is absent from the parsed namespace, so that a recipe's value can stand."""
        group = parser.add_argument_group(title)
        for field in dataclasses.fields(cls):
            if field.type is bool:
                # Nobody wants to say --no-no_audio.
                one_way = field.name.startswith("no_")
                kind: dict[str, Any] = {"action": "store_true" if one_way else argparse.BooleanOptionalAction}
            else:
                kind = {"type": field.type, "metavar": _metavar(field)}
            group.add_argument(f"--{field.name}", default=argparse.SUPPRESS, help=_help(field), **kind)

    @classmethod
    def flags(cls) -> list[str]:
        """The names of the flags, such as `--steps` and `--no-xla`."""
        parser = Parser("", add_help=False)
        cls.add_flags(parser, "")
        return parser.flags()

    @classmethod
    def given(cls, flags: argparse.Namespace) -> dict[str, object]:
        """The keys that were given by hand."""
        names = {field.name for field in dataclasses.fields(cls)}
        return {name: value for name, value in vars(flags).items() if name in names}

    def as_flags(self) -> list[str]:
        """The flags that give exactly these settings, whatever the defaults are."""
        flags = (_as_flag(name, value) for name, value in self.as_dict().items())
        return [flag for flag in flags if not flag.startswith("--no-no_")]

    def as_dict(self) -> dict[str, object]:
        """Key -> value, as JSON keeps it."""
        return dataclasses.asdict(self)


def _help(field: Any) -> str:
    if field.type is bool:
        return f"{field.metadata['meaning']} (default: {'yes' if field.default else 'no'})"
    said = [field.metadata["legal"], f"default {field.default}" if field.default != "" else "default: none"]
    return f"{field.metadata['meaning']} ({'; '.join(filter(None, said))})"


def _metavar(field: Any) -> str:
    if field.type is str:
        return "NAME" if field.metadata["choices"] else "TEXT"
    return str(field.type.__name__.upper())


def _as_flag(name: str, value: object) -> str:
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no-{name}"
    # A float is written with all digits that it takes to read the same one.
    return f"--{name}={value}"


def _check(field: Any, value: object) -> None:
    legal = field.metadata
    if type(value) is not field.type:
        within = f" in {legal['legal']}" if legal["legal"] else ""
        raise ValueError(f"--{field.name} {value!r} must be {_ARTICLES[field.type]}{within}")
    if field.type is bool or (field.type is str and not legal["choices"]):
        return
    in_range = value in legal["choices"] if legal["choices"] else legal["low"] <= value <= legal["high"]
    if not in_range:
        raise ValueError(f"--{field.name} {value} must be in {legal['legal']}: {legal['meaning']}")
