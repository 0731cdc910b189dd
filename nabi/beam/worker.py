"""A worker process of Beam's local runner that ends with the job and leaves Ctrl-C to it.

Its standard input is a pipe of the job's, see `command`.
"""

import functools
import os
import shlex
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from nabi.beam.options import ignore_checksum_remark
from nabi.workspace import job_exit
from nabi.workspace.subprocesses import end_with_parent

_WAIT_SECONDS = 1.0


def command() -> str:
    """The shell command that starts a worker, for as long as this process lives.

    Beam gives its workers no pipe; the system gives the reading end of this process' own to whoever opens it there.
    """
    # The writing end, which no other process inherits, is what ends with this one; first of all, so that a worker ends
    # before it can complain of connections that break.
    reading, writing = os.pipe()
    job_exit.before_stop(functools.partial(os.close, writing))
    python = shlex.join([sys.executable, "-m", __name__])
    return f"trap '' INT; exec {python} < /proc/{os.getpid()}/fd/{reading}"


def main() -> None:
    """Works for the job whose addresses stand in the environment."""
    end_with_parent()
    ignore_checksum_remark()
    sys.excepthook = _after_the_parent(sys.excepthook)
    threading.excepthook = _after_the_parent(threading.excepthook)
    from apache_beam.runners.worker import sdk_worker, sdk_worker_main

    # The traceback of what fails, which the job tells in a sentence.
    sdk_worker.print = _print_nothing
    sdk_worker_main.main(sys.argv)


def _print_nothing(*said: Any, **how: Any) -> None:
    del said, how


def _after_the_parent(tell: Callable[..., Any]) -> Callable[..., Any]:
    """A hook for exceptions that first waits: if it is the parent's end that broke a connection, this process ends."""

    def wait(*error: Any) -> None:
        time.sleep(_WAIT_SECONDS)
        tell(*error)

    return wait


if __name__ == "__main__":
    main()
