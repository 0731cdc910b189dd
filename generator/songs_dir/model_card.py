"""What pages of a songs directory say of the model that made it; kept beside the songs, which then need no model."""

from typing import Any

from nabi.workspace import paths, storage


def publish(folder: str, model_dir: str) -> dict[str, Any]:
    """Writes into a songs directory what is said of a model; returns what `read` finds."""
    path = storage.join(model_dir, paths.METRICS)
    metrics = paths.read_json(path) if storage.exists(path) else {}
    told = {"model": _described(paths.read_json(storage.join(model_dir, paths.CONFIG)), metrics), "metrics": metrics}
    paths.write_json(storage.join(folder, paths.MADE_BY), told)
    return told


def read(folder: str) -> dict[str, Any]:
    """Of a songs directory's model: `model`, what it is, label -> value, and `metrics`, its metrics.json.

    Both are empty for a directory that was made before they were kept.
    """
    path = storage.join(folder, paths.MADE_BY)
    if not storage.exists(path):
        return {"model": {}, "metrics": {}}
    told = paths.read_object(path, "model", "metrics")
    return {key: told[key] for key in ("model", "metrics")}


def _described(config: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """A model in some words; what its directory does not tell is None."""
    train = config["train"]
    network = f"{train['layers']} x LSTM({train['units']})" if {"layers", "units"} <= set(train) else None
    return {
        "network": network,
        "parameters": metrics.get("parameters"),
        "steps": metrics.get("best_step"),
        "encoding": config["encoding"]["name"],
        "window": config["dataset"]["window"],
        "dataset": config["content"],
    }
