"""The command `nabi`: starts the jobs by short names, in this process."""

import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from nabi.music.suggestions import did_you_mean
from nabi.workspace import commands, job_exit, logs

# NAME -> the module that `nabi NAME` starts, in the order of use.
MODULES = {
    "play": "generator.play",
    "retrain": "pipelines.retrain",
    "preprocess": "pipelines.preprocess",
    "train": "trainer.task",
    "evaluate": "trainer.evaluate",
    "generate": "generator.generate",
    "page": "generator.page",
    "explain": "generator.explain",
    "compare": "generator.compare",
    "listen": "generator.listen",
    "ledger": "pipelines.ledger",
    "report": "pipelines.report",
    "export": "pipelines.export",
    "gate": "trainer.gate",
    "promote": "pipelines.promote",
    "pack": "trainer.pack",
    "card": "trainer.card",
}
_FLAGS = ("--help", "--version")


def main(arguments: Sequence[str] | None = None) -> int:
    """Starts a command, whose exit status ends the process; returns the exit status of other calls: 2 for an error."""
    command, *others = [*(sys.argv[1:] if arguments is None else arguments), "--help"]
    if command in ("-h", "--help"):
        print(_help())
        return 0
    if command == "--version":
        import nabi

        print(f"nabi {nabi.__version__}")
        return 0
    if command not in MODULES:
        logs.complain(f"nabi: {_unknown(command)}; `nabi --help` lists all commands")
        return 2
    _start(command, others[:-1])


def _start(name: str, arguments: Sequence[str]) -> NoReturn:
    """Runs a job's `main` as `python -m` does, and ends this process."""
    commands.call({f"python -m {module}": f"nabi {short}" for short, module in MODULES.items()})
    sys.argv = [f"nabi {name}", *arguments]
    # Importing a job takes a second, during which it may be stopped too.
    job_exit.expect_signals(f"{name} stopped: {job_exit.AGAIN}")
    job_exit.run(importlib.import_module(MODULES[name]).main, name)


def _help() -> str:
    lines = {f"nabi {name}": _meaning(module) for name, module in MODULES.items()}
    more = "--version says which Nabi this is. On Google Cloud: python -m deploy."
    return f"{commands.listing('Music -> a model -> songs.', lines)} {more}"


def _meaning(module: str) -> str:
    """Returns the description of a module from its package's own list."""
    package, _, name = module.partition(".")
    return str(importlib.import_module(f"{package}.__main__").COMMANDS[name])


def _unknown(word: str) -> str:
    if word.startswith("-"):
        return commands.unknown_flag(word, _FLAGS)
    # Users of the modules may type the names of modules.
    modules = {module: name for name, module in MODULES.items()} | {"task": "train"}
    command = modules.get(word, "")
    return f"unknown command {word}{f': did you mean {command}?' if command else did_you_mean(word, MODULES)}"
