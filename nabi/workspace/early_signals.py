"""Has a signal end a command in a sentence from the first line of its package on.

`python -m` imports the package of a command before the command, whose imports take a second or more; those of
`nabi.workspace.job_exit` alone take a tenth of one. What is imported here Python has mostly loaded before.
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable

AGAIN = "start the same command again to go on"


def expect(package: str) -> None:
    """Ends the command that `python -m` starts in one sentence on Ctrl-C or SIGTERM; elsewhere nothing changes.

    Args:
      package: that asks for it: where another one is started, which imports this one, its signals are its own.
    """
    if sys.argv[:1] == ["-m"] and _module().partition(".")[0] == package:
        catch(_stop)
        from nabi.workspace import job_exit

        job_exit.expect_signals(_sentence())


def catch(action: Callable[[int, object], object]) -> None:
    """Has Ctrl-C and SIGTERM do something, unless whoever started this process has them ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # Of what runs in the background a shell has Ctrl-C ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, action)


def _module() -> str:
    """The module that `python -m` starts; "" of what it is started without."""
    # `-P -m room.task`, or `-Pm room.task`.
    modules = [word for flag, word in itertools.pairwise(sys.orig_argv) if flag[:1] == "-" and flag[-1:] == "m"]
    return modules[0] if modules else ""


def _sentence() -> str:
    return f"{_module().rpartition('.')[2]} stopped: {AGAIN}"


def _stop(number: int, frame: object) -> None:
    """Ends this process, in which nothing is begun yet: plainly, since JSON would have to be imported."""
    del frame
    os.write(2, f"{_sentence()}\n".encode())
    os._exit(128 + number)
