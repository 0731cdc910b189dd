"""How a command ends: its exit status, and on Ctrl-C, SIGTERM or a full disk one sentence.

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

# What is done before a signal ends this process.
_before_stop: list[Callable[[], object]] = [local.discard_partial]
# Whether the interpreter can be taken apart at the end.
_orderly = True


def run(command: Callable[[], int | None], name: str, again: str = AGAIN) -> NoReturn:
    """Runs a command and ends the process: with the status that it returns, or 1, 130 or 143, and a sentence.

    Args:
      command: the `main` of a module; None is 0.
      name: of the command, in the sentence.
      again: what to do after a signal.
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
    """Has a signal end a command that is still being imported in a sentence (see `nabi.workspace.early_signals`)."""
    early_signals.catch(functools.partial(_stop, sentence))


def before_stop(action: Callable[[], object]) -> None:
    """Has something done before a signal ends this process; it must not wait."""
    _before_stop.append(action)


def leave_at_once() -> None:
    """Has this process end without being taken apart: something in it does not survive that."""
    global _orderly
    _orderly = False


def _run(command: Callable[[], int | None], name: str) -> int:
    try:
        status = command() or 0
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # `| head` has seen enough.
        _drop_output()
        return 0
    except OSError as error:
        if not is_full(error):
            raise
        what = str(error) if isinstance(error, FullDiskError) else f"cannot write{_path(error)}: {error.strerror}"
        logs.complain(f"{name} failed: {what}; free some space, and {AGAIN}")
        _drop_output()
        return 1


def _path(error: OSError) -> str:
    return f" {error.filename}" if error.filename else ""


def _drop_output() -> None:
    """Has nothing more written to standard output, which is closed or full, nor what is left be written at exit."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stop(said: str, number: int, frame: object) -> NoReturn:
    """Ends this process; those that it started end with it (`nabi.workspace.subprocesses`)."""
    del frame
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)
    for action in _before_stop:
        with contextlib.suppress(OSError):
            action()
    # What was being printed may be half printed: print would complain of that.
    with contextlib.suppress(RuntimeError, OSError):
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        os.write(2, f"{logs.line(said, 'ERROR')}\n".encode())
    os._exit(128 + number)
