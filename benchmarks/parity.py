"""`make parity FOLDERS=...`: reads every file with both readers and prints the differences.

python -m benchmarks.parity FOLDER ... [--parts] [--instrument first] [--divisors 8,6] [--every 10]
"""

import collections
import concurrent.futures
import functools
import pathlib
import sys
import time

from nabi.music import quantisation
from nabi.music.errors import ParseError
from nabi.reading import file_reader
from nabi.reading.read_settings import PEDALS, TIMES, ReadSettings
from nabi.workspace.commands import Parser


def compare(path: pathlib.Path, settings: ReadSettings) -> tuple[str, str]:
    """Compares both readers; returns (`equal`, `different` or why both refuse the file; the first difference)."""
    data = path.read_bytes()
    difference = file_reader.difference(data, settings)
    if difference:
        return "different", difference
    try:
        file_reader.read_song(data, source=path.name, settings=settings)
    except ParseError as error:
        return f"refused by both: {error.reason}", ""
    return "equal", ""


def main() -> None:
    """Compares all files below the folders, on all cores; exits with 1 if a file differs."""
    parser = Parser("python -m benchmarks.parity", description=__doc__)
    parser.add_argument("folder", nargs="+", type=pathlib.Path)
    parser.add_argument("--instrument", default="all", help="see pipelines.preprocess --instrument")
    parser.add_argument("--divisors", default="4,3", help="see pipelines.preprocess --divisors")
    parser.add_argument("--parts", action="store_true", help="keep parts, velocities and changes over time")
    parser.add_argument("--pedal", default="drop", choices=PEDALS, help="the sustain pedal (default: drop)")
    parser.add_argument("--time", default="quarters", choices=TIMES, help="see pipelines.preprocess --time")
    parser.add_argument("--every", type=int, default=1, help="only each so many files (default: all)")
    flags = parser.parse_or_exit()
    settings = ReadSettings(
        flags.instrument,
        divisors=quantisation.parse(flags.divisors),
        parts=flags.parts,
        pedal=flags.pedal,
        time=flags.time,
    )
    files = sorted(path for folder in flags.folder for path in folder.rglob("*") if path.is_file())[:: flags.every]
    counts: collections.Counter[str] = collections.Counter()
    shown = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor() as pool:
        compare_all = functools.partial(compare, settings=settings)
        outcomes = pool.map(compare_all, files, chunksize=4)
        for path, (outcome, difference) in zip(files, outcomes, strict=True):
            counts[outcome] += 1
            if difference:
                print(f"{path}: {difference}")
            if time.monotonic() - shown > 10:
                shown = time.monotonic()
                print(f"{counts.total()} of {len(files)} files", file=sys.stderr)
    for outcome, count in counts.most_common():
        print(f"{count:6} {outcome}")
    sys.exit(1 if counts["different"] else 0)


if __name__ == "__main__":
    main()
