"""`python -m docs.flags`: writes docs/flags.md, the flags of all commands, from their own argument parsers."""

import argparse
import contextlib
import importlib
import pathlib
from collections.abc import Iterator
from unittest import mock

PAGE = pathlib.Path(__file__).with_suffix(".md")
COMMANDS = (
    "generator.play",
    "pipelines.preprocess",
    "trainer.task",
    "trainer.evaluate",
    "generator.generate",
    "generator.explain",
    "generator.compare",
    "generator.listen",
    "generator.page",
    "pipelines.retrain",
    "trainer.gate",
    "trainer.pack",
    "trainer.card",
    "pipelines.promote",
    "pipelines.ledger",
    "pipelines.report",
    "pipelines.export",
    "deploy.vertex",
    "deploy.pipeline",
    "deploy.step",
)
_HEAD = """# Flags

Every command with its flags, as `--help` prints them. `make docs` writes this page from the code; do not edit it.

Preprocess and generate pass flags they do not know to Apache Beam, such as `--runner` and `--direct_num_workers`
([engines.md](engines.md)). `retrain` takes the flags of the jobs in quotes: `--train="--steps 500 --units 256"`. In a
recipe the same names are keys, without the dashes.
"""


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """Returns the page's Markdown."""
    links = "\n".join(f"- [{name}](#{name.replace('.', '')})" for name in COMMANDS)
    return "\n".join([_HEAD, links, *(_section(name, parser_of(name)) for name in COMMANDS)]) + "\n"


def parser_of(command: str) -> argparse.ArgumentParser:
    """Returns the parser that explains a command's flags: the one that `--help` asks to print itself.

    Args:
      command: a module with a `main` that takes a list of arguments.
    """
    shown: list[argparse.ArgumentParser] = []
    keep = mock.patch.object(argparse.ArgumentParser, "print_help", lambda parser, file=None: shown.append(parser))
    with keep, contextlib.suppress(SystemExit):
        importlib.import_module(command).main(["--help"])
    return shown[0]


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Returns the parsers of a parser's subcommands by their names, none for most."""
    found = (action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(next(found, {}))


def _section(command: str, parser: argparse.ArgumentParser) -> str:
    parts = [f"\n## {command}\n", *_described(parser)]
    for name, subcommand in subcommands(parser).items():
        parts += [f"\n### {command} {name}\n", *_tables(subcommand)]
    return "\n".join(parts)


def _described(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield _escaped(parser.description or "")
    yield from _tables(parser)
    if parser.epilog:
        yield f"\n```text\n{parser.epilog.strip()}\n```"


def _tables(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yields a table for each group of flags, without `--help`, which all have."""
    for group in parser._action_groups:
        actions = [action for action in group._group_actions if action.dest not in ("help", "command")]
        if actions:
            title = "flags" if group.title == "options" else group.title
            yield f"\n| {_escaped(title or '')} | |\n|---|---|"
            yield from (f"| {_name(action)} | {_meaning(parser, action)} |" for action in actions)


def _name(action: argparse.Action) -> str:
    """Returns a flag with a word for its value, or the word alone where there is no flag."""
    value = "" if action.nargs == 0 else action.metavar or _kind(action)
    return ", ".join(f"`{name} {value}".rstrip() + "`" for name in action.option_strings) or f"`{value}`"


def _kind(action: argparse.Action) -> str:
    if action.choices:
        return ",".join(map(str, action.choices))
    return getattr(action.type, "__name__", "text").upper()


def _meaning(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    text = _escaped(parser._get_formatter()._expand_help(action)) if action.help else ""
    return f"**needed**: {text}" if action.required and action.option_strings else text


def _escaped(text: str) -> str:
    """Returns a text for a cell or a paragraph, with no sign that Markdown or HTML would take for its own."""
    for sign in "\\*|~[":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("<", "&lt;").strip()


if __name__ == "__main__":
    main()
