"""`python -m trainer.card MODEL`: writes a model's card, and the folder that a hub of models takes."""

from collections.abc import Sequence

from nabi.networks import remote_files
from nabi.workspace import directories, job_exit, storage
from nabi.workspace.commands import Parser, refusing
from nabi.workspace.logs import say
from trainer.sharing import card, licences, model_files, packing

_EXAMPLES = """examples:
  python -m trainer.card runs/mine
  python -m trainer.card runs/mine --output mine-for-a-hub

Without --output the card is printed. With it the folder gets README.md, the card in Hugging Face's form; LICENSE.md,
the licences of the training music; model.nabi, the packed model; and .gitattributes, by which git keeps the pack
outside its history. Nothing is uploaded: `huggingface-cli upload NAME/MODEL FOLDER` would, and then every --model takes
https://huggingface.co/NAME/MODEL/resolve/main/model.nabi.
"""
_LARGE_FILES = "*.nabi filter=lfs diff=lfs merge=lfs -text\n"


@refusing("card")
def main(argv: Sequence[str] | None = None) -> int:
    """Parses flags and prints or writes the card; returns the exit status: 0 or 2 (wrong use)."""
    flags = _parser().parse_args(argv)
    remote_files.open_schemes(flags.model, flags.data, flags.output)
    packed = packing.load(directories.model(flags.model), data=flags.data)
    if flags.output:
        write(packed, storage.folder(flags.output))
        say(storage.join(flags.output, model_files.README))
    else:
        print(packed.readme, end="", flush=True)
    return 0


def write(packed: packing.Packed, folder: str) -> None:
    """Writes the folder of a hub, README.md last."""
    packed.write(storage.join(folder, card.PACK))
    storage.write_text(storage.join(folder, ".gitattributes"), _LARGE_FILES)
    storage.write_text(storage.join(folder, licences.FILE), packed.licence_text)
    storage.write_text(storage.join(folder, model_files.README), packed.readme)


def _parser() -> Parser:
    parser = Parser("python -m trainer.card", description=__doc__, examples=_EXAMPLES)
    add = parser.add_argument
    add("model", metavar="MODEL", help=directories.MODEL.accepted)
    add("--output", default="", metavar="FOLDER", help="folder to write, for a hub (default: print the card)")
    add("--data", default="", metavar="DATASET", help=packing.DATA_HELP)
    return parser


if __name__ == "__main__":
    job_exit.run(main, "card")
