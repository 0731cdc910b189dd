"""`python -m generator.listen --real DIR --songs DIR --output PAGE.html`: a blind test of real songs and a model's.

The page plays pairs of excerpts, one real and one of the model, and asks which one the model composed and which one the
listener prefers. `--score` then says how often listeners were fooled.
"""

import argparse
import itertools
from collections.abc import Sequence

from generator.listening import answers, pairs, sources
from generator.pages import listening_page
from generator.songs_dir import audio, links
from nabi.networks import remote_files
from nabi.workspace import directories, job_exit, storage
from nabi.workspace.commands import Parser, refusing

_EXAMPLES = """examples:
  python -m generator.listen --real runs/mine --songs runs/mine --output listen.html
  python -m generator.listen --real ~/midi/bach --songs songs --pairs 12 --seconds 15 --output listen.html
  python -m generator.listen --score answers-k3x9.csv answers-p07d.csv

Both excerpts of a pair are read by the same reader, begin in the same bar, and have the tempo, the synthesizer, the
length and the loudness in common. The page needs no network: send it to anyone, and collect the files of answers.
"""

_MOST_PAIRS, _MOST_SECONDS = 100, 60
# Songs of the model that are read for each pair, at most.
_READ = 20


@refusing("listen")
def main(argv: Sequence[str] | None = None) -> int:
    """Parses flags, and writes the page or prints the score; returns the exit status: 0, or 2 after a sentence."""
    flags = _parser().parse_args(argv)
    if flags.score:
        given = [f"--{name}" for name in ("real", "songs", "output") if getattr(flags, name)]
        if given:
            raise ValueError(f"--score reads answers, {given[0]} makes a page: give one of both")
        print(answers.score(answers.read(flags.score)), flush=True)
        return 0
    missing = [f"--{name}" for name in ("real", "songs", "output") if not getattr(flags, name)]
    if missing:
        raise ValueError(f"a test needs {' and '.join(missing)}, and the answers to one --score answers.csv")
    print(_made(flags), flush=True)
    return 0


def _made(flags: argparse.Namespace) -> str:
    try:
        return run(
            real=storage.folder(flags.real),
            songs=storage.folder(flags.songs),
            output=flags.output,
            count=flags.pairs,
            seconds=flags.seconds,
            seed=flags.seed,
        )
    except audio.AudioError as error:
        raise ValueError(str(error)) from error


def run(*, real: str, songs: str, output: str, count: int = 20, seconds: float = 20.0, seed: int = 1) -> str:
    """Writes the page of a listening test; the same songs and settings give the same bytes. Returns a line about it.

    Args:
      real: folder of music, or a dataset; see `generator.listening.sources.real_songs`.
      songs: a finished songs directory; see `nabi.workspace.directories.find`.
      output: path of the page.
      count: pairs, 1..100.
      seconds: length of an excerpt, 5..60.
      seed: draws songs, bars and the order within pairs.

    Raises:
      ValueError, nabi.workspace.storage.StorageError, generator.songs_dir.audio.AudioError: in one sentence, what the
        user has to change.
    """
    if not 1 <= count <= _MOST_PAIRS:
        raise ValueError(f"--pairs {count} must be in 1..{_MOST_PAIRS}")
    if not 5 <= seconds <= _MOST_SECONDS:
        raise ValueError(f"--seconds {seconds:g} must be in 5..{_MOST_SECONDS}")
    links.check_page(output, "listen.html")
    audio.check_installed()
    remote_files.open_schemes(real, songs, output)
    songs = directories.find(songs, directories.SONGS)
    settings = sources.settings(songs)
    made = itertools.islice(sources.songs_of_model(songs, seed), _READ * count)
    drawn = sources.real_songs(real, seed, parts=sources.has_parts(songs), tempo=settings["tempo"])
    matches = pairs.match(drawn, made, count=count, seconds=seconds, seed=seed)
    if len(matches) < count:
        raise ValueError(
            f"--real {real} and --songs {songs} give {len(matches)} pairs of {seconds:g} seconds that begin in "
            f"the same bar, fewer than --pairs {count}: lower --pairs or --seconds, or give more or longer songs"
        )
    rendered = list(pairs.render(matches, seconds=seconds, seed=seed, program=settings["program"]))
    storage.write_text(output, listening_page.page(rendered, seconds=seconds))
    return f"{count} pairs of {seconds:g} seconds: {output}"


def _parser() -> Parser:
    parser = Parser("python -m generator.listen", description=__doc__, examples=_EXAMPLES)
    add = parser.add_argument
    add("--real", metavar="DIR", help="real songs: a folder of MIDI files or scores, or a dataset: its test songs")
    add("--songs", metavar="DIR", help=directories.SONGS.accepted)
    add("--output", metavar="PAGE.html", help="the page to write")
    add("--pairs", type=int, default=20, metavar="INT", help=f"number of pairs, 1..{_MOST_PAIRS} (default 20)")
    add(
        "--seconds",
        type=float,
        default=20.0,
        metavar="FLOAT",
        help=f"length of an excerpt, 5..{_MOST_SECONDS} (default 20)",
    )
    add("--seed", type=int, default=1, metavar="INT", help="another seed: other excerpts (default 1)")
    add("--score", nargs="+", metavar="CSV", help="files of answers that the page saved, of one listener or several")
    return parser


if __name__ == "__main__":
    job_exit.run(main, "listen")
