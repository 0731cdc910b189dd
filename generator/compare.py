"""`python -m generator.compare SONGS ... --output PAGE.html`: the songs of several directories on one page."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from generator.pages import gallery
from generator.pages.gallery import SongSet
from generator.songs.notable_settings import notable
from generator.songs_dir import links, model_card
from nabi.networks import remote_files
from nabi.pages import headings
from nabi.workspace import directories, job_exit, paths, storage
from nabi.workspace.commands import Parser, refusing

_EXAMPLES = """examples:
  python -m generator.compare runs/sampled runs/greedy runs/untrained --output runs/compare.html
  python -m generator.compare before/songs after/songs --names before,after --output compare.html

Songs of equal number stand next to each other, in the order in which the directories are given, with the pictures and
the player of each directory's own page. The page names files by where they lie from it: move all of them together.
"""

_MAKE_IT = "python -m generator.generate"


@refusing("compare")
def main(argv: Sequence[str] | None = None) -> int:
    """Parses flags and writes the page; returns the exit status: 0, or 2 after a sentence about wrong input."""
    flags = _parser().parse_args(argv)
    print(compare([storage.folder(folder) for folder in flags.songs], flags.output, flags.names), flush=True)
    return 0


def compare(folders: Sequence[str], output: str, names: str = "") -> str:
    """Writes a page of the songs of several songs directories; returns a line that describes it.

    Args:
      folders: finished songs directories, in the order of their columns; see `nabi.workspace.directories.find`.
      output: path of the page.
      names: names of the directories, with commas between; "": their headings, or the ends of their paths.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, what the user has to change.
    """
    remote_files.open_schemes(output, *folders)
    folders = [directories.find(folder, directories.SONGS) for folder in folders]
    links.check_page(output, "compare.html")
    labels = _parsed(names, folders) if names else _default_names(folders)
    most = gallery.MOST_SONGS // len(folders)
    sets = [
        _set(folder, name=name, link=links.relative(folder, output), most=most)
        for folder, name in zip(folders, labels, strict=True)
    ]
    storage.write_text(output, gallery.page(_with_equal_settings(sets), title=_title(labels, output)))
    return f"{sum(len(song_set.songs) for song_set in sets):,} songs of {', '.join(labels)}: {output}"


def _default_names(folders: Sequence[str]) -> list[str]:
    """Names directories by the headings of their pages, or by the ends of their paths if those are not distinct."""
    ends = links.ends(folders)
    names = [headings.name_of(folder) for folder in folders]
    return names if len(set(names)) == len(names) else ends


def _parsed(names: str, folders: Sequence[str]) -> list[str]:
    """Parses `--names`; raises ValueError unless each directory has a name of its own."""
    labels = [name.strip() for name in names.split(",")]
    if len(labels) != len(folders) or not all(labels) or len(set(labels)) < len(labels):
        raise ValueError(f"--names {names} must name each of the {len(folders)} directories otherwise: a,b,c")
    return labels


def _set(folder: str, *, name: str, link: str, most: int) -> SongSet:
    """Reads a directory's songs, at most `most`, with all of its settings."""
    rows = list(itertools.islice(_rows(folder), most))
    if not rows:
        raise ValueError(f"{folder} has no {paths.SONGS}-*.jsonl: name a songs directory, as `{_MAKE_IT}` makes it")
    card = model_card.read(folder)
    settings = {"seed": rows[0]["seed"], **rows[0]["settings"]}
    pages = {"index": paths.INDEX, "summary": paths.SUMMARY_PAGE}
    return SongSet(rows, card["model"], card["metrics"], settings, folder=link, name=name, **pages)


def _rows(folder: str) -> Iterator[dict[str, Any]]:
    for path in paths.rows_paths(folder, paths.SONGS):
        yield from paths.read_rows(path)


def _with_equal_settings(sets: Sequence[SongSet]) -> list[SongSet]:
    """Reduces the settings of all sets to those that are notable in at least one."""
    notable_names = {name for song_set in sets for name in notable(song_set.settings)}
    names = dict.fromkeys(name for song_set in sets for name in song_set.settings if name in notable_names)
    return [
        dataclasses.replace(song_set, settings={name: song_set.settings.get(name) for name in names})
        for song_set in sets
    ]


def _title(names: Sequence[str], output: str) -> str:
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return ": ".join(filter(None, [headings.retraining_of(output), listed]))


def _parser() -> Parser:
    parser = Parser("python -m generator.compare", description=__doc__, examples=_EXAMPLES)
    add = parser.add_argument
    add(
        "songs",
        metavar="SONGS_DIR",
        nargs="+",
        help=directories.SONGS.accepted,
    )
    add("--output", required=True, metavar="PAGE.html", help="the page to write, beside or above the directories")
    add("--names", default="", help="what to call them, in their order: a,b,c (default: as their own pages are headed)")
    return parser


if __name__ == "__main__":
    job_exit.run(main, "compare")
