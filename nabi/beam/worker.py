"""A worker process of Beam's local runner that ends with the job and leaves Ctrl-C to it.

Its standard input is a pipe whose writing end the job holds, see `command`.
"""

import functools
import os
import shlex
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from nabi.beam import local_import
from nabi.beam.options import ignore_checksum_remark
from nabi.workspace import job_exit
from nabi.workspace.subprocesses import end_with_parent

_WAIT_SECONDS = 1.0


def command() -> str:
    """Returns the shell command that starts a worker; it is valid while this process lives.

    Beam gives its workers no pipe, so the command opens the reading end of this process' pipe through /proc.
    """
    # Only this process has the writing end. It is closed first when a signal ends the job, so that a worker ends before
    # it logs errors of broken connections.
    reading, writing = os.pipe()
    job_exit.before_stop(functools.partial(os.close, writing))
    python = shlex.join([sys.executable, "-m", __name__])
    return f"trap '' INT; exec {python} < /proc/{os.getpid()}/fd/{reading}"


def main() -> None:
    """Runs Beam's worker for the job whose addresses are in the environment."""
    end_with_parent()
    ignore_checksum_remark()
    sys.excepthook = _after_the_parent(sys.excepthook)
    threading.excepthook = _after_the_parent(threading.excepthook)
    local_import.import_beam("apache_beam.runners.worker.sdk_worker_main")
    from apache_beam.runners.worker import sdk_worker, sdk_worker_main

    # Beam's worker prints tracebacks of errors that the job reports in a sentence.
    sdk_worker.print = _print_nothing
    sdk_worker_main.main(sys.argv)


def _print_nothing(*values: Any, **options: Any) -> None:
    del values, options


def _after_the_parent(hook: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps a hook for exceptions in a pause: if the parent's end has broken a connection, this process ends in it."""

    def wait(*error: Any) -> None:
        """Waits, then calls the hook."""
        time.sleep(_WAIT_SECONDS)
        hook(*error)

    return wait


if __name__ == "__main__":
    main()
