"""`python -m trainer.pack MODEL X.nabi`: packs a model into one file, which every --model takes."""

from collections.abc import Sequence

from nabi.networks import remote_files
from nabi.workspace import directories, job_exit, storage
from nabi.workspace.commands import Parser, refusing
from nabi.workspace.logs import say
from nabi.workspace.storage import packs
from trainer.sharing import licences, packing
from trainer.sharing.model_files import FULL, HALF

_EXAMPLES = """examples:
  python -m trainer.pack runs/mine mine.nabi
  python -m trainer.pack runs/mine gs://my-bucket/mine.nabi --precision float16
  python -m generator.generate --model mine.nabi --output songs

The file is a zip, without pickles: the weights, vocabulary and settings, the index of copies, statistics of the
training music, sampling defaults, and README.md, the model's card with data, licences, figures and checks. Its
manifest states the sha256 of each file, which are checked whenever the pack is opened. It also names the training
files (copies.index) and the folder that the dataset was in (config.json). Packed again, a model gives the same bytes.
"""


@refusing("pack")
def main(argv: Sequence[str] | None = None) -> int:
    """Parses flags and packs; returns the exit status: 0 or 2 (wrong use)."""
    flags = _parser().parse_args(argv)
    run(flags.model, flags.pack, data=flags.data, precision=flags.precision)
    return 0


def run(model: str, pack: str, *, data: str = "", precision: str = FULL) -> None:
    """Packs a model.

    Args:
      model: see `nabi.workspace.directories.find`; a pack too, which is packed anew.
      pack: the file to write, local or remote; its name ends with `.nabi`.
      data: the dataset whose licences the card states; "": the model's own, if it is there.
      precision: `float16` rounds the weights to half precision; `float32` leaves them as they are.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, what the user has to change.
    """
    if not packs.is_pack(pack):
        raise ValueError(f"{pack} must end with {packs.ENDING}, by which every --model knows a pack")
    remote_files.open_schemes(model, pack, data)
    packed = packing.load(directories.model(model), data=data, precision=precision)
    packed.write(pack)
    if packed.facts.data is None:
        say(f"warning: {licences.UNKNOWN[0].lower()}{licences.UNKNOWN[1:-1]}: name it with --data")
    size = next(storage.match(pack)).size
    say(f"{pack}: {size / 1e6:.1f} MB, weights in {packed.facts.weights}")


def _parser() -> Parser:
    parser = Parser("python -m trainer.pack", description=__doc__, examples=_EXAMPLES)
    add = parser.add_argument
    add("model", metavar="MODEL", help=directories.MODEL.accepted)
    add("pack", metavar=f"X{packs.ENDING}", help="the file to write; one that is there is replaced")
    add("--data", default="", metavar="DATASET", help=packing.DATA_HELP)
    add(
        "--precision",
        default=FULL,
        choices=(FULL, HALF),
        help=f"{HALF} rounds the weights to half precision: half the size, and other songs than those of the full "
        f"weights; {FULL} leaves them as they are (default)",
    )
    return parser


if __name__ == "__main__":
    job_exit.run(main, "pack")
