"""`python -m trainer.task --data DATASET --model_dir DIR`: trains a model on a dataset.

This module parses flags; what it starts imports NumPy and more, which `--help` does without.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from nabi.workspace import directories, job_exit, recipes
from nabi.workspace.commands import Parser, refusing
from trainer import config
from trainer.tuning import search


@refusing("error")
def main(argv: Sequence[str] | None = None) -> int:
    """Parses flags and trains; returns the exit status.

    Returns:
      0; 1 if the training diverged or another machine of it was lost; 2 for wrong use; 128 + the number of the signal
      that ended it.
    """
    flags, settings = parse(sys.argv[1:] if argv is None else argv)
    training = config.TrainConfig.create(settings)
    if flags.tune is not None:
        return _tune(flags, settings)
    from trainer.training import start

    return start.run(
        data=flags.data,
        model_dir=flags.model_dir,
        checkpoint_dir=flags.checkpoint_dir,
        tensorboard_dir=flags.tensorboard_dir,
        training=training,
        recipe=flags.recipe,
        warm_start=flags.warm_start,
        or_fresh=flags.or_fresh,
        overwrite=flags.overwrite,
    )


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, dict[str, Any]]:
    """Parses the flags, and reads the recipe that they name and nothing else.

    Returns:
      The flags, and the settings that they or the recipe give.

    Raises:
      ValueError: if a flag or the recipe is wrong.
    """
    flags = _parser().parse_args(arguments)
    if not flags.model_dir:
        raise ValueError("--model_dir is needed: the directory that the model is written to (or set AIP_MODEL_DIR)")
    settings = recipes.load(flags.recipe, "train") if flags.recipe else {}
    return flags, settings | config.TrainConfig.given(flags)


def check(arguments: Sequence[str]) -> config.TrainConfig:
    """Returns the configuration of these flags; raises ValueError as a start with them would, before any work."""
    flags, settings = parse(arguments)
    if flags.tune is None:
        return config.TrainConfig.create(settings)
    from trainer.tuning import search_plan

    return search_plan.check(flags.tune, settings)


def _tune(flags: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Trains `--tune` models and keeps the best; returns the exit status."""
    from trainer.training import model_folder, start
    from trainer.tuning import search_plan, tune

    folders = model_folder.RunFolders.of(flags.model_dir, flags.checkpoint_dir, flags.tensorboard_dir)
    dataset, warm = start.open_inputs(flags.data, folders, flags.warm_start, flags.or_fresh)
    status = tune.run(search_plan.plan(flags.tune, settings, folders, dataset, warm), overwrite=flags.overwrite)
    if flags.recipe and not status:
        model_folder.remember_sampling(folders, flags.recipe)
    return status


def _parser() -> Parser:
    parser = Parser("python -m trainer.task", description=__doc__)
    parser.add_argument("--data", required=True, help=directories.DATASET.accepted)
    add = parser.add_argument
    add(
        "--model_dir", default=os.environ.get("AIP_MODEL_DIR"), help="model directory to write (default: AIP_MODEL_DIR)"
    )
    add(
        "--checkpoint_dir",
        default=os.environ.get("AIP_CHECKPOINT_DIR"),
        help="directory of checkpoints (default: AIP_CHECKPOINT_DIR, or `checkpoints` in the model directory)",
    )
    add(
        "--tensorboard_dir",
        default=os.environ.get("AIP_TENSORBOARD_LOG_DIR"),
        help="directory of TensorBoard events (default: AIP_TENSORBOARD_LOG_DIR, or `tensorboard` beside the model)",
    )
    add(
        "--recipe",
        help="NAME or NAME:run of a recipe, or a TOML file, whose [[train]] table gives what no flag gives",
    )
    add(
        "--warm_start",
        metavar="MODEL_DIR",
        help=f"start from the weights of a model, which tokens in common keep: {directories.MODEL.accepted}",
    )
    add(
        "--or_fresh",
        action="store_true",
        help="with --warm_start: start from initial weights if that model has another network",
    )
    add("--overwrite", action="store_true", help="delete what an earlier run left in the model directory")
    add(
        "--tune",
        type=int,
        metavar="N",
        help=f"train N models ({search.TRIALS}), settings of each chosen by the losses of those before, and keep "
        f"the best; run again with a larger N, the search continues; searched, unless a flag or the recipe gives them: "
        f"{search.listed(search.RANGES)}",
    )
    config.TrainConfig.add_flags(parser, config.TITLE)
    return parser


if __name__ == "__main__":
    job_exit.run(main, "train")
