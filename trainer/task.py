"""`python -m trainer.task --data DATASET --model_dir DIR`: flags, checks, training."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from nabi.networks import remote_files
from nabi.workspace import directories, job_exit, logs, recipes, storage
from nabi.workspace.commands import Parser, refusing
from trainer import config
from trainer.data.dataset import Dataset, open_dataset
from trainer.training import cluster, model_folder
from trainer.training.warm_start import WarmStart, open_warm
from trainer.tuning import search, search_plan, tune


@refusing("error")
def main(argv: Sequence[str] | None = None) -> int:
    """Parses flags and trains; the exit status: 0, 1 (diverged, or a machine lost), 2 (wrong use) or 128 + a signal."""
    flags, settings = parse(sys.argv[1:] if argv is None else argv)
    training = config.TrainConfig.create(settings)
    if flags.tune is not None:
        folders = model_folder.RunFolders.of(flags.model_dir, flags.checkpoint_dir, flags.tensorboard_dir)
        dataset, warm = _open(flags.data, folders, flags.warm_start, flags.or_fresh)
        status = tune.run(search_plan.plan(flags.tune, settings, folders, dataset, warm), overwrite=flags.overwrite)
        if flags.recipe and not status:
            model_folder.remember_sampling(folders, flags.recipe)
        return status
    return run(
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
    """The flags, and the settings that they or a recipe give; nothing but the recipe is read.

    Raises:
      ValueError: if a flag or a recipe is wrong.
    """
    flags = _parser().parse_args(arguments)
    if not flags.model_dir:
        raise ValueError("--model_dir is needed: the directory that the model is written to (or set AIP_MODEL_DIR)")
    settings = recipes.load(flags.recipe, "train") if flags.recipe else {}
    return flags, settings | config.TrainConfig.given(flags)


def check(arguments: Sequence[str]) -> config.TrainConfig:
    """The configuration that flags ask for; raises ValueError as a start with them would, before any work."""
    flags, settings = parse(arguments)
    return config.TrainConfig.create(settings) if flags.tune is None else search_plan.check(flags.tune, settings)


def run(
    *,
    data: str,
    model_dir: str,
    training: config.TrainConfig,
    checkpoint_dir: str | None = None,
    tensorboard_dir: str | None = None,
    recipe: str | None = None,
    warm_start: str | None = None,
    or_fresh: bool = False,
    overwrite: bool = False,
) -> int:
    """Trains a model on a dataset; every check that needs no TensorFlow comes first.

    Args:
      data: a finished dataset directory.
      model_dir: the model directory to make, or to go on with.
      training: the configuration.
      checkpoint_dir: instead of `checkpoints` in the model directory.
      tensorboard_dir: instead of `tensorboard` in the model directory.
      recipe: the one that the configuration is of, whose way of sampling the model remembers.
      warm_start: a finished model directory to start from.
      or_fresh: starts from first weights if that one has another network.
      overwrite: replaces what an earlier run left there.

    Returns:
      The exit status: 0, 1 if the training diverged or another machine of it was lost, 128 + the number of the signal
      that ended it.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, what the user has to change.
    """
    folders = model_folder.RunFolders.of(model_dir, checkpoint_dir, tensorboard_dir)
    dataset, warm = _open(data, folders, warm_start, or_fresh)
    # Of several machines one writes; the others wait for it where TensorFlow connects them.
    if overwrite and cluster.is_chief():
        model_folder.clear(folders)
    elif not overwrite and model_folder.is_done(folders, training, dataset, warm):
        logs.say(f"{folders.model} already holds this model: nothing to do")
        return 0
    if cluster.is_chief():
        model_folder.claim(folders, training, dataset, warm)
        if recipe:
            model_folder.remember_sampling(folders, recipe)
    return _train(dataset, folders, training, warm)


def _open(
    data: str, folders: model_folder.RunFolders, warm_start: str | None, or_fresh: bool
) -> tuple[Dataset, WarmStart | None]:
    remote_files.open_schemes(data, folders.model, folders.checkpoints, folders.tensorboard)
    dataset = open_dataset(storage.folder(data))
    warm = open_warm(storage.folder(warm_start), or_fresh=or_fresh) if warm_start else None
    model_folder.require_apart(folders, dataset, warm)
    return dataset, warm


def _train(
    dataset: Dataset, folders: model_folder.RunFolders, training: config.TrainConfig, warm: WarmStart | None
) -> int:
    # TensorFlow takes seconds to import: nothing above waits for it. Its own remarks would bury the progress lines.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from trainer.training import strategy, train

    try:
        train.train(dataset, folders, training, warm)
    except train.DivergedError as error:
        if cluster.is_chief():
            model_folder.mark_diverged(folders, training, dataset, warm, str(error))
        logs.complain(f"error: {error}")
        return 1
    except train.StoppedError as stop:
        logs.complain(f"train stopped, with a checkpoint: {job_exit.AGAIN}")
        return 128 + stop.signal
    except strategy.LostMachineError as error:
        logs.complain(f"error: {error}")
        return 1
    return 0


def _parser() -> Parser:
    parser = Parser("python -m trainer.task", description=__doc__)
    parser.add_argument("--data", required=True, help=directories.DATASET.accepted)
    add = parser.add_argument
    add("--model_dir", default=os.environ.get("AIP_MODEL_DIR"), help="model directory to make (default: AIP_MODEL_DIR)")
    add(
        "--checkpoint_dir",
        default=os.environ.get("AIP_CHECKPOINT_DIR"),
        help="checkpoints (default: AIP_CHECKPOINT_DIR, or `checkpoints` in the model directory)",
    )
    add(
        "--tensorboard_dir",
        default=os.environ.get("AIP_TENSORBOARD_LOG_DIR"),
        help="TensorBoard events (default: AIP_TENSORBOARD_LOG_DIR, or `tensorboard` in the model directory)",
    )
    add("--recipe", help="NAME or NAME:run of a recipe, or a TOML file, whose [[train]] table is taken")
    add(
        "--warm_start",
        metavar="MODEL_DIR",
        help=f"start from a model, tokens in common keep their weights: {directories.MODEL.accepted}",
    )
    add("--or_fresh", action="store_true", help="with --warm_start: start from first weights if its network is another")
    add("--overwrite", action="store_true", help="replace what an earlier run left in the model directory")
    add(
        "--tune",
        type=int,
        metavar="N",
        help=f"train N models ({search_plan.LEGAL}), each with settings chosen by the losses of those before, and keep "
        f"the best; searched, unless a flag or the recipe gives them: {search.listed(search.RANGES)}; run again with a "
        "larger N, it goes on",
    )
    config.TrainConfig.add_flags(parser, config.TITLE)
    return parser


if __name__ == "__main__":
    job_exit.run(main, "train")
