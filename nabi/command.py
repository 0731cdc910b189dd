"""The command `nabi`: starts the jobs by short names, in this process."""

import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from nabi.music.suggestions import did_you_mean
from nabi.workspace import commands, job_exit, logs

# What `nabi NAME` starts, in the order in which one uses them.
MODULES = {
    "retrain": "pipelines.retrain",
    "preprocess": "pipelines.preprocess",
    "train": "trainer.task",
    "evaluate": "trainer.evaluate",
    "generate": "generator.generate",
    "explain": "generator.explain",
    "compare": "generator.compare",
    "ledger": "pipelines.ledger",
    "report": "pipelines.report",
    "gate": "trainer.gate",
    "promote": "pipelines.promote",
}
_FLAGS = ("--help", "--version")


def main(arguments: Sequence[str] | None = None) -> int:
    """Starts a command, whose exit status ends the process; returns that of `nabi` alone: 2 for a wrong command."""
    first, *others = [*(sys.argv[1:] if arguments is None else arguments), "--help"]
    if first in ("-h", "--help"):
        print(_help())
        return 0
    if first == "--version":
        import nabi

        print(f"nabi {nabi.__version__}")
        return 0
    if first not in MODULES:
        logs.complain(f"nabi: {_unknown(first)}; `nabi --help` lists all commands")
        return 2
    _start(first, others[:-1])


def _start(name: str, arguments: Sequence[str]) -> NoReturn:
    """Runs a job's `main` as `python -m` does, and ends this process."""
    commands.call({f"python -m {module}": f"nabi {short}" for short, module in MODULES.items()})
    sys.argv = [f"nabi {name}", *arguments]
    # Importing a job takes a second, in which it may be stopped too.
    job_exit.expect_signals(f"{name} stopped: {job_exit.AGAIN}")
    job_exit.run(importlib.import_module(MODULES[name]).main, name)


def _help() -> str:
    lines = {f"nabi {name}": _meaning(module) for name, module in MODULES.items()}
    more = "--version says which Nabi this is. On Google Cloud: python -m deploy."
    return f"{commands.listing('Music -> a model -> songs.', lines)} {more}"


def _meaning(module: str) -> str:
    """What a module does, in the words of its package's own list."""
    package, _, name = module.partition(".")
    return str(importlib.import_module(f"{package}.__main__").COMMANDS[name])


def _unknown(word: str) -> str:
    if word.startswith("-"):
        return commands.unknown_flag(word, _FLAGS)
    # Whoever knows the modules may type their names.
    modules = {module: name for name, module in MODULES.items()} | {"task": "train"}
    meant = modules.get(word, "")
    return f"unknown command {word}{f': did you mean {meant}?' if meant else did_you_mean(word, MODULES)}"
