"""`python -m generator.play`: samples songs from the model that comes with Nabi, or another, and opens their page."""

import importlib.resources
import os
import pathlib
import sys
import webbrowser
from collections.abc import Sequence

from generator import generate
from nabi.workspace import directories, job_exit, paths, storage
from nabi.workspace.commands import Parser, refusing
from nabi.workspace.logs import say

_EXAMPLES = """examples:
  python -m generator.play
  python -m generator.play --seed 7 --key "D minor" --max_bars 16
  python -m generator.play --harmonize melody.mid
  python -m generator.play --model mine.nabi

All other flags are those of `python -m generator.generate`. The model that comes with Nabi was trained on chorales by
Bach: `python -m trainer.card` with its path, which is printed here, has its data, licences and figures.
"""
# What these name is where a Linux desktop, or a user, says that there is a browser; a terminal's would block it.
_DESKTOP = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
_WITH_DESKTOP = ("darwin", "win32")


@refusing("play")
def main(arguments: Sequence[str] | None = None) -> int:
    """Samples songs and opens their page; returns the exit status of `generator.generate`."""
    flags, others = _parser().parse_known_args(arguments)
    model = flags.model or boxed_model()
    output = storage.folder(flags.output or default_output(model, others))
    say(f"songs of {model}")
    status = generate.main([f"--model={model}", f"--output={output}", *others])
    page = pathlib.Path(output, paths.INDEX)
    if status == 0 and page.exists():
        show(page)
    return status


def boxed_model() -> str:
    """Returns the path of the model that comes with Nabi."""
    return str(importlib.resources.files("nabi.models") / "chorales.nabi")


def default_output(model: str, flags: Sequence[str]) -> str:
    """Returns a folder for songs of a model and flags: another for others, so that no songs are written over.

    >>> default_output("mine.nabi", ["--seed=7"])
    'runs/play-mine-2993f452'
    """
    name = pathlib.PurePath(model).stem
    return f"runs/play-{name}-{paths.fingerprint([model, *flags])[:8]}"


def show(page: pathlib.Path) -> None:
    """Opens a page in the browser of the desktop, if there is one, and prints where it is."""
    has_desktop = sys.platform in _WITH_DESKTOP or any(map(os.environ.get, _DESKTOP))
    opened = has_desktop and webbrowser.open(page.resolve().as_uri())
    say(f"{'opened' if opened else 'open in a browser:'} {page.resolve()}")


def _parser() -> Parser:
    parser = Parser("python -m generator.play", description=__doc__.splitlines()[0], examples=_EXAMPLES)
    add = parser.add_argument
    add("--model", default="", help=f"{directories.MODEL.accepted} (default: the model that comes with Nabi)")
    add("--output", default="", help="songs directory to write (default: one below runs/, another for other flags)")
    return parser


if __name__ == "__main__":
    job_exit.run(main, "play")
