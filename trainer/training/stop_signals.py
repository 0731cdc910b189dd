"""SIGTERM and Ctrl-C, collected so that a training run can save a checkpoint before it ends."""

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def first_signal() -> Iterator[list[int]]:
    """Collects the first SIGTERM or Ctrl-C; a second one acts as usual.

    Yields:
      A list, empty until a signal comes, then its number. Outside the main thread it stays empty.
    """
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    # A shell makes background processes ignore Ctrl-C.
    before = {number: handler for number, handler in handlers.items() if handler is not signal.SIG_IGN}

    def catch(number: int, frame: object) -> None:
        """Records the signal; the next one of its kind acts as usual."""
        del frame
        caught.append(number)
        signal.signal(number, before[number])

    for number in before:
        signal.signal(number, catch)
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
