"""`make fuzz`: many damaged files through repair and the fast reader; each must give a song or a reason, and quickly.

python -m benchmarks.fuzz --cases 100000 [FOLDER of MIDI files to damage ...]
"""

import collections
import pathlib
import sys
import time

from tests.songs.mutations import mutations

from nabi.music.errors import ParseError
from nabi.music.selection import Selection
from nabi.reading import fast_midi
from nabi.reading.repair import repair
from nabi.workspace.commands import Parser
from tests import builders

# Of processor time, which other work on the machine does not lengthen. A file that takes longer would stall a job.
_SLOW_SECONDS = 1.0


def read(data: bytes) -> list[str]:
    """`song`, or why there is none, of each song of a file: repaired, read fast, its silences shortened."""
    return [_outcome(one.data) for one in repair(data)]


def _outcome(data: bytes) -> str:
    try:
        song = fast_midi.read(data)
    except ParseError as error:
        return error.reason
    return "song" if len(Selection().of(song)) else "nothing"


def _seconds(data: bytes) -> float:
    """Measures a file again: what is compiled or imported for it is there by now."""
    started = time.process_time()
    read(data)
    return time.process_time() - started


def main() -> None:
    """Runs the cases; exits with 1 at another exception or a slow case, which is kept in a file."""
    parser = Parser("python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("folder", nargs="*", type=pathlib.Path)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_or_exit()
    real = [path.read_bytes() for folder in chosen.folder for path in sorted(folder.rglob("*")) if path.is_file()]
    sound = [builders.scale(), *(data for data in real if 14 <= len(data) < 60_000)]
    outcomes: collections.Counter[str] = collections.Counter()
    # Compiles the loops and asks music21 for the instruments that the files name.
    for data in sound:
        read(data)
    slowest, began = 0.0, time.monotonic()
    for number, data in enumerate(mutations(sound, chosen.cases, chosen.seed)):
        kept, started = pathlib.Path(f"fuzz-{chosen.seed}-{number}.mid"), time.process_time()
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
    print(f"slowest {slowest * 1000:.1f} ms; {chosen.cases / (time.monotonic() - began):.0f} cases/s")
    sys.exit(slowest > _SLOW_SECONDS)


if __name__ == "__main__":
    main()
