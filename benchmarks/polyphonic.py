"""Compares Nabi's LSTM with published figures on the four polyphonic sets of Boulanger-Lewandowski et al. (2012).

    python -m benchmarks.polyphonic prepare SET      frames -> tokens of --encoding, in DIR/SET/dataset and .../test
    python -m benchmarks.polyphonic train SET        the recipe's model of the set, in DIR/SET/model
    python -m benchmarks.polyphonic score MODEL      nats a time step on the validation split, or with --split test
    python -m benchmarks.polyphonic all [SET ...]    all of it, the test split once for each model, and the table
    python -m benchmarks.polyphonic overlap [SET ..] how many test pieces share their melody with a training piece

SET is JSB_Chorales, Nottingham, MuseData or Piano_midi; DIR is --output. Only the training split is also written in
other keys, unless --no-transpose; the table says in how many. The trainer never gets the test split: only
`score --split test` and `all` use it, with the model of the best validation loss. The files are read with SciPy:
pip install -e .[benchmark]
"""

import argparse
import os
import pathlib
import sys

from benchmarks import polyphonic_dataset as datasets
from benchmarks import polyphonic_overlap
from benchmarks import polyphonic_sets as sets
from benchmarks.polyphonic_table import Row, overlap_table, table
from nabi.workspace import paths, recipes, storage
from nabi.workspace.commands import Parser
from pipelines.config import PreprocessConfig
from trainer import config
from trainer.training import start

RECIPE = "polyphonic"


def prepare(name: str, flags: argparse.Namespace) -> None:
    """Writes a set's datasets and prints its statistics."""
    pieces = sets.read(flags.paper / f"{name}.mat")
    defaults = PreprocessConfig.create(recipes.load(RECIPE, "preprocess"))
    window = defaults.window if flags.window is None else flags.window
    settings = datasets.settings_of(
        pieces,
        ticks=sets.SETS[name].ticks,
        window=window,
        stride=min(defaults.training_stride, window) if flags.stride is None else flags.stride,
        semitones=defaults.transpose if flags.transpose else (),
        encoding=flags.encoding,
    )
    datasets.build(_folder(name, flags), name, pieces, settings, overwrite=flags.overwrite)
    print(sets.describe(name, sets.statistics_of(pieces, settings.transpose)))


def train(name: str, flags: argparse.Namespace) -> str:
    """Trains the recipe's model of a set and returns its directory; exits if the trainer fails."""
    settings = {**recipes.load(f"{RECIPE}:{name}", "train"), **config.TrainConfig.given(flags)}
    model_dir = flags.model_dir or storage.join(_folder(name, flags), paths.MODELS)
    status = start.run(
        data=storage.join(_folder(name, flags), paths.DATA),
        model_dir=model_dir,
        training=config.TrainConfig.create(settings),
        overwrite=flags.overwrite,
    )
    if status:
        sys.exit(status)
    return str(model_dir)


def score(model_dir: str, split: str, data: str | None = None) -> Row:
    """Scores a model on a split.

    Args:
      model_dir: model directory.
      split: `validation` or `test`.
      data: folder in which the model's set was prepared; None: the one that the model was trained on.
    """
    # Imported here, since TensorFlow takes seconds; its start-up log is silenced.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from benchmarks import polyphonic_scoring
    from nabi.networks import trained_model

    model = trained_model.load(model_dir)
    folder = data or str(pathlib.Path(model.config["data"]).parent)
    dataset = datasets.open_split(folder, split)
    trained_on = datasets.open_split(folder, "validation")
    keys = len({0, *dataset.settings["transpose"]})
    name = datasets.name_of(folder)
    ticks = sets.SETS[name].ticks
    return Row(name, split, keys, polyphonic_scoring.score(model, dataset, split, trained_on, ticks))


def overlap(name: str, paper: pathlib.Path) -> list[float]:
    """Computes the share of each test piece's melody that one training piece has too, 0..1; needs no model."""
    pieces = sets.read(paper / f"{name}.mat")
    return polyphonic_overlap.shares(pieces["test"], pieces["train"])


def main(arguments: list[str] | None = None) -> None:
    """Runs a command; a wrong flag or input ends with one sentence and exit status 2."""
    flags = _parser().parse_or_exit(arguments)
    try:
        if flags.command == "prepare":
            prepare(flags.set, flags)
        elif flags.command == "train":
            print(f"the model is in {train(flags.set, flags)}")
        elif flags.command == "score":
            print(table([score(flags.model, flags.split, flags.data)]))
        elif flags.command == "overlap":
            print(overlap_table({name: overlap(name, flags.paper) for name in flags.sets or sets.SETS}))
        else:
            print(table([row for name in flags.sets or sets.SETS for row in _whole(name, flags)]))
    except (ValueError, storage.StorageError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def _whole(name: str, flags: argparse.Namespace) -> list[Row]:
    prepare(name, flags)
    model_dir = train(name, flags)
    return [score(model_dir, split) for split in ("validation", "test")]


def _folder(name: str, flags: argparse.Namespace) -> str:
    return storage.join(flags.output, name)


def _parser() -> Parser:
    parser = Parser("python -m benchmarks.polyphonic", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    names = {"choices": sorted(sets.SETS), "metavar": "SET"}
    preparing = commands.add_parser("prepare", help="write a set's datasets and print its statistics")
    preparing.add_argument("set", **names)
    training = commands.add_parser("train", help="train the recipe's model of a set that was prepared")
    training.add_argument("set", **names)
    training.add_argument("--model_dir", help="model directory to make (default: DIR/SET/model)")
    scoring = commands.add_parser("score", help="print a model's nats a time step beside the published figures")
    scoring.add_argument("model", help="a model directory")
    scoring.add_argument("--split", choices=("validation", "test"), default="validation")
    scoring.add_argument("--data", help="the folder that its set was prepared in (default: where it was trained)")
    whole = commands.add_parser("all", help="prepare, train and score sets, the test split too")
    whole.add_argument("sets", nargs="*", **names)
    whole.set_defaults(model_dir=None)
    overlapping = commands.add_parser("overlap", help="count test pieces whose melody a training piece has too")
    overlapping.add_argument("sets", nargs="*", **names)
    for command in (preparing, training, whole):
        command.add_argument("--output", default="runs/polyphonic", help="DIR (default: %(default)s)")
        command.add_argument("--overwrite", action="store_true", help="replace what was made of other settings")
    for command in (preparing, whole, overlapping):
        command.add_argument(
            "--paper", type=pathlib.Path, default=pathlib.Path("../shared/paper"), help="folder of the .mat files"
        )
    for command in (preparing, whole):
        _add_dataset_flags(command)
    for command in (training, whole):
        config.TrainConfig.add_flags(command, config.TITLE)
    return parser


def _add_dataset_flags(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--encoding", choices=("steps", "voices"), default="steps", help="of the frames (default: %(default)s)")
    add("--window", type=int, help=f"targets a record (default: that of recipes/{RECIPE}.toml)")
    add("--stride", type=int, help="tokens from one training window to the next (default: the recipe's)")
    add(
        "--transpose",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also write training pieces in the recipe's other keys, where they stay within 21..108 (default: yes)",
    )


if __name__ == "__main__":
    main()
