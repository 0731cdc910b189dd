"""Ends a command with one sentence on a signal, from the first line of its package on.

`python -m` imports the package of a command before the command, whose imports take a second or more; importing
`nabi.workspace.job_exit` alone takes a tenth of one. Modules imported here are mostly loaded by Python itself.
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable

AGAIN = "start the same command again to go on"


def expect(package: str) -> None:
    """Lets Ctrl-C and SIGTERM end the command that `python -m` starts with one sentence.

    Args:
      package: the calling package; nothing happens if the command belongs to another one.
    """
    if sys.argv[:1] == ["-m"] and _module().partition(".")[0] == package:
        catch(_stop)
        from nabi.workspace import job_exit

        job_exit.expect_signals(_sentence())


def catch(action: Callable[[int, object], object]) -> None:
    """Calls `action` on Ctrl-C and SIGTERM, unless this process was started to ignore them."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # A shell lets commands in the background ignore Ctrl-C.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, action)


def _module() -> str:
    """Returns the module that `python -m` starts; "" if this process was started otherwise."""
    # `-P -m room.task`, or `-Pm room.task`.
    modules = [word for flag, word in itertools.pairwise(sys.orig_argv) if flag[:1] == "-" and flag[-1:] == "m"]
    return modules[0] if modules else ""


def _sentence() -> str:
    return f"{_module().rpartition('.')[2]} stopped: {AGAIN}"


def _stop(number: int, frame: object) -> None:
    """Ends this process with a line of plain text, since JSON would have to be imported; no work has begun yet."""
    del frame
    os.write(2, f"{_sentence()}\n".encode())
    os._exit(128 + number)
