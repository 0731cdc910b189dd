"""The process that parses files for `pipelines.reading.isolation.IsolatedReader`: it may die, the worker does not.

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
from typing import Protocol

from nabi.music.errors import ParseError
from nabi.music.song import Song
from nabi.reading.read_settings import ReadSettings
from nabi.workspace.subprocesses import end_with_parent
from pipelines.reading import frames

# A file that runs every compiled loop of the fast reader: a name, a program, a chord, a drum.
WARM_UP = (
    b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x18MTrk\x00\x00\x00\x29\x00\xff\x03\x05Piano\x00\xc0\x00"
    b"\x00\x90\x3c\x40\x00\x90\x40\x40\x00\x99\x24\x40\x18\x80\x3c\x40\x00\x80\x40\x40\x00\x89\x24\x40\x00\xff\x2f\x00"
)
# All files of a request together; `nabi.reading.file_reader` takes files of up to 16 MiB.
_MOST_REQUEST_BYTES = 1 << 28
_MOST_TEXT = 500
# Numbers of an answer: seconds that reading took, events of the song.
NUMBERS = struct.Struct("<dI")


@dataclasses.dataclass(frozen=True)
class ParseJob:
    """Settings of a parsing process.

    Attributes:
      function: dotted name of a function with the parameters and the result of `nabi.reading.file_reader.read_songs`.
      settings: parameter of the function.
      memory_bytes: address space that the process may take beyond its size when it is ready.
      requests: file descriptor to read from.
      answers: file descriptor to write to.
    """

    function: str
    settings: ReadSettings
    memory_bytes: int
    requests: int = -1
    answers: int = -1

    @classmethod
    def from_json(cls, text: str) -> "ParseJob":
        """Reads a job from the JSON of its `dataclasses.asdict`."""
        fields = json.loads(text)
        return cls(**{**fields, "settings": ReadSettings(**fields["settings"])})


class _Read(Protocol):
    def __call__(self, data: bytes, *, source: str, settings: ReadSettings) -> list[tuple[str, Song | ParseError]]: ...


def main() -> None:
    """Answers requests until the other end is closed."""
    end_with_parent()
    # The package handles SIGTERM as a command does; this process must end at once, whatever a parser does.
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
    """Imports and compiles before the first file's time counts; only a broken installation raises here."""
    # The chosen instrument may not be in that file.
    with contextlib.suppress(ParseError):
        read(WARM_UP, source="warm-up", settings=job.settings)
    # Objects that live from here on: the garbage collector need not walk through them again.
    gc.collect()
    gc.freeze()


def _limit(memory_bytes: int) -> None:
    """Sets the memory limit, forbids core dumps (gigabytes for every crash) and silences the parser."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    size = pathlib.Path("/proc/self/statm")
    # Only Linux tells the size in use, and only Linux enforces the limit.
    if size.exists():
        used = int(size.read_text().split()[0]) * resource.getpagesize()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = used + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    os.dup2(1, 2)


def _answer(read: _Read, job: ParseJob, data: bytes, source: str) -> bytes:
    """Returns the frame that answers for a file, with a frame for each tune in it; b"" if memory ran out."""
    began = time.monotonic()
    try:
        tunes = read(data, source=source, settings=job.settings)
        seconds = (time.monotonic() - began) / max(len(tunes), 1)
        return frames.pack(frames.FILE, *(_tune(tune, result, seconds) for tune, result in tunes))
    # Whatever a parser raises, a SystemExit included, is that file's failure.
    except BaseException as error:
        if _is_out_of_memory(error):
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


def _is_out_of_memory(error: BaseException | None) -> bool:
    """Returns true if an exception is a MemoryError, or was raised because of one."""
    while error is not None and not isinstance(error, MemoryError):
        error = error.__cause__ or error.__context__
    return error is not None


if __name__ == "__main__":
    main()
