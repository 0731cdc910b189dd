"""Labels and description of a model in the registry: its losses and its origin."""

import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from nabi.music.windows import SPLITS
from nabi.workspace import paths, storage


def read(folder: str) -> tuple[dict[str, str], str]:
    """Reads labels and a description of a finished model directory.

    Labels may only have small letters, digits, - and _, so losses are whole numbers of thousandths of a nat.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: if the directory is not a finished model.
    """
    marks = paths.require_completed(folder, "model", "python -m trainer.task")
    metrics = paths.read_object(storage.join(folder, paths.METRICS), *SPLITS, "steps", "parameters")
    config = paths.read_object(storage.join(folder, paths.CONFIG), "data", "encoding")
    losses = {split: metrics[split]["loss_nats"] for split in SPLITS if metrics[split]}
    labels = {
        "dataset": marks["content"],
        "request": marks["request"],
        "encoding": str(config["encoding"]["name"]),
        **{f"{split}_loss_millinats": str(round(1000 * loss)) for split, loss in losses.items()},
    }
    return labels, _described(config, metrics, losses, marks)


def _described(
    config: Mapping[str, Any], metrics: Mapping[str, Any], losses: Mapping[str, float], marks: Mapping[str, str]
) -> str:
    figures = ", ".join(f"{split} {loss:.4f}" for split, loss in losses.items())
    return (
        f"{metrics['parameters']:,} parameters, {metrics['steps']:,} steps; loss in nats a token: {figures}; "
        f"dataset {config['data']} (content {marks['content']}), request {marks['request']}"
    )


def commit() -> str:
    """Returns the git commit of the working directory; "" outside of a repository or without git."""
    if not shutil.which("git"):
        return ""
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
