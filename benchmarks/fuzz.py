"""`make fuzz`: reads many damaged files with repair and the fast reader; each must give a song or a reason, quickly.

python -m benchmarks.fuzz --cases 100000 [FOLDER of MIDI files to damage ...]
"""

import collections
import pathlib
import sys
import time

from nabi.music.errors import ParseError
from nabi.music.selection import Selection
from nabi.reading import fast_midi
from nabi.reading.repair import repair
from nabi.workspace.commands import Parser
from tests import builders
from tests.nabi.reading.mutations import mutations

# Limit of processor time, which does not depend on other work of the machine. A slower file would stall a job.
_SLOW_SECONDS = 1.0
# Cases between two lines of progress.
_TOLD = 2000


def read(data: bytes) -> list[str]:
    """Repairs and reads a file; returns `song`, or the reason that there is none, for each song in it."""
    return [_outcome(repaired.data) for repaired in repair(data)]


def _outcome(data: bytes) -> str:
    try:
        song = fast_midi.read(data)
    except ParseError as error:
        return error.reason
    return "song" if len(Selection().of(song)) else "nothing"


def _seconds(data: bytes) -> float:
    """Measures a file again, after compilation and imports."""
    started = time.process_time()
    read(data)
    return time.process_time() - started


def main() -> None:
    """Runs the cases; exits with 1 at another exception or a slow case, which is kept in a file."""
    parser = Parser("python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("folder", nargs="*", type=pathlib.Path)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    flags = parser.parse_or_exit()
    real = [path.read_bytes() for folder in flags.folder for path in sorted(folder.rglob("*")) if path.is_file()]
    sound = [builders.scale(), *(data for data in real if 14 <= len(data) < 60_000)]
    outcomes: collections.Counter[str] = collections.Counter()
    # Compiles the loops and asks music21 for the instruments that the files name.
    for data in sound:
        read(data)
    slowest, began = 0.0, time.monotonic()
    for number, data in enumerate(mutations(sound, flags.cases, flags.seed)):
        if number % _TOLD == 0:
            print(f"{number} of {flags.cases} cases, slowest {slowest * 1000:.1f} ms", flush=True)
        kept, started = pathlib.Path(f"fuzz-{flags.seed}-{number}.mid"), time.process_time()
        try:
            outcomes.update(read(data))
        except Exception:
            kept.write_bytes(data)
            raise
        seconds = time.process_time() - started
        if seconds > _SLOW_SECONDS and (seconds := _seconds(data)) > _SLOW_SECONDS:
            kept.write_bytes(data)
        slowest = max(slowest, seconds)
    for outcome, count in outcomes.most_common():
        print(f"{count:8} {outcome}")
    print(f"slowest {slowest * 1000:.1f} ms; {flags.cases / (time.monotonic() - began):.0f} cases/s")
    sys.exit(slowest > _SLOW_SECONDS)


if __name__ == "__main__":
    main()
