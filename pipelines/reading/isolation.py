"""Parsing where it can neither hang nor kill the worker: in a process of its own, with limits.

A file that hangs, crashes or takes too much memory costs only itself: the process is started anew for the next one.
"""

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence

from nabi.workspace.ledger import LOST
from pipelines.config import PreprocessConfig
from pipelines.reading.file_outcomes import Tune
from pipelines.reading.outcomes import ReadOutcome
from pipelines.reading.parse_worker import ParseJob
from pipelines.reading.parser_process import LostProcessError, ParserProcess

_LEAST_MEMORY_BYTES = 1 << 27

# Processes that were started before they are needed.
_started: list[ParserProcess] = []


@contextlib.contextmanager
def started_early(readers: Iterable["IsolatedReader"]) -> Iterator[Sequence[ParserProcess]]:
    """Starts a process for each reader, for other readers of this process that do the same; ends those not taken."""
    _started.extend(ParserProcess(reader.job) for reader in readers)
    try:
        yield tuple(_started)
    finally:
        while _started:
            _started.pop().kill()


def _take(job: ParseJob) -> ParserProcess:
    """Returns a process for a job, one that was started early if there is one."""
    early = next((process for process in _started if process.job == job), None)
    if early is None:
        return ParserProcess(job)
    _started.remove(early)
    return early


class IsolatedReader:
    """Reads files in one long-lived process, warmed up before the first file's time counts.

    A context manager, for one thread at a time.

    Attributes:
      job: what the process is told.
    """

    def __init__(
        self,
        config: PreprocessConfig,
        *,
        timeout_seconds: float,
        memory_bytes: int,
        function: str = "nabi.reading.file_reader.read_songs",
    ) -> None:
        """Starts nothing yet.

        Args:
          config: the dataset's settings, which decide what a file gives.
          timeout_seconds: wall time for a file, above 0.
          memory_bytes: address space that the process may take beyond its size at the start, at least 2**27.
          function: dotted name of the reading function, with the parameters and the result of the default.

        Raises:
          ValueError: if a limit is outside its range.
        """
        if not timeout_seconds > 0:
            raise ValueError(f"timeout_seconds is {timeout_seconds}; it must be above 0")
        if memory_bytes < _LEAST_MEMORY_BYTES:
            raise ValueError(f"memory_bytes is {memory_bytes}; it must be at least {_LEAST_MEMORY_BYTES}")
        self.job = ParseJob(function, config, memory_bytes)
        self._timeout_seconds = timeout_seconds
        self._process: ParserProcess | None = None

    def __enter__(self) -> "IsolatedReader":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id, for logs and measurements; None while no process runs."""
        return self._process.popen.pid if self._process else None

    def read(self, files: Sequence[tuple[bytes, str]]) -> list[list[Tune]]:
        """Reads files into songs in the form in which they are spooled: this process never unpacks them.

        Changing processes costs a tenth of parsing a small file, so give 16 or more at once. If a group fails (one file
        kills the process, or all take longer than a single one may), each of its files is read again alone.

        Args:
          files: (bytes, source) of each file.

        Returns:
          For each file its tunes, in order; the reason of one that is lost may be `timeout`, `crash` or
          `out-of-memory`.

        Raises:
          RuntimeError: if the process cannot be started, for which no file is to blame.
        """
        if len(files) > 1:
            try:
                return self._ask(files)
            except LostProcessError:
                self.close()
        return [self._read_alone(file) for file in files]

    def _ask(self, files: Sequence[tuple[bytes, str]]) -> list[list[Tune]]:
        self._process = self._process or _take(self.job)
        return self._process.ask(files, self._timeout_seconds)

    def _read_alone(self, file: tuple[bytes, str]) -> list[Tune]:
        while True:
            is_fresh = self._process is None
            began = time.monotonic()
            try:
                return self._ask([file])[0]
            except LostProcessError as lost:
                self.close()
                # An earlier file may have damaged the process: only the failure of a fresh one is this file's own.
                # A timeout is not tried again: it would take the whole time once more.
                if is_fresh or lost.reason == "timeout":
                    seconds = time.monotonic() - began
                    return [Tune(ReadOutcome.without_song(file[1], LOST, lost.reason, lost.detail, seconds))]

    def close(self) -> None:
        """Ends the process; a later `read` starts another."""
        if self._process:
            self._process.kill()
            self._process = None
