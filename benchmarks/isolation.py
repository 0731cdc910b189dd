"""Measures the cost of parsing in a process of its own, compared with reading and encoding in this one.

python -m benchmarks.isolation FOLDER ... [--parser fast] [--rounds 5] [--batch 16]

Both read the same files to the same bytes, in turns of a few dozen files. Wall-clock time matters for one worker on an
idle machine; processor time, of both processes together, matters on a machine with a worker on every core.
"""

import pathlib
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from nabi.reading.file_reader import read_songs
from nabi.workspace.commands import Parser
from pipelines.config import PreprocessConfig
from pipelines.reading.file_outcomes import FileOutcomes, Tune
from pipelines.reading.isolation import IsolatedReader

_FILES_A_TURN = 48


class Cost(NamedTuple):
    """Seconds of wall clock and of processor time."""

    wall: float
    processor: float


def measure(read: Callable[[Sequence[bytes]], object], turn: Sequence[bytes], batch: int, pid: int) -> Cost:
    """Measures the reading of a turn's files, `batch` at a time, with the processor time of process `pid`."""
    wall, processor = time.perf_counter(), time.process_time() + _processor_time(pid)
    for begin in range(0, len(turn), batch):
        read(turn[begin : begin + batch])
    return Cost(time.perf_counter() - wall, time.process_time() + _processor_time(pid) - processor)


def _processor_time(pid: int) -> float:
    # The clock of another process, computed as clock_getcpuclockid(3) does on Linux.
    return time.clock_gettime(~pid << 3 | 2)


def pairs(files: Sequence[bytes], parser: str, batch: int) -> Iterator[tuple[Cost, Cost]]:
    """Runs one round; yields the costs of each turn, in this process and in a process of its own."""
    turns = [files[begin : begin + _FILES_A_TURN] for begin in range(0, len(files), _FILES_A_TURN)]
    config = PreprocessConfig(parser=parser)
    outcomes = FileOutcomes(config, read_songs)
    with IsolatedReader(config, timeout_seconds=600, memory_bytes=1 << 31) as reader:

        def here(datas: Sequence[bytes]) -> list[bytes]:
            return [_song(outcomes.of_file(data, "")) for data in datas]

        def isolated(datas: Sequence[bytes]) -> list[bytes]:
            return [_song(tunes) for tunes in reader.read([(data, "") for data in datas])]

        # Once untimed, to fill caches.
        if here(files) != isolated(files):
            raise AssertionError("the two do not read the same")
        assert reader.pid is not None
        for turn in turns:
            yield measure(here, turn, batch, reader.pid), measure(isolated, turn, batch, reader.pid)


def _song(tunes: Sequence[Tune]) -> bytes:
    """Returns the song of a file's first tune, or why there is none."""
    row, song = tunes[0]
    return song or row.reason.encode()


def main() -> None:
    """Prints both costs and their ratios, of wall clock and of processor time."""
    parser = Parser("python -m benchmarks.isolation", description=__doc__)
    parser.add_argument("folder", nargs="+", type=pathlib.Path)
    parser.add_argument("--parser", choices=("fast", "music21"), default="fast")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=16, help="files that are handed over at once")
    flags = parser.parse_or_exit()
    paths = sorted(path for folder in flags.folder for path in folder.rglob("*.mid"))
    files = [path.read_bytes() for path in paths]
    # A new process each round, since its place in memory and its core affect its speed.
    measured = [pair for _ in range(flags.rounds) for pair in pairs(files, flags.parser, flags.batch)]
    print(f"{len(files)} files, {flags.rounds} rounds, --parser {flags.parser}, {flags.batch} at once")
    for clock in Cost._fields:
        both = [(getattr(here, clock), getattr(isolated, clock)) for here, isolated in measured]
        print(f"{clock:10} {_compared(both, flags.rounds, len(files))}")


def _compared(both: Sequence[tuple[float, float]], rounds: int, files: int) -> str:
    """Formats microseconds a file, from the fastest round of each turn (other work only adds time), and ratios."""
    turns = len(both) // rounds
    here, isolated = (
        sum(min(column[turn::turns]) for turn in range(turns)) * 1e6 / files for column in zip(*both, strict=True)
    )
    median = statistics.median(isolated / here for here, isolated in both)
    return (
        f"here {here:6.0f} us/file   isolated {isolated:6.0f} us/file   ratio {isolated / here:.3f}"
        f"   median ratio of all turns {median:.3f}"
    )


if __name__ == "__main__":
    main()
