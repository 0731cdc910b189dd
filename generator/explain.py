"""`python -m generator.explain SONG --model MODEL`: the passages that a song shares with training songs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from generator.primers import song_files
from generator.songs.copied_bars import index_file
from nabi.analysis import copies
from nabi.music import bars, encodings
from nabi.music.song import Song
from nabi.networks import remote_files
from nabi.pages.markup import plain
from nabi.reading import midi_writer
from nabi.workspace import directories, job_exit, paths, storage
from nabi.workspace.commands import Parser, refusing

_EXAMPLES = """examples:
  python -m generator.explain runs/mine/songs/song-00007 --model runs/mine/model
  python -m generator.explain ~/midi/some.mid --model runs/mine/model

A passage is copied if a training song has the same notes at the same distances, in any key: {notes} notes or more
in a row ({more} where chords are normal orders), of all voices together, however long each is held. Every passage is
shown with the bar and beat in which it begins and ends (12:3 is the third beat of bar 12), the training song, the
position there (in bars as long as those of the explained song), and how many semitones higher it is than there.
All music shares some phrases: the verdict ranks the song among validation songs, which the model never saw.
"""

# Characters shown of a source's name: its end.
_SOURCE = 60
_SUFFIX = ".mid"
_GENERATED = re.compile(r"song-[0-9]{5,}\.mid")


@refusing("explain")
def main(argv: Sequence[str] | None = None) -> int:
    """Parses flags and prints the table; returns the exit status: 0, or 2 after a sentence about wrong input."""
    flags = _parser().parse_args(argv)
    print(explain(flags.song, storage.folder(flags.model)), flush=True)
    return 0


def explain(path: str, model_dir: str) -> str:
    """Writes the table of a song's copied and original passages.

    Args:
      path: a MIDI file, or a song of a songs directory, with or without its `.mid`.
      model_dir: a finished model directory; see `nabi.workspace.directories.find`.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, what the user has to change.
    """
    remote_files.open_schemes(path, model_dir)
    model_dir = directories.model(model_dir)
    config = paths.read_json(storage.join(model_dir, paths.CONFIG))
    index = index_file(model_dir, config)
    if index is None:
        raise ValueError(f"{model_dir} has no {paths.COPIES}: train again, with --overwrite or into another folder")
    if not path.endswith(_SUFFIX) and not storage.exists(path):
        path += _SUFFIX
    return describe(path, copies.find(read(path, config), index.read()))


def read(path: str, config: Mapping[str, Any]) -> Song:
    """Reads the song of a file: exactly, if it is in a songs directory, otherwise as the training songs were read.

    Args:
      path: path of the file.
      config: content of the model's `config.json`.

    Raises:
      ValueError: if the file is no song.
    """
    encoding = encodings.from_settings(config["encoding"])
    if _is_generated(path):
        return midi_writer.read_exact(storage.read_bytes(path), ticks_per_quarter=encoding.ticks_per_quarter)
    song = song_files.read(path, encoding, **song_files.as_trained(config["dataset"]))
    # Reduced to what the model's tokens can express, as the training songs were.
    return encoding.reduce(song)


def describe(path: str, match: copies.Copies) -> str:
    """Writes the copies found in a song as text."""
    notes, index = len(match.notes), match.index
    length = match.song.end / bars.bar_ticks(match.song)
    head = f"{plain(path)}: {notes:,} notes, {length:.1f} bars; compared with {index.different_songs:,} training songs"
    if notes < index.gram.notes:
        return f"{head}\ntoo short to tell: a copy is known from {index.gram.notes} notes in a row on"
    copied = int(match.copied.sum())
    lines = [head, "", *_table(match), "", f"copied    {copied:,} notes ({match.share:.1%}){_longest(match)}"]
    lines.append(f"original  {notes - copied:,} notes ({1 - match.share:.1%})")
    lines.append(f"verdict   {match.verdict}")
    if index.window > 1:
        lines.append(f"The collection is large: runs below {index.notes_to_find} notes may have been missed.")
    return "\n".join(lines)


def _table(match: copies.Copies) -> Iterator[str]:
    yield f"{'from':>7}  {'to':>7}  {'notes':>6}  {'there':>7}  {'semitones':>9}  training song"
    originals = [(first, after, None) for first, after in _originals(match)]
    copied = [(run.first, run.first + run.notes, run) for run in match.stretches()]
    for first, after, run in sorted(originals + copied, key=lambda row: row[:2]):
        start = int(match.notes.onset[first])
        end = run.end if run else int(match.notes.end[first:after].max())
        # The end is shown as the last beat within the passage, not the one after it.
        begins, ends = bars.place(match.song, start), bars.place(match.song, max(end - 1, start))
        yield f"{begins:>7}  {ends:>7}  {after - first:>6,}  {_origin(match.song, run)}"


def _originals(match: copies.Copies) -> list[tuple[int, int]]:
    """Finds the runs of notes that are not copied, as half-open ranges of note numbers."""
    original = np.concatenate([[False], ~match.copied, [False]])
    edges = np.flatnonzero(original[1:] != original[:-1]).reshape(-1, 2)
    return [(int(first), int(after)) for first, after in edges]


def _origin(song: Song, run: copies.CopiedRun | None) -> str:
    if run is None:
        return f"{'':>7}  {'':>9}  original"
    source = plain(run.source)
    label = source if len(source) <= _SOURCE else f"…{source[1 - _SOURCE :]}"
    others = f" and {run.others:,} more" if run.others else ""
    # The meter of a training song is unknown: its bars are taken to be as long as the song's.
    there = bars.place(song, run.there)
    return f"{there:>7}  {run.semitones:>+9}  {label}{others}"


def _longest(match: copies.Copies) -> str:
    run = match.longest
    if run is None:
        return ""
    once = f", {run.different:,} if what repeats counts once" if run.different < run.notes else ""
    return f"; the longest run has {run.notes:,} notes{once}; {match.longest_bars:.1f} bars in a row at most"


def _is_generated(path: str) -> bool:
    """Checks that a file was written by a job into a songs directory."""
    folder, _, name = path.rpartition("/")
    marks = (paths.COMPLETED, paths.UNFINISHED)
    return bool(_GENERATED.fullmatch(name)) and any(storage.exists(storage.join(folder or ".", mark)) for mark in marks)


def _parser() -> Parser:
    examples = _EXAMPLES.format(notes=copies.NOTES, more=copies.NOTES_WITHOUT_TIME)
    parser = Parser("python -m generator.explain", description=__doc__, examples=examples)
    add = parser.add_argument
    add("song", metavar="SONG", help="a MIDI file, or a generated song such as SONGS/song-00007; local or remote")
    add(
        "--model",
        required=True,
        help=directories.MODEL.accepted,
    )
    return parser


if __name__ == "__main__":
    job_exit.run(main, "explain")
