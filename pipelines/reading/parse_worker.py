"""The process that parses for `pipelines.reading.isolation.IsolatedReader`; whatever a file does to it, the worker
lives.

python -m pipelines.reading.parse_worker JOB, where JOB is a `ParseJob` in JSON.
"""

import contextlib
import dataclasses
import gc
import importlib
import json
import os
import pathlib
import resource
import signal
import struct
import sys
import time
from typing import Any, Protocol

from nabi.music.errors import ParseError
from nabi.music.song import Song
from nabi.workspace.subprocesses import end_with_parent
from pipelines.reading import frames

# A file that every compiled loop of the fast reader has work with: a name, a program, a chord, a drum.
WARM_UP = (
    b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x18MTrk\x00\x00\x00\x29\x00\xff\x03\x05Piano\x00\xc0\x00"
    b"\x00\x90\x3c\x40\x00\x90\x40\x40\x00\x99\x24\x40\x18\x80\x3c\x40\x00\x80\x40\x40\x00\x89\x24\x40\x00\xff\x2f\x00"
)
# Files of one request together; `nabi.reading.file_reader` takes files of 16 MiB.
_MOST_REQUEST_BYTES = 1 << 28
_MOST_TEXT = 500
# Of an answer: seconds that it took, events of the song.
NUMBERS = struct.Struct("<dI")


@dataclasses.dataclass(frozen=True)
class ParseJob:
    """What a process parses, and how.

    Attributes:
      function: dotted name of a function with the parameters and the result of `nabi.reading.file_reader.read_songs`.
      instrument: see there.
      parser: see there.
      divisors: see there.
      fingerprint: see there.
      memory_bytes: of address space beyond what the process has when it is ready.
      requests: file descriptor to read from.
      answers: file descriptor to write to.
    """

    function: str
    instrument: str
    parser: str
    divisors: tuple[int, ...]
    fingerprint: bool
    memory_bytes: int
    requests: int = -1
    answers: int = -1

    @property
    def reading(self) -> dict[str, Any]:
        """What the function is given besides bytes and source."""
        names = ("instrument", "parser", "divisors", "fingerprint")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_json(cls, text: str) -> "ParseJob":
        """Reads `dataclasses.asdict` in JSON."""
        said = json.loads(text)
        return cls(**{**said, "divisors": tuple(said["divisors"])})


class _Read(Protocol):
    def __call__(
        self, data: bytes, *, source: str, instrument: str, parser: str, divisors: tuple[int, ...], fingerprint: bool
    ) -> list[tuple[str, Song | ParseError]]: ...


def main() -> None:
    """Answers requests until the other end is closed."""
    end_with_parent()
    # As before the package took it for a command's: at once, whatever a parser does.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    job = ParseJob.from_json(sys.argv[1])
    channel = frames.Channel(job.requests, job.answers, _MOST_REQUEST_BYTES)
    read = _load(job.function)
    _warm_up(read, job)
    _limit(job.memory_bytes)
    no_memory = frames.pack(frames.NO_MEMORY)
    try:
        channel.send(frames.pack(frames.READY))
        while True:
            files = iter(channel.receive()[1])
            answers = [
                _answer(read, job, data, frames.to_text(source)) or no_memory
                for source, data in zip(files, files, strict=True)
            ]
            channel.send(frames.pack(frames.ANSWERS, *answers))
    except EOFError:
        return


def _load(function: str) -> _Read:
    module, _, name = function.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _warm_up(read: _Read, job: ParseJob) -> None:
    """Imports and compiles before the first file's clock starts; only a broken installation raises here."""
    # The wanted instrument may not be in that file.
    with contextlib.suppress(ParseError):
        read(WARM_UP, source="warm-up", **job.reading)
    # What is here now stays: the collector need not walk through it again.
    gc.collect()
    gc.freeze()


def _limit(memory_bytes: int) -> None:
    """Sets the memory limit, forbids core dumps (gigabytes for every crash) and silences the parser."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    size = pathlib.Path("/proc/self/statm")
    # Elsewhere than on Linux nobody says how much is taken, and the limit is not kept anyway.
    if size.exists():
        taken = int(size.read_text().split()[0]) * resource.getpagesize()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = taken + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    os.dup2(1, 2)


def _answer(read: _Read, job: ParseJob, data: bytes, source: str) -> bytes:
    """The frame that answers for a file, a frame in it for each tune; b"" if there was no memory for it."""
    began = time.monotonic()
    try:
        tunes = read(data, source=source, **job.reading)
        seconds = (time.monotonic() - began) / max(len(tunes), 1)
        return frames.pack(frames.FILE, *(_tune(tune, result, seconds) for tune, result in tunes))
    # Whatever a parser raises, a SystemExit included, is that file's failure.
    except BaseException as error:
        if _is_want_of_memory(error):
            return b""
        failure = error if isinstance(error, ParseError) else ParseError("crash", f"{type(error).__name__}: {error}")
        return frames.pack(frames.FILE, _tune("", failure, time.monotonic() - began))


def _tune(tune: str, result: Song | ParseError, seconds: float) -> bytes:
    if isinstance(result, ParseError):
        about = (tune, result.reason, result.detail[:_MOST_TEXT])
        return frames.pack(frames.NO_SONG, NUMBERS.pack(seconds, 0), *map(frames.from_text, about))
    about = (tune, result.about.sha256, result.about.instrument)
    numbers = NUMBERS.pack(seconds, len(result))
    return frames.pack(frames.SONG, numbers, result.to_bytes(), *map(frames.from_text, about))


def _is_want_of_memory(error: BaseException | None) -> bool:
    """Whether an exception is a MemoryError, or was raised for one."""
    while error is not None and not isinstance(error, MemoryError):
        error = error.__cause__ or error.__context__
    return error is not None


if __name__ == "__main__":
    main()
