"""Processes of several systems that are measured in turns: each waits while another runs."""

import json
import subprocess
import sys
import time
from collections.abc import Callable

Request = tuple[str | int, ...]


class Worker:
    """A process that measures one system on request."""

    def __init__(self, module: str, name: str, python: str = sys.executable) -> None:
        """Starts `python -m MODULE --worker NAME`, which calls `serve`."""
        command = [python, "-m", module, "--worker", name]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def ask(self, *request: str | int) -> float:
        """Requests a measurement and returns the rate, in units a second; 0 if the system cannot run it."""
        self.begin(*request)
        return self.answer()

    def begin(self, *request: str | int) -> None:
        """Sends a request; `answer` waits for its result."""
        assert self._process.stdin
        print(json.dumps(request), file=self._process.stdin, flush=True)

    def answer(self) -> float:
        """Waits for the result of the last request."""
        assert self._process.stdout
        return float(self._process.stdout.readline())


def serve(prepare: Callable[..., tuple[float, Callable[[], object]]], seconds: float) -> int:
    """Answers requests from standard input until it ends.

    Args:
      prepare: request -> (units of work in one run, function that runs it); called when the request changes.
      seconds: approximate duration of a measurement.
    """
    ready: dict[Request, tuple[float, Callable[[], object]]] = {}
    for line in sys.stdin:
        request = tuple(json.loads(line))
        if request not in ready:
            ready.clear()
            ready[request] = prepare(*request)
            ready[request][1]()
        amount, run = ready[request]
        print(amount * rate(run, seconds), flush=True)
    return 0


def rate(run: Callable[[], object], seconds: float) -> float:
    """Measures runs a second, over about `seconds` seconds."""
    run()
    runs, started = 0, time.perf_counter()
    while (passed := time.perf_counter() - started) < seconds:
        run()
        runs += 1
    return runs / passed
