"""Child processes that end with their parent, however it ends, and that leave Ctrl-C to it."""

import contextlib
import fcntl
import functools
import multiprocessing
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence

from nabi.workspace import job_exit, logs


class ChildProcess:
    """Runs commands one after the other; SIGTERM and Ctrl-C are passed on to the one that is running.

    Attributes:
      caught: numbers of the signals received, in order.
    """

    def __init__(self) -> None:
        self.caught: list[int] = []
        self._process: subprocess.Popen[str] | None = None

    def run(self, command: Sequence[str], show: Callable[[str], None]) -> int:
        """Runs a command to its end.

        Args:
          command: program and arguments.
          show: called with each line that the command prints on either stream, without the line's end; the line that
            says that a signal stopped it is left out, since this process prints its own.

        Returns:
          Its exit status; the negative number of the signal that killed it.
        """
        if self.caught:
            return -self.caught[0]
        # A process group of its own: a terminal would send Ctrl-C to both, so that the child got it twice, and the
        # second one ends a training without a checkpoint. Inheritable descriptors, such as locks, are meant for it.
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", close_fds=False, process_group=0, preexec_fn=functools.partial(end_with_parent, 0),
        ) as process:  # fmt: skip
            self._process = process
            # A signal may have come before there was a process to pass it on to.
            if self.caught:
                process.send_signal(self.caught[0])
            for line in process.stdout or ():
                if not (self.caught and logs.message_of(line.rstrip("\n")).endswith(job_exit.AGAIN)):
                    show(line.rstrip("\n"))
            status = process.wait()
            self._process = None
        return status

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Catches SIGTERM and Ctrl-C while the context lasts, unless this process ignores them."""
        before = {
            number: signal.signal(number, self._catch)
            for number in (signal.SIGTERM, signal.SIGINT)
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _catch(self, number: int, frame: object) -> None:
        del frame
        self.caught.append(number)
        if self._process:
            self._process.send_signal(number)


def end_with_parent(descriptor: int | None = None) -> None:
    """Makes the kernel end this process when its parent ends in whatever way, even in a loop that never returns.

    The end of a pipe raises SIGIO, which is fatal. The usual PR_SET_PDEATHSIG would end this process when the parent's
    *thread* that started it ends, and a Beam worker's threads come and go. (On macOS SIGIO is ignored by default;
    there a process ends when it is idle next.)

    Args:
      descriptor: reading end of a pipe whose writing end only the parent holds, and never writes to; None takes that of
        `multiprocessing` in a process that it started, and standard input in others.
    """
    if descriptor is None:
        parent = multiprocessing.parent_process()
        descriptor = parent.sentinel if parent else 0
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    # The parent may have ended just before: then the pipe is at its end, and no signal comes any more.
    with contextlib.suppress(BlockingIOError):
        os.read(descriptor, 1)
        os.kill(os.getpid(), signal.SIGKILL)


@contextlib.contextmanager
def without_interrupts() -> Iterator[None]:
    """Makes processes that are started in this context ignore Ctrl-C, which a terminal sends to the whole group.

    Each would print a traceback; this process decides when they end. A Ctrl-C in the meantime is delivered after it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
