"""`make parity FOLDERS=...`: reads every file with both readers and says where they differ.

python -m benchmarks.parity FOLDER ... [--instrument first]
"""

import argparse
import collections
import concurrent.futures
import pathlib
import sys
import time

from songs import reading
from songs.errors import ParseError


def compare(path: pathlib.Path, instrument: str) -> tuple[str, str]:
    """(`equal`, `different` or the reason why both refuse the file; the first difference)."""
    data = path.read_bytes()
    difference = reading.difference(data, instrument)
    if difference:
        return "different", difference
    try:
        reading.read_song(data, source=path.name, instrument=instrument)
    except ParseError as error:
        return f"refused by both: {error.reason}", ""
    return "equal", ""


def main() -> None:
    """Compares all files below the folders, on all cores; exits with 1 if a file differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="+", type=pathlib.Path)
    parser.add_argument("--instrument", default="all", help="see pipelines.preprocess --instrument")
    chosen = parser.parse_args()
    files = sorted(path for folder in chosen.folder for path in folder.rglob("*") if path.is_file())
    counts: collections.Counter[str] = collections.Counter()
    shown = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor() as pool:
        outcomes = pool.map(compare, files, [chosen.instrument] * len(files), chunksize=4)
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
