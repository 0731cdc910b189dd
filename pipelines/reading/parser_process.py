"""A running parser process, `pipelines.reading.parse_worker`, and its answers as this process sees them."""

import contextlib
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import IO

from nabi.workspace import subprocesses
from pipelines.reading import frames
from pipelines.reading.file_outcomes import Tune
from pipelines.reading.outcomes import ReadOutcome
from pipelines.reading.parse_worker import ParseJob

# Importing music21 takes a second or two, compiling the loops where no cache can be kept half a minute.
_START_SECONDS = 600.0
# Time that a process whose pipes are closed has to end in.
_EXIT_SECONDS = 5.0


class LostProcessError(Exception):
    """Raised when the process cannot answer any more.

    Attributes:
      reason: a key of `nabi.music.errors.REASONS`.
      detail: the reason as a sentence.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class ParserProcess:
    """A running `pipelines.reading.parse_worker`, which imports its readers while this process does other work.

    Attributes:
      job: what it reads.
    """

    def __init__(self, job: ParseJob) -> None:
        self.job = job
        self._is_ready = False
        (requests, our_requests), (our_answers, answers) = os.pipe(), os.pipe()
        # A song cannot have more bytes than the process has memory.
        self._channel = frames.Channel(our_answers, our_requests, job.memory_bytes)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - `kill` closes it.
        try:
            self.popen = _popen(requests, answers, self._errors)
        finally:
            # Kept open here, they would hide that the process has ended.
            os.close(requests)
            os.close(answers)
        # If it has ended already, `wait_until_ready` says why.
        with contextlib.suppress(EOFError):
            self._channel.send(frames.pack(frames.JOB, pickle.dumps(job)))

    def wait_until_ready(self) -> None:
        """Returns when the process takes requests; raises RuntimeError with what it says if it does not start."""
        try:
            if not self._is_ready:
                self._channel.receive(time.monotonic() + _START_SECONDS)
            self._is_ready = True
        except (EOFError, TimeoutError) as error:
            self.popen.kill()
            self._errors.seek(0)
            output = self._errors.read().decode(errors="replace").strip()
            raise RuntimeError(f"the process that parses did not start; it says: {output[-2000:]}") from error

    def ask(self, files: Sequence[tuple[bytes, str]], timeout_seconds: float) -> list[list[Tune]]:
        """Sends (bytes, source) of files and returns their answers; raises LostProcessError if the process is lost.

        Args:
          files: (bytes, source) of each file.
          timeout_seconds: wall time for all of them together, from when the process is ready.
        """
        self.wait_until_ready()
        deadline = time.monotonic() + timeout_seconds
        request = [field for data, source in files for field in (frames.from_text(source), data)]
        try:
            self._channel.send(frames.pack(frames.REQUEST, *request), deadline)
            _, answers = self._channel.receive(deadline)
            return [self._understand(*frames.unpack(answer)) for answer in answers]
        except TimeoutError as error:
            raise LostProcessError("timeout", f"not read within {timeout_seconds:g} seconds") from error
        except EOFError as error:
            raise self._cause_of_death() from error
        # A process whose memory a parser has overwritten may answer anything.
        except ValueError as error:
            raise LostProcessError("crash", f"the process that parses answered nonsense: {error}") from error

    def _understand(self, kind: bytes, tunes: list[bytes]) -> list[Tune]:
        if kind == frames.NO_MEMORY:
            raise LostProcessError("out-of-memory", f"needs more than {self.job.memory_bytes >> 20} MiB")
        return [_understand(*frames.unpack(tune)) for tune in tunes]

    def _cause_of_death(self) -> LostProcessError:
        try:
            status = self.popen.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            return LostProcessError("crash", "the process that parses hung up")
        if status >= 0:
            return LostProcessError("crash", f"the process that parses ended with status {status}")
        name = signal.Signals(-status).name
        if -status == signal.SIGKILL:
            return LostProcessError("out-of-memory", f"killed by {name}, as the system does when its memory runs out")
        return LostProcessError("crash", f"the process that parses was ended by {name}")

    def kill(self) -> None:
        """Kills the process and waits until it is gone."""
        self.popen.kill()
        self._channel.close()
        self._errors.close()
        with contextlib.suppress(OSError), self.popen:
            pass


def _understand(kind: bytes, fields: list[bytes]) -> Tune:
    if kind != frames.TUNE:
        raise ValueError(f"an answer of the kind {kind!r}")
    row, song = fields
    return Tune(ReadOutcome.from_json(row), song)


def _popen(requests: int, answers: int, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Starts a fresh interpreter: a fork would inherit the locks that this process's other threads hold."""
    root = str(pathlib.Path(__file__).resolve().parents[2])
    # Relative entries are left out: the working directory may have changed since they were added.
    path = [entry for entry in sys.path if pathlib.Path(entry).is_absolute()]
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with subprocesses.without_interrupts():
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "pipelines.reading.parse_worker", str(requests), str(answers)],
            stdin=subprocess.PIPE,  # held open as long as this process lives: see subprocesses.end_with_parent
            stdout=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=[requests, answers],
            env={**os.environ, **one_thread, "PYTHONPATH": os.pathsep.join(path if root in path else [root, *path])},
        )
