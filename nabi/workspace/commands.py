"""The parser of all commands, which refuses flags in one sentence with "did you mean", and lists of commands."""

import argparse
import functools
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from nabi.music.suggestions import closest, did_you_mean
from nabi.workspace import logs
from nabi.workspace.storage.file_system import StorageError

# The `main` of a command: its flags, or None for those of this process -> the exit status.
Main = Callable[[Sequence[str] | None], int]

# Argparse's messages for a wrong flag, and for missing ones.
_OF_ONE = re.compile(r"argument (?P<flag>[^:]+): (?P<what>.*)", re.DOTALL)
_MISSING = "the following arguments are required: "
_KINDS = {"int": "a whole number", "float": "a number"}

# `python -m trainer.task` -> the command that the user typed in its place (see `call`).
_typed: dict[str, str] = {}


class Parser(argparse.ArgumentParser):
    """Parses a command's flags by their whole names; a wrong one raises ValueError with one sentence, without usage.

    Attributes:
      given: the arguments that are being parsed.
    """

    def __init__(self, prog: str, *, description: str | None = None, examples: str | None = None, **more: Any) -> None:
        options = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False, **more}
        prog, *texts = map(_as_typed, (prog, description or "", examples or ""))
        super().__init__(prog=prog, description=texts[0] or None, epilog=texts[1] or None, **options)
        self.given: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parses as argparse does; the error for a missing flag names one that was probably mistyped."""
        self.given = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parses as argparse does; raises ValueError for a flag that the command does not have."""
        chosen, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self._refuse(f"{unknown_flag(unknown[0], self.flags())}{self._hint()}")
        return chosen

    def parse_or_exit(self, arguments: Sequence[str] | None = None) -> argparse.Namespace:
        """Parses the flags of a script that checks nothing else; a wrong one ends it with a sentence and status 2."""
        try:
            chosen: argparse.Namespace = self.parse_args(arguments)
        except ValueError as error:
            logs.complain(str(error))
            sys.exit(2)
        return chosen

    def flags(self) -> list[str]:
        """Lists the names of all flags, with `--`, those of subcommands included."""
        names = [name for name in self._option_string_actions if name.startswith("--")]
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                names += [name for parser in action.choices.values() for name in parser.flags()]
        return list(dict.fromkeys(names))

    def error(self, message: str) -> NoReturn:
        """Raises ValueError with argparse's message as a sentence."""
        if message.startswith(_MISSING):
            missing = message.removeprefix(_MISSING).split(", ")
            self._refuse(f"{self._mistyped(missing) or self._needed(missing)}{self._hint()}")
        wrong = _OF_ONE.fullmatch(message)
        self._refuse(f"{self._wrong(wrong['flag'], wrong['what']) if wrong else message}{self._hint()}")

    def _refuse(self, sentence: str) -> NoReturn:
        raise ValueError(sentence)

    def _hint(self) -> str:
        return f"; `{self.prog} --help` lists all flags"

    def _needed(self, missing: Sequence[str]) -> str:
        meanings = {_shown(action): (action.help or "").split(";")[0] for action in self._actions}
        first = meanings.get(missing[0], "")
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} needed{f' ({first})' if first else ''}"

    def _mistyped(self, missing: Sequence[str]) -> str:
        """Returns the sentence on a given flag whose name is close to a missing one; "" if there is none."""
        known = self.flags()
        unknown = (name for name in (word.partition("=")[0] for word in self.given) if name.startswith("--"))
        close = (name for name in unknown if name not in known and closest(name, known) in missing)
        name = next(close, "")
        return unknown_flag(name, known) if name else ""

    def _wrong(self, flag: str, what: str) -> str:
        action = next((action for action in self._actions if _shown(action) == flag), None)
        if value := re.fullmatch(r"invalid (int|float) value: (.*)", what, re.DOTALL):
            return f"{flag} {value[2]} must be {_KINDS[value[1]]}"
        if (value := re.match(r"invalid choice: (.*) \(choose from", what, re.DOTALL)) and action and action.choices:
            return f"{flag} {value[1]} must be one of {', '.join(map(str, action.choices))}"
        return f"{flag} needs a value" if what.startswith("expected one argument") else f"{flag}: {what}"


def refusing(name: str) -> Callable[[Main], Callable[..., int]]:
    """Decorates a `main`: a ValueError or a StorageError becomes one sentence after `NAME:` and exit status 2."""

    def wrap(main: Main) -> Callable[..., int]:
        """Returns the command with its errors caught."""

        @functools.wraps(main)
        def checked(arguments: Sequence[str] | None = None) -> int:
            """Runs the command."""
            try:
                return main(arguments)
            except (ValueError, StorageError) as error:
                logs.complain(f"{name}: {error}")
                return 2

        return checked

    return wrap


def unknown_flag(given: str, known: Iterable[str], who: str = "") -> str:
    """Returns the sentence on a flag that a command does not have.

    Args:
      given: the flag as typed, `--name` or `--name=value`.
      known: names of the flags that exist.
      who: a remark in parentheses, such as `neither this command nor Apache Beam has it`.
    """
    name = given.partition("=")[0] if given.startswith("--") else given
    kind = "flag" if name.startswith("-") else "argument"
    return f"unknown {kind} {name}{f' ({who})' if who else ''}{did_you_mean(name, known)}"


def call(commands: Mapping[str, str]) -> None:
    """Renames commands in the usage, examples and hints of all parsers that are created from now on.

    Args:
      commands: `python -m trainer.task` -> the command that the user types in its place, `nabi train`.
    """
    _typed.update(commands)


def listing(meaning: str, commands: Mapping[str, str]) -> str:
    """Returns the help of a package that has commands and no flags.

    Args:
      meaning: the package's purpose, in a sentence.
      commands: command as typed -> its purpose.
    """
    width = max(map(len, commands))
    lines = [f"  {typed:{width}}  {purpose}" for typed, purpose in commands.items()]
    return "\n".join([meaning, "", *lines, "", "Each explains its flags with --help."])


def overview(package: str, meaning: str, commands: Mapping[str, str], arguments: Sequence[str] | None = None) -> int:
    """Prints the commands of a package and returns the exit status: 0, or 2 if there are other arguments.

    Args:
      package: name of the package, as in `python -m PACKAGE`.
      meaning: its purpose, in a sentence.
      commands: module -> its purpose.
      arguments: the command line; empty, or `--help`.
    """
    given = [word for word in (sys.argv[1:] if arguments is None else arguments) if word not in ("-h", "--help")]
    if given:
        names = [f"{package}.{name}" for name in commands]
        meant = names[0] if given[0].startswith("-") else closest(f"{package}.{given[0]}", names) or names[0]
        logs.complain(f"{package} takes no flags: did you mean `python -m {meant}`? There are {', '.join(names)}")
        return 2
    print(listing(meaning, {f"python -m {package}.{name}": purpose for name, purpose in commands.items()}))
    return 0


def _as_typed(text: str) -> str:
    for command, typed in _typed.items():
        text = text.replace(command, typed)
    return text


def _shown(action: argparse.Action) -> str:
    """Names an action as argparse's errors do."""
    if action.option_strings:
        return "/".join(action.option_strings)
    return str(action.metavar or action.dest)
