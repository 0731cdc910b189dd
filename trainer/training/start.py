"""Opens what a training reads, claims its model directory, and trains: all of `trainer.task` but its flags."""

import os

from nabi.networks import remote_files
from nabi.workspace import job_exit, logs, storage
from trainer.config import TrainConfig
from trainer.data.dataset import Dataset, open_dataset
from trainer.training import cluster, model_folder
from trainer.training.warm_start import WarmStart, open_warm


def run(
    *,
    data: str,
    model_dir: str,
    training: TrainConfig,
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
      model_dir: the model directory to write, or to continue.
      training: the configuration.
      checkpoint_dir: directory of checkpoints; None: `checkpoints` in the model directory.
      tensorboard_dir: directory of TensorBoard events; None: `tensorboard` in the model directory.
      recipe: the recipe of the configuration, whose sampling settings the model remembers.
      warm_start: a finished model directory to start from.
      or_fresh: starts from initial weights if `warm_start` has another network.
      overwrite: deletes what an earlier run left in the directory.

    Returns:
      The exit status: 0, 1 if the training diverged or another machine of it was lost, 128 + the number of the signal
      that ended it.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, what the user has to change.
    """
    folders = model_folder.RunFolders.of(model_dir, checkpoint_dir, tensorboard_dir)
    dataset, warm = open_inputs(data, folders, warm_start, or_fresh)
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


def open_inputs(
    data: str, folders: model_folder.RunFolders, warm_start: str | None, or_fresh: bool
) -> tuple[Dataset, WarmStart | None]:
    """Opens what a training reads: the dataset, and the model to start from, if there is one.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, what the user has to change.
    """
    remote_files.open_schemes(data, folders.model, folders.checkpoints, folders.tensorboard)
    dataset = open_dataset(storage.folder(data))
    warm = open_warm(storage.folder(warm_start), or_fresh=or_fresh) if warm_start else None
    model_folder.require_apart(folders, dataset, warm)
    return dataset, warm


def _train(dataset: Dataset, folders: model_folder.RunFolders, training: TrainConfig, warm: WarmStart | None) -> int:
    # TensorFlow takes seconds to import: nothing above waits for it. Its start-up log would bury the progress lines.
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
