"""Settings of a job as one frozen dataclass, whose keys are flags of its command and keys of a recipe alike."""

import argparse
import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from nabi.music.suggestions import did_you_mean
from nabi.workspace.commands import Parser
from nabi.workspace.setting_kinds import Kind, Number, Switch, Text, Texts

Settings = TypeVar("Settings", bound="Config")

# Defaults that stand for "not given".
_NOTHING = (None, ())


def setting(
    default: Any,
    meaning: str,
    *,
    low: float = 0,
    high: float = math.inf,
    choices: tuple[str, ...] = (),
    kind: Kind | None = None,
    unset: str = "",
    section: str = "",
    needs: Mapping[str, tuple[Any, ...]] | None = None,
) -> Any:
    """Declares a setting of a `Config`: a dataclass field with its meaning and its legal values.

    Args:
      default: the value if none is given; None or () stand for no value.
      meaning: its meaning and unit, for the help.
      low: the least legal number.
      high: the greatest legal number.
      choices: the legal texts; () allows any text.
      kind: kind of values that are neither numbers, text nor switches.
      unset: description of the default for the help, where the value None or () does not tell.
      section: title of the group of flags that begins with this one, in the help.
      needs: names of other settings -> their values with which this one may be given; ValueError with others.
    """
    legal = {"low": low, "high": high, "choices": choices, "kind": kind}
    return dataclasses.field(
        default=default,
        metadata={"meaning": meaning, "unset": unset, "section": section, "needs": needs or {}, **legal},
    )


@dataclasses.dataclass(frozen=True)
class Config:
    """Base of all settings; a subclass has a `setting` for each key, and its values are checked when it is created.

    Attributes:
      BY_HAND: flags of the command that are no settings: a recipe that somebody passes on must not decide what is
        read, deleted or written.
    """

    BY_HAND: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _read(field, getattr(self, field.name)))
        for field in dataclasses.fields(self):
            self._check_needs(field)

    def _check_needs(self, field: Any) -> None:
        """Raises ValueError if a setting is given in a mode that has no use for it."""
        given = getattr(self, field.name)
        for name, modes in field.metadata["needs"].items():
            mode = getattr(self, name)
            if given != field.default and mode not in modes:
                shown = f"--{field.name}" if given is True else f"--{field.name} {_written(given)}"
                raise ValueError(f"{shown} needs {_modes(name, modes)}, not {_modes(name, (mode,))}")

    @classmethod
    def create(cls: type[Settings], settings: Mapping[str, Any]) -> Settings:
        """Creates settings from the keys of flags or a recipe; all others have their defaults.

        Raises:
          ValueError: if a key is unknown or a value is outside its range, naming flag, value and range.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        for name in settings:
            if name in cls.BY_HAND:
                raise ValueError(f"{name} is given by hand, --{name}, not by a recipe")
            if name not in names:
                meant = did_you_mean(name, names) or f"; it must be one of {', '.join(names)}"
                raise ValueError(f"unknown key {name}{meant}")
        return cls(**settings)

    @classmethod
    def add_flags(cls, parser: argparse.ArgumentParser, title: str) -> None:
        """Adds a flag for each key; without the flag it is absent from the parsed namespace, for a recipe's value.

        Args:
          parser: receives the flags.
          title: title of the flags before the first section.
        """
        group: Any = None
        for field in dataclasses.fields(cls):
            if group is None or field.metadata["section"]:
                group = parser.add_argument_group(field.metadata["section"] or title)
            options = _kind(field).options(field.name)
            group.add_argument(f"--{field.name}", default=argparse.SUPPRESS, help=_help(field), **options)

    @classmethod
    def flags(cls) -> list[str]:
        """Lists the names of the flags, such as `--steps` and `--no-xla`."""
        parser = Parser("", add_help=False)
        cls.add_flags(parser, "")
        return parser.flags()

    @classmethod
    def given(cls, flags: argparse.Namespace) -> dict[str, Any]:
        """Returns the keys that were given as flags, with values as `create` takes them."""
        names = {field.name for field in dataclasses.fields(cls)}
        return {name: value for name, value in vars(flags).items() if name in names}

    def as_flags(self) -> list[str]:
        """Writes these settings as flags, except for lists that only a recipe can have."""
        return [flag for field in dataclasses.fields(self) for flag in _as_flags(field, getattr(self, field.name))]

    def as_dict(self) -> dict[str, object]:
        """Returns key -> value, for JSON."""
        return dataclasses.asdict(self)


def _kind(field: Any) -> Kind:
    """Returns the kind of a setting's values: the declared one, else the one of its type."""
    legal = field.metadata
    if legal["kind"]:
        kind: Kind = legal["kind"]
        return kind
    type_ = next((member for member in typing.get_args(field.type) if member is not types.NoneType), field.type)
    if type_ is bool:
        return Switch()
    return Text(legal["choices"]) if type_ is str else Number(type_, legal["low"], legal["high"])


def _read(field: Any, value: object) -> Any:
    """Reads a value of a flag or a recipe into the setting's type; raises ValueError if it is not legal."""
    if field.default in _NOTHING and value in (field.default, ""):
        return field.default
    try:
        return _kind(field).read(value)
    except ValueError as error:
        wrong = f"--{field.name} {_shown(value)} must be {error}"
        raise ValueError(f"{wrong}: {field.metadata['meaning']}") from None


def _help(field: Any) -> str:
    """Returns meaning, legal values and default as an argparse help text, in which `%` is doubled."""
    if isinstance(field.default, bool):
        default = f"default: {'yes' if field.default else 'no'}"
    elif field.default in (*_NOTHING, ""):
        default = f"default: {field.metadata['unset'] or 'none'}"
    else:
        default = f"default {_written(field.default)}"
    needed = [f"needs {_modes(name, modes)}" for name, modes in field.metadata["needs"].items()]
    details = "; ".join(filter(None, (_kind(field).legal, *needed, default)))
    return f"{field.metadata['meaning']} ({details})".replace("%", "%%")


def _modes(name: str, modes: tuple[Any, ...]) -> str:
    """Writes a flag with its values: `--decoding sample or greedy`, `--no-carry_state`."""
    if modes in ((True,), (False,)):
        return f"--{name}" if modes[0] else f"--no-{name}"
    return f"--{name} {' or '.join(map(str, modes))}"


def _shown(value: object) -> str:
    """Formats a wrong value as it was written."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, (str, list)) else _written(value)


def _written(value: object) -> str:
    """Formats a value as the text of a flag."""
    # str writes a float with all digits that are needed to read the same one.
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _as_flags(field: Any, value: object) -> list[str]:
    name = field.name
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    values = value if isinstance(value, tuple) and isinstance(_kind(field), Texts) else [value]
    return [f"--{name}={_written(item)}" for item in values if item is not None]
