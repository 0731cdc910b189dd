"""Has a signal end a command in a sentence from the first line of its package on.

`python -m` imports the package of a command before the command, whose imports take a second or more; those of
`songs.job_exit` alone take a tenth of one. What is imported here Python has mostly loaded before.
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable

AGAIN = "start the same command again to go on"


def expect() -> None:
    """Ends the command that `python -m` starts in one sentence on Ctrl-C or SIGTERM; elsewhere nothing changes."""
    if sys.argv[:1] == ["-m"]:
        catch(_stop)
        from songs import job_exit

        job_exit.expect_signals(_sentence())


def catch(action: Callable[[int, object], object]) -> None:
    """Has Ctrl-C and SIGTERM do something, unless whoever started this process has them ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # Of what runs in the background a shell has Ctrl-C ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, action)


def _sentence() -> str:
    # `-P -m room.task`, or `-Pm room.task`.
    modules = [word for flag, word in itertools.pairwise(sys.orig_argv) if flag[:1] == "-" and flag[-1:] == "m"]
    return f"{modules[0].rpartition('.')[2] if modules else 'job'} stopped: {AGAIN}"


def _stop(number: int, frame: object) -> None:
    """Ends this process, in which nothing is begun yet: plainly, since JSON would have to be imported."""
    del frame
    os.write(2, f"{_sentence()}\n".encode())
    os._exit(128 + number)
