"""Ends commands with an exit status, and with one sentence on Ctrl-C, SIGTERM or a full disk.

Every command may be killed at any instruction and started again. So a signal ends it at once, instead of by an
exception that Beam, TensorFlow and their threads would take for a failure of their own, or wait for.
"""

import contextlib
import functools
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from nabi.workspace import early_signals, logs
from nabi.workspace.storage import local
from nabi.workspace.storage.file_system import FullDiskError, is_full

AGAIN = early_signals.AGAIN

# A module of these that is missing is a fault, not a package that was left out.
_OWN = ("nabi", "pipelines", "trainer", "generator", "deploy")

# Called before a signal ends this process.
_before_stop: list[Callable[[], object]] = [local.discard_partial]
# False if the interpreter must not be shut down in order (see `leave_at_once`).
_orderly = True


def run(command: Callable[[], int | None], name: str, again: str = AGAIN) -> NoReturn:
    """Runs a command and ends the process with its status, or with a sentence and 1 (full disk), 130 or 143 (signal).

    Args:
      command: the `main` of a module, which returns its exit status; None is 0.
      name: the command's name in the sentence.
      again: advice after a signal.
    """
    expect_signals(f"{name} stopped: {again}")
    try:
        status = _run(command, name)
    except Exception:
        if _orderly:
            raise
        logging.exception("%s failed", name)
        status = 1
    if _orderly:
        sys.exit(status)
    logging.shutdown()
    os._exit(status)


def expect_signals(sentence: str) -> None:
    """Lets a signal end this process with a sentence, also while its command is imported (see `early_signals`)."""
    early_signals.catch(functools.partial(_stop, sentence))


def before_stop(action: Callable[[], object]) -> None:
    """Registers a function that is called before a signal ends this process; it must not wait."""
    _before_stop.append(action)


def leave_at_once() -> None:
    """Lets this process end without shutting the interpreter down, for libraries that crash in a shutdown."""
    global _orderly
    _orderly = False


def _run(command: Callable[[], int | None], name: str) -> int:
    try:
        status = command() or 0
        sys.stdout.flush()
        return status
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if not package or package in _OWN:
            raise
        logs.complain(
            f"{name}: the package {package} is not installed: install Nabi with what its jobs need, "
            "pip install 'nabi[preprocess,train,generate,cpu]' (or one job's extra; gpu or newest instead of cpu)"
        )
        return 2
    except BrokenPipeError:
        # The reader, such as `| head`, has closed the pipe.
        _drop_output()
        return 0
    except OSError as error:
        if not is_full(error):
            raise
        reason = str(error) if isinstance(error, FullDiskError) else f"cannot write{_path(error)}: {error.strerror}"
        logs.complain(f"{name} failed: {reason}; free some space, and {AGAIN}")
        _drop_output()
        return 1


def _path(error: OSError) -> str:
    return f" {error.filename}" if error.filename else ""


def _drop_output() -> None:
    """Redirects standard output, which is closed or full, so that nothing more is written to it, not even at exit."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stop(sentence: str, number: int, frame: object) -> NoReturn:
    """Ends this process; its child processes end with it (`nabi.workspace.subprocesses`)."""
    del frame
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)
    for action in _before_stop:
        with contextlib.suppress(OSError):
            action()
    # The signal may have interrupted a print: then flushing raises RuntimeError.
    with contextlib.suppress(RuntimeError, OSError):
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        os.write(2, f"{logs.line(sentence, 'ERROR')}\n".encode())
    os._exit(128 + number)
