"""Model card: facts about the model of a songs directory, kept beside the songs so that pages need no model."""

from typing import Any

from nabi.workspace import paths, storage


def publish(folder: str, model_dir: str) -> dict[str, Any]:
    """Writes the card of a model into a songs directory, and returns it as `read` does."""
    path = storage.join(model_dir, paths.METRICS)
    metrics = paths.read_json(path) if storage.exists(path) else {}
    card = {"model": _described(paths.read_json(storage.join(model_dir, paths.CONFIG)), metrics), "metrics": metrics}
    paths.write_json(storage.join(folder, paths.MADE_BY), card)
    return card


def read(folder: str) -> dict[str, Any]:
    """Reads the model card of a songs directory: `model`, label -> value, and `metrics`, the model's metrics.json.

    Both are empty for a directory without a card.
    """
    path = storage.join(folder, paths.MADE_BY)
    if not storage.exists(path):
        return {"model": {}, "metrics": {}}
    card = paths.read_object(path, "model", "metrics")
    return {key: card[key] for key in ("model", "metrics")}


def _described(config: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """Describes a model, label -> value; None for facts that its directory lacks."""
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
