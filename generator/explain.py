"""`python -m generator.explain SONG --model MODEL`: which stretches of a song stand in training songs, and where."""

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

A stretch is copied if a training song has the same notes at the same distances, in any key: {notes} notes or more
in a row ({more} where chords are normal orders), of all voices together, however long each is held. Every stretch is
shown with the bar and beat in which it begins and ends (12:3 is the third beat of bar 12), the training song, the
place in it (counted in bars as long as those of the song explained), and how many semitones higher it is than there.
All music shares some turns: the verdict says how the song stands among validation songs, which the model never saw.
"""

# Signs of a source's name that are shown: its end.
_SOURCE = 60
_SUFFIX = ".mid"
_GENERATED = re.compile(r"song-[0-9]{5,}\.mid")


@refusing("explain")
def main(argv: Sequence[str] | None = None) -> int:
    """Parses flags and explains; returns the exit status: 0, or 2, with one sentence, for what was wrong."""
    flags = _parser().parse_args(argv)
    print(explain(flags.song, storage.folder(flags.model)), flush=True)
    return 0


def explain(path: str, model_dir: str) -> str:
    """The table of a song's stretches.

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
    return described(path, copies.find(read(path, config), index.read()))


def read(path: str, config: Mapping[str, Any]) -> Song:
    """The song of a file: exactly, if it is of a songs directory, else as the training songs were read.

    Args:
      path: of the file.
      config: the model's `config.json`.

    Raises:
      ValueError: if it is no song.
    """
    encoding = encodings.from_settings(config["encoding"])
    if _is_generated(path):
        return midi_writer.read_exact(storage.read_bytes(path), ticks_per_quarter=encoding.ticks_per_quarter)
    song = song_files.read(path, encoding, **song_files.as_trained(config["dataset"]))
    # A file may tell more than the model's tokens can, and so would differ from the training songs.
    return encoding.reduce(song)


def described(path: str, found: copies.Copies) -> str:
    """What was found, for a person."""
    notes, index = len(found.notes), found.index
    length = found.song.end / bars.bar_ticks(found.song)
    head = f"{plain(path)}: {notes:,} notes, {length:.1f} bars; compared with {len(index.songs):,} training songs"
    if notes < index.gram.notes:
        return f"{head}\ntoo short to tell: a copy is known from {index.gram.notes} notes in a row on"
    copied = int(found.copied.sum())
    lines = [head, "", *_table(found), "", f"copied    {copied:,} notes ({found.share:.1%}){_longest(found)}"]
    lines.append(f"original  {notes - copied:,} notes ({1 - found.share:.1%})")
    lines.append(f"verdict   {found.verdict}")
    if index.window > 1:
        lines.append(f"The collection is large: runs below {index.notes_to_find} notes may have been missed.")
    return "\n".join(lines)


def _table(found: copies.Copies) -> Iterator[str]:
    yield f"{'from':>7}  {'to':>7}  {'notes':>6}  {'there':>7}  {'semitones':>9}  training song"
    originals = [(first, after, None) for first, after in _originals(found)]
    copied = [(run.first, run.first + run.notes, run) for run in found.stretches()]
    for first, after, run in sorted(originals + copied, key=lambda row: row[:2]):
        start = int(found.notes.onset[first])
        end = run.end if run else int(found.notes.end[first:after].max())
        # The beat in which it ends, not the one that it reaches.
        begins, ends = bars.place(found.song, start), bars.place(found.song, max(end - 1, start))
        yield f"{begins:>7}  {ends:>7}  {after - first:>6,}  {_origin(found.song, run)}"


def _originals(found: copies.Copies) -> list[tuple[int, int]]:
    """The stretches of notes that are not copied, first and one after the last."""
    own = np.concatenate([[False], ~found.copied, [False]])
    edges = np.flatnonzero(own[1:] != own[:-1]).reshape(-1, 2)
    return [(int(first), int(after)) for first, after in edges]


def _origin(song: Song, run: copies.CopiedRun | None) -> str:
    if run is None:
        return f"{'':>7}  {'':>9}  original"
    source = plain(run.source)
    shown = source if len(source) <= _SOURCE else f"…{source[1 - _SOURCE :]}"
    others = f" and {run.others:,} more" if run.others else ""
    # Of a training song no meter is known: its bars are taken to be as long as the song's.
    there = bars.place(song, run.there)
    return f"{there:>7}  {run.semitones:>+9}  {shown}{others}"


def _longest(found: copies.Copies) -> str:
    run = found.longest
    if run is None:
        return ""
    once = f", {run.different:,} if what repeats counts once" if run.different < run.notes else ""
    return f"; the longest run has {run.notes:,} notes{once}; {found.longest_bars:.1f} bars in a row at most"


def _is_generated(path: str) -> bool:
    """Whether a file is of a songs directory: it was written there, not read from elsewhere."""
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
