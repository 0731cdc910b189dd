"""The process that parses files for `pipelines.reading.isolation.IsolatedReader`: it may die, the worker does not.

python -m pipelines.reading.parse_worker REQUESTS ANSWERS, two file descriptors; first comes a pickled `ParseJob`.
"""

import contextlib
import dataclasses
import gc
import importlib
import os
import pathlib
import pickle
import resource
import signal
import sys
import time

from nabi.music.errors import ParseError
from nabi.workspace.ledger import LOST
from nabi.workspace.subprocesses import end_with_parent
from pipelines.config import PreprocessConfig
from pipelines.reading import frames
from pipelines.reading.file_outcomes import FileOutcomes, Read, Tune
from pipelines.reading.outcomes import ReadOutcome

# A file that runs every compiled loop of the fast reader: a name, a program, a chord, a drum.
WARM_UP = (
    b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x18MTrk\x00\x00\x00\x29\x00\xff\x03\x05Piano\x00\xc0\x00"
    b"\x00\x90\x3c\x40\x00\x90\x40\x40\x00\x99\x24\x40\x18\x80\x3c\x40\x00\x80\x40\x40\x00\x89\x24\x40\x00\xff\x2f\x00"
)
# All files of a request together; `nabi.reading.file_reader` takes files of up to 16 MiB.
_MOST_REQUEST_BYTES = 1 << 28
_MOST_TEXT = 500


@dataclasses.dataclass(frozen=True)
class ParseJob:
    """Settings of a parsing process.

    Attributes:
      function: dotted name of a function with the parameters and the result of `nabi.reading.file_reader.read_songs`.
      config: the dataset's settings.
      memory_bytes: address space that the process may take beyond its size when it is ready.
    """

    function: str
    config: PreprocessConfig
    memory_bytes: int


def main() -> None:
    """Answers requests until the other end is closed."""
    end_with_parent()
    # The package handles SIGTERM as a command does; this process must end at once, whatever a parser does.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    channel = frames.Channel(*map(int, sys.argv[1:]), _MOST_REQUEST_BYTES)
    with contextlib.suppress(EOFError):
        job = pickle.loads(channel.receive()[1][0])
        outcomes = FileOutcomes(job.config, _load(job.function))
        _warm_up(outcomes)
        _limit(job.memory_bytes)
        no_memory = frames.pack(frames.NO_MEMORY)
        channel.send(frames.pack(frames.READY))
        while True:
            files = iter(channel.receive()[1])
            answers = [
                _answer(outcomes, data, frames.to_text(source)) or no_memory
                for source, data in zip(files, files, strict=True)
            ]
            channel.send(frames.pack(frames.ANSWERS, *answers))


def _load(function: str) -> Read:
    module, _, name = function.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _warm_up(outcomes: FileOutcomes) -> None:
    """Imports and compiles before the first file's time counts; only a broken installation raises here."""
    # The chosen instrument may not be in that file.
    with contextlib.suppress(ParseError):
        outcomes.of_file(WARM_UP, "warm-up")
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


def _answer(outcomes: FileOutcomes, data: bytes, source: str) -> bytes:
    """Returns the frame that answers for a file, with a frame for each tune in it; b"" if memory ran out."""
    began = time.monotonic()
    try:
        tunes = outcomes.of_file(data, source)
    # Whatever a parser raises, a SystemExit included, is that file's failure.
    except BaseException as error:
        if _is_out_of_memory(error):
            return b""
        failure = error if isinstance(error, ParseError) else ParseError("crash", f"{type(error).__name__}: {error}")
        detail, seconds = failure.detail[:_MOST_TEXT], time.monotonic() - began
        tunes = [Tune(ReadOutcome.without_song(source, LOST, failure.reason, detail, seconds))]
    return frames.pack(frames.FILE, *(frames.pack(frames.TUNE, tune.row.to_json(), tune.song) for tune in tunes))


def _is_out_of_memory(error: BaseException | None) -> bool:
    """Returns true if an exception is a MemoryError, or was raised because of one."""
    while error is not None and not isinstance(error, MemoryError):
        error = error.__cause__ or error.__context__
    return error is not None


if __name__ == "__main__":
    main()
