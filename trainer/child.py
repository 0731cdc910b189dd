"""A command in a process of its own that ends with this one, however that ends."""

import contextlib
import fcntl
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence


class Child:
    """Runs one command after the other; SIGTERM and Ctrl-C are passed on to the one that runs.

    Attributes:
      caught: the signals that came.
    """

    def __init__(self) -> None:
        self.caught: list[int] = []
        self._process: subprocess.Popen[str] | None = None

    def run(self, command: Sequence[str], show: Callable[[str], None]) -> int:
        """Runs a command to its end.

        Args:
          command: program and arguments.
          show: is given each line that it prints, on either stream, without the line's end.

        Returns:
          Its exit status, negative for the signal that killed it.
        """
        if self.caught:
            return -self.caught[0]
        # Its own group: a terminal would send Ctrl-C to both, and the second one ends a training without a checkpoint.
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", process_group=0, preexec_fn=_end_with_parent,
        ) as process:  # fmt: skip
            self._process = process
            # One may have come before there was a process to pass it on to.
            if self.caught:
                process.send_signal(self.caught[0])
            for line in process.stdout or ():
                show(line.rstrip("\n"))
            status = process.wait()
            self._process = None
        return status

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Catches SIGTERM and Ctrl-C meanwhile."""
        before = {number: signal.signal(number, self._catch) for number in (signal.SIGTERM, signal.SIGINT)}
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


def _end_with_parent() -> None:
    """Has the kernel end this process when its standard input ends: a pipe that the parent only holds open.

    An orphan would train on beside the one that the same command starts after a kill. As in pipelines.parse_worker.
    """
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    # The parent may have ended just before: then there is an end to read, and no signal comes any more.
    with contextlib.suppress(BlockingIOError):
        os.read(0, 1)
        os.kill(os.getpid(), signal.SIGKILL)
