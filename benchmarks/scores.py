"""Reads music21's corpus of scores: counts those that are read or refused, and prints the slowest.

python -m benchmarks.scores [--sample 60] [--ending .krn] [--processes 2] [--folder DIR]
"""

import collections
import concurrent.futures
import pathlib
import random
import time

import music21

from nabi.music.errors import ParseError
from nabi.reading import scores
from nabi.workspace import file_endings
from nabi.workspace.commands import Parser

CORPUS = pathlib.Path(music21.__file__).parent / "corpus"

Outcome = tuple[str, str, str, int]


def read(path: pathlib.Path) -> tuple[pathlib.Path, float, list[Outcome]]:
    """Reads a file; returns (file, seconds, (tune, reason or `read`, detail, notes) of each of its tunes)."""
    began = time.monotonic()
    outcomes = [
        (tune, song.reason, song.detail, 0) if isinstance(song, ParseError) else (tune, "read", "", len(song.pitches))
        for tune, song in scores.read(path.read_bytes(), ending=path.suffix)
    ]
    return path, time.monotonic() - began, outcomes


def sample(folder: pathlib.Path, endings: list[str], number: int | None) -> list[pathlib.Path]:
    """Lists the files of each ending, or a random sample of `number` of them, the same every time."""
    selected = []
    for ending in endings:
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ending)
        selected += files if number is None else random.Random(0).sample(files, min(number, len(files)))
    return selected


def main() -> None:
    """Prints a line for each tune refused, then a table for each ending, then the slowest files."""
    parser = Parser("python -m benchmarks.scores", description=__doc__)
    parser.add_argument("--folder", type=pathlib.Path, default=CORPUS)
    parser.add_argument("--ending", action="append", choices=file_endings.SCORES, help="may be repeated; default all")
    parser.add_argument("--sample", type=int, help="files of each ending; default all")
    parser.add_argument("--processes", type=int, default=2)
    flags = parser.parse_or_exit()
    files = sample(flags.folder, flags.ending or list(file_endings.SCORES), flags.sample)
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    notes: collections.Counter[str] = collections.Counter()
    took: list[tuple[float, pathlib.Path]] = []
    with concurrent.futures.ProcessPoolExecutor(flags.processes) as pool:
        for path, seconds, outcomes in pool.map(read, files):
            took.append((seconds, path))
            for tune, reason, detail, heads in outcomes:
                counts[path.suffix][reason] += 1
                notes[path.suffix] += heads
                if reason != "read":
                    print(
                        f"{path.relative_to(flags.folder)}{'#' if tune else ''}{tune}: {reason}: {detail}", flush=True
                    )
    for ending, reasons in counts.items():
        durations = [seconds for seconds, path in took if path.suffix == ending]
        table = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        print(f"{ending}: {len(durations)} files, {sum(durations):.0f} s: {table}; {notes[ending]} notes")
    for seconds, path in sorted(took, reverse=True)[:5]:
        print(f"{seconds:7.1f} s {path.relative_to(flags.folder)}")


if __name__ == "__main__":
    main()
