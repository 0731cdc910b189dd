"""Compares settings of `--divisors` on recordings: notes lost, distance moved, and tokens a note.

    python -m benchmarks.divisors FOLDER ... [--drums] [--divisors 4,3 --divisors 8,6 ...]

A note is lost if it falls on the tick of another of its pitch. The distance that a note has moved is measured from its
onset to the nearest onset of its pitch in the file.
"""

import dataclasses
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import symusic

from nabi.music import quantisation
from nabi.music.encodings import Events
from nabi.music.errors import ParseError
from nabi.reading import fast_midi
from nabi.reading.read_settings import ReadSettings
from nabi.workspace.commands import Parser

_DIVISORS = ("4,3", "8,6", "8,6,5", "16,12")

Floats = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Recording:
    """A file and its notes before quantisation.

    Attributes:
      data: bytes of the file.
      onset: float64 [N], in quarter notes, ascending.
      pitch: int64 [N].
    """

    data: bytes
    onset: Floats
    pitch: npt.NDArray[np.int64]


def main() -> None:
    """Reads all files by each of the divisors and prints a table."""
    parser = Parser("python -m benchmarks.divisors", description=__doc__)
    parser.add_argument("folder", nargs="+", type=pathlib.Path)
    parser.add_argument("--drums", action="store_true", help="the drums instead of all other instruments")
    parser.add_argument("--divisors", action="append", help=f"any number of times (default: {' '.join(_DIVISORS)})")
    flags = parser.parse_or_exit()
    recordings = list(_recordings(flags.folder, flags.drums))
    notes = sum(len(recording.onset) for recording in recordings)
    print(f"{len(recordings)} files, {notes:,} notes")
    print(f"{'divisors':<12}{'ticks':>6}{'notes':>10}{'lost':>8}{'moved':>9}{'vocabulary':>12}{'tokens a note':>15}")
    for text in flags.divisors or _DIVISORS:
        print(_row(text, recordings, "drums" if flags.drums else "all"))


def _recordings(folders: Sequence[pathlib.Path], drums: bool) -> Iterator[Recording]:
    """Reads the files that have notes."""
    for path in sorted(path for folder in folders for path in folder.rglob("*.mid")):
        score = symusic.Score.from_midi(path.read_bytes())
        columns = [track.notes.numpy() for track in score.tracks if track.is_drum == drums]
        onset, pitch = (
            np.concatenate([np.zeros(0, np.int64), *(column[name].astype(np.int64) for column in columns)])
            for name in ("time", "pitch")
        )
        if len(onset):
            order = np.argsort(onset, kind="stable")
            yield Recording(path.read_bytes(), onset[order] / score.tpq, pitch[order])


def _row(text: str, recordings: Sequence[Recording], instrument: str) -> str:
    """Measures one setting and formats its line of the table."""
    divisors = quantisation.parse(text)
    encoding = Events(divisors=divisors)
    kept, tokens, moves = 0, 0, [np.zeros(0)]
    for recording in recordings:
        try:
            song = fast_midi.read(recording.data, ReadSettings(instrument, divisors=divisors))
        except ParseError:
            continue
        start, _, pitch = song.notes()
        kept, tokens = kept + len(start), tokens + len(encoding.encode(song))
        moves.append(_distances(start / song.ticks_per_quarter, pitch.astype(np.int64), recording))
    lost = 1 - kept / sum(len(recording.onset) for recording in recordings)
    return (
        f"{text:<12}{encoding.ticks_per_quarter:>6}{kept:>10,}{lost:>8.2%}{np.concatenate(moves).mean():>9.4f}"
        f"{len(encoding.required()):>12,}{tokens / kept:>15.2f}"
    )


def _distances(onset: Floats, pitch: npt.NDArray[np.int64], recording: Recording) -> Floats:
    """Computes the distance from each onset to the nearest one of its pitch in the file, in quarter notes."""
    distances = []
    for same in np.unique(pitch).tolist():
        ours, theirs = onset[pitch == same], recording.onset[recording.pitch == same]
        if len(theirs):
            after = np.searchsorted(theirs, ours).clip(1, max(len(theirs) - 1, 1))
            nearest = np.minimum(np.abs(ours - theirs[after - 1]), np.abs(theirs[after % len(theirs)] - ours))
            distances.append(nearest)
    return np.concatenate([np.zeros(0), *distances])


if __name__ == "__main__":
    main()
