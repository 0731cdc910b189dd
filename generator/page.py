"""`python -m generator.page MODEL`: one HTML file that composes with a model in the browser, without a network."""

import os
from collections.abc import Sequence

from generator.composer import settings, weights
from generator.songs import sampling_defaults
from nabi.networks import remote_files
from nabi.pages import headings
from nabi.workspace import directories, job_exit, logs, storage
from nabi.workspace.commands import Parser, refusing

_EXAMPLES = """examples:
  python -m generator.page runs/mine --output mine.html
  python -m generator.page runs/mine --output small.html --precision float16

The file holds the model and all that samples from it: open it from a disk, send it, or put it on any web server. Song N
of a seed is the song N that `python -m generator.generate` samples from the model with the same settings, which are at
first those of its recipe. Models of --encoding voices, bars and events are offered.
"""
_MEGABYTE = 10**6


@refusing("page")
def main(argv: Sequence[str] | None = None) -> int:
    """Parses flags and writes the page; returns the exit status: 0, or 2 after a sentence about wrong input."""
    flags = _parser().parse_args(argv)
    logs.start()
    print(write(storage.folder(flags.model), flags.output, flags.precision), flush=True)
    return 0


def write(folder: str, output: str, precision: str) -> str:
    """Writes the page of a model; returns a line that describes it.

    Args:
      folder: see `nabi.workspace.directories.find`.
      output: path of the page, local or remote.
      precision: format of the weights, `float32` or `float16`.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, what the user has to change.
    """
    remote_files.open_schemes(folder, output)
    if not output.endswith(".html"):
        raise ValueError(f"--output {output} must be the name of a page, such as page.html")
    model_dir = directories.model(folder)
    defaults = sampling_defaults.load(model_dir)
    config = defaults.with_given({})
    settings.check(config, defaults)
    # These import TensorFlow, which takes ten seconds: what can be refused is refused without it.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from generator.composer import page
    from nabi.networks import trained_model

    text = page.page(trained_model.load(model_dir), config, title=headings.name_of(model_dir), precision=precision)
    storage.write_text(output, text)
    return f"{output}: {len(text) / _MEGABYTE:.1f} MB, opens in any browser without a network"


def _parser() -> Parser:
    parser = Parser("python -m generator.page", description=__doc__, examples=_EXAMPLES)
    add = parser.add_argument
    add("model", metavar="MODEL", help=directories.MODEL.accepted)
    add("--output", default="page.html", metavar="PAGE.html", help="the page to write (default: page.html)")
    add(
        "--precision",
        default=weights.PRECISIONS[0],
        choices=weights.PRECISIONS,
        help="format of the weights: float32 gives the songs of the model itself; float16 half the file, and the songs "
        "of the model with its weights rounded (default: float32)",
    )
    return parser


if __name__ == "__main__":
    job_exit.run(main, "page")
