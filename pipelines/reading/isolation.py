"""Parsing where it can neither hang nor kill the worker: in a process of its own, with limits.

A file that hangs, crashes or takes too much memory costs itself: the process is started anew for the next one.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import IO, NamedTuple

from nabi.music import quantisation
from nabi.music.errors import ParseError
from nabi.music.song import Song
from nabi.workspace import subprocesses
from pipelines.reading import frames
from pipelines.reading.parse_worker import NUMBERS, ParseJob

# Importing music21 takes a second or two, compiling the loops where no cache can be kept half a minute.
_START_SECONDS = 600.0
_LEAST_MEMORY_BYTES = 1 << 27
# How long a process that has hung up may take to be gone.
_EXIT_SECONDS = 5.0


class PackedSong(NamedTuple):
    """A song as it is spooled, and what a row says of it.

    Attributes:
      data: `Song.to_bytes()`.
      events: notes and chords.
      sha256: of the file's bytes, in hexadecimal.
      instrument: whose notes were taken.
    """

    data: bytes
    events: int
    sha256: str
    instrument: str


class ParseAnswer(NamedTuple):
    """What became of a tune of a file: its song, or why there is none; the seconds that it took; its name.

    A file of one song has one tune, whose name is "".
    """

    result: PackedSong | ParseError
    seconds: float
    tune: str = ""


class IsolatedReader:
    """Reads files in one long-lived process, warm before a file's clock starts; a context, for one thread at a time."""

    def __init__(
        self,
        *,
        instrument: str,
        parser: str,
        divisors: tuple[int, ...] = quantisation.DEFAULT,
        fingerprint: bool = True,
        timeout_seconds: float,
        memory_bytes: int,
        function: str = "nabi.reading.file_reader.read_songs",
    ) -> None:
        """Starts nothing yet.

        Args:
          instrument: see `nabi.reading.instruments.choose`.
          parser: one of `nabi.reading.file_reader.PARSERS`.
          divisors: see `nabi.music.quantisation`.
          fingerprint: see `nabi.reading.instruments.choose`.
          timeout_seconds: of wall clock for a file, above 0.
          memory_bytes: of address space that the process may take beyond its size at the start.
          function: dotted name of what reads, `nabi.reading.file_reader.read_songs` or its like.

        Raises:
          ValueError: if a limit is outside its range.
        """
        if not timeout_seconds > 0:
            raise ValueError(f"timeout_seconds is {timeout_seconds}; it must be above 0")
        if memory_bytes < _LEAST_MEMORY_BYTES:
            raise ValueError(f"memory_bytes is {memory_bytes}; it must be at least {_LEAST_MEMORY_BYTES}")
        self._job = ParseJob(function, instrument, parser, divisors, fingerprint, memory_bytes)
        self._timeout_seconds = timeout_seconds
        self._process: _Process | None = None

    def __enter__(self) -> "IsolatedReader":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Of the process, for logs and measurements; None where none runs."""
        return self._process.popen.pid if self._process else None

    def read(self, data: bytes, source: str) -> Song:
        """The song of a file that has one; raises ParseError as `read_packed` answers it."""
        result = self.read_packed([(data, source)])[0][0].result
        if isinstance(result, ParseError):
            raise result
        return Song.from_bytes(result.data)

    def read_packed(self, files: Sequence[tuple[bytes, str]]) -> list[list[ParseAnswer]]:
        """The songs of files in the form that is spooled: this process never unpacks them.

        Waking the process and being woken costs a tenth of parsing a small file, so give 16 or more at once. Where
        several fail (one kills the process, or all take longer than one may), each is read again alone.

        Args:
          files: (bytes, source) of each.

        Returns:
          The answers for each, one a tune, in their order; a ParseError's reason may be `timeout`, `crash` or
          `out-of-memory`.

        Raises:
          RuntimeError: if the process cannot be started, for which no file is to blame.
        """
        if len(files) > 1:
            try:
                return self._ask(files)
            except _LostProcessError:
                self.close()
        return [self._read_alone(file) for file in files]

    def _ask(self, files: Sequence[tuple[bytes, str]]) -> list[list[ParseAnswer]]:
        self._process = self._process or _Process(self._job)
        return self._process.ask(files, self._timeout_seconds)

    def _read_alone(self, file: tuple[bytes, str]) -> list[ParseAnswer]:
        while True:
            is_fresh = self._process is None
            began = time.monotonic()
            try:
                return self._ask([file])[0]
            except _LostProcessError as lost:
                self.close()
                # What earlier files left behind in the process must not be charged to this one: only a fresh process
                # says what the file itself does. A hang is not waited for twice.
                if is_fresh or lost.reason == "timeout":
                    return [ParseAnswer(ParseError(lost.reason, lost.detail), time.monotonic() - began)]

    def close(self) -> None:
        """Ends the process; a later `read` starts another."""
        if self._process:
            self._process.kill()
            self._process = None


class _LostProcessError(Exception):
    """A process that can answer no more: `reason` is a key of `nabi.music.errors.REASONS`, `detail` a sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class _Process:
    """A running `pipelines.reading.parse_worker`, ready."""

    def __init__(self, job: ParseJob) -> None:
        self._memory_bytes = job.memory_bytes
        (requests, our_requests), (our_answers, answers) = os.pipe(), os.pipe()
        # A song's bytes are never longer than the memory that they were made in.
        self._channel = frames.Channel(our_answers, our_requests, job.memory_bytes)
        with tempfile.TemporaryFile() as errors:
            try:
                self.popen = _popen(dataclasses.replace(job, requests=requests, answers=answers), errors)
            finally:
                # Kept open here, they would hide that the process has ended.
                os.close(requests)
                os.close(answers)
            self._wait_until_ready(errors)

    def _wait_until_ready(self, errors: IO[bytes]) -> None:
        try:
            self._channel.receive(time.monotonic() + _START_SECONDS)
        except (EOFError, TimeoutError) as error:
            self.kill()
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            raise RuntimeError(f"the process that parses did not start; it says: {said[-2000:]}") from error
        except BaseException:
            self.kill()
            raise

    def ask(self, files: Sequence[tuple[bytes, str]], timeout_seconds: float) -> list[list[ParseAnswer]]:
        """What the process makes of files; raises _LostProcessError if it is of no more use."""
        deadline = time.monotonic() + timeout_seconds
        request = [field for data, source in files for field in (frames.from_text(source), data)]
        try:
            self._channel.send(frames.pack(frames.REQUEST, *request), deadline)
            _, answers = self._channel.receive(deadline)
            return [self._understand(*frames.unpack(answer)) for answer in answers]
        except TimeoutError as error:
            raise _LostProcessError("timeout", f"not read within {timeout_seconds:g} seconds") from error
        except EOFError as error:
            raise self._cause_of_death() from error
        # A process whose memory a parser has overwritten may say anything.
        except ValueError as error:
            raise _LostProcessError("crash", f"the process that parses answered nonsense: {error}") from error

    def _understand(self, kind: bytes, tunes: list[bytes]) -> list[ParseAnswer]:
        if kind == frames.NO_MEMORY:
            raise _LostProcessError("out-of-memory", f"needs more than {self._memory_bytes >> 20} MiB")
        return [_understand(*frames.unpack(tune)) for tune in tunes]

    def _cause_of_death(self) -> _LostProcessError:
        try:
            status = self.popen.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            return _LostProcessError("crash", "the process that parses hung up")
        if status >= 0:
            return _LostProcessError("crash", f"the process that parses ended with status {status}")
        name = signal.Signals(-status).name
        if -status == signal.SIGKILL:
            return _LostProcessError("out-of-memory", f"killed by {name}, as the system does when its memory runs out")
        return _LostProcessError("crash", f"the process that parses was ended by {name}")

    def kill(self) -> None:
        """Ends the process, whatever it does, and waits until it is gone."""
        self.popen.kill()
        self._channel.close()
        with contextlib.suppress(OSError), self.popen:
            pass


def _understand(kind: bytes, fields: list[bytes]) -> ParseAnswer:
    seconds, events = NUMBERS.unpack(fields[0])
    if kind == frames.SONG:
        tune, *about = map(frames.to_text, fields[2:])
        return ParseAnswer(PackedSong(fields[1], events, *about), seconds, tune)
    tune, reason, detail = map(frames.to_text, fields[1:])
    return ParseAnswer(ParseError(reason, detail), seconds, tune)


def _popen(job: ParseJob, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Starts a fresh interpreter: a fork would inherit the locks that this process's other threads hold."""
    root = str(pathlib.Path(__file__).resolve().parents[2])
    # The working directory may have changed since relative names were put there.
    path = [entry for entry in sys.path if pathlib.Path(entry).is_absolute()]
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with subprocesses.without_interrupts():
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "pipelines.reading.parse_worker", json.dumps(dataclasses.asdict(job))],
            stdin=subprocess.PIPE,  # held open as long as this process lives: see subprocesses.end_with_parent
            stdout=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=[job.requests, job.answers],
            env={**os.environ, **one_thread, "PYTHONPATH": os.pathsep.join(path if root in path else [root, *path])},
        )
