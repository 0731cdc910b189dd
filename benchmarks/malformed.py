"""Compares Nabi with two other readers on unusual files: the notes that each finds, and why Nabi finds none.

python -m benchmarks.malformed FOLDER [--all]

Exits with 1 if Nabi loses a file in which another finds notes, unless the reason is one of those in `HOLDS`.
"""

import collections
import io
import pathlib
import sys

import mido
import symusic

from nabi.music.errors import ParseError
from nabi.reading import compressed, file_reader
from nabi.workspace.commands import Parser

# Valid reasons to leave out a file with notes.
HOLDS = {
    "no-notes": "its notes are all drums, which are read with --instrument drums",
    "damaged: 0 ticks a quarter note": "it does not say how long its notes are",
}
_FAILED = -1


def nabi(data: bytes, path: str) -> tuple[int, str]:
    """Reads a file with Nabi; returns (notes of all songs, or `_FAILED`; its repairs, or the reason of the failure)."""
    results = [result for _, result in file_reader.read_songs(data, source=path)]
    songs = [result for result in results if not isinstance(result, ParseError)]
    if songs:
        return sum(len(song.pitches) for song in songs), ", ".join(songs[0].about.repaired)
    return _FAILED, str(results[0])


def count_symusic(data: bytes) -> int:
    """Counts the notes that symusic finds; `_FAILED` if it fails."""
    try:
        return sum(len(track.notes) for track in symusic.Score.from_midi(data).tracks)
    # symusic raises any exception of its C++ code.
    except Exception:
        return _FAILED


def count_mido(data: bytes) -> int:
    """Counts the note-ons that mido finds, with data bytes clipped to 127; `_FAILED` if it fails."""
    try:
        tracks = mido.MidiFile(file=io.BytesIO(data), clip=True).tracks
    except Exception:
        return _FAILED
    return sum(message.type == "note_on" and message.velocity > 0 for track in tracks for message in track)


def main() -> None:
    """Prints the table and its totals."""
    parser = Parser("python -m benchmarks.malformed", description=__doc__)
    parser.add_argument("folder", nargs="+", type=pathlib.Path)
    parser.add_argument("--all", action="store_true", help="also files that all three read and Nabi as they are")
    flags = parser.parse_or_exit()
    counts: collections.Counter[str] = collections.Counter()
    print(f"{'file':52} {'nabi':>6} {'symusic':>7} {'mido':>6}  mended, or why not read")
    for path in sorted(path for folder in flags.folder for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        ours, why = nabi(data, str(path))
        try:
            plain = compressed.unpacked(data)
        except ParseError:
            plain = data
        others = count_symusic(plain), count_mido(plain)
        lost = ours == _FAILED and max(others) > 0
        held = next((text for reason, text in HOLDS.items() if why.startswith(reason)), "")
        counts.update(files=1, nabi=ours > 0, symusic=others[0] > 0, mido=others[1] > 0)
        counts.update({"lost with a reason": lost and bool(held), "lost without": lost and not held})
        if flags.all or why or _FAILED in others:
            cells = ["-" if notes == _FAILED else f"{notes}" for notes in (ours, *others)]
            name = path.name if len(path.name) <= 52 else f"{path.name[:24]}...{path.name[-25:]}"
            print(f"{name:52} {cells[0]:>6} {cells[1]:>7} {cells[2]:>6}  {held if lost and held else why}")
    print("; ".join(f"{what}: {count}" for what, count in counts.items()))
    sys.exit(counts["lost without"] > 0)


if __name__ == "__main__":
    main()
