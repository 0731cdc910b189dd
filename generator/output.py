"""A songs directory while it is made: which batches are missing, and what is written when none is."""

from collections.abc import Sequence
from typing import Any

from generator import gallery
from generator.plan import Batch
from generator.writing import rows_path
from songs import layout, storage


def missing(folder: str, batches: Sequence[Batch]) -> list[Batch]:
    """The batches whose rows are not published yet."""
    prefix = folder.rstrip("/") + "/"
    names = {info.path.removeprefix(prefix) for info in storage.match(folder)}
    return [batch for batch in batches if layout.rows_name(layout.SONGS, batch.index, len(batches)) not in names]


def finish(
    folder: str, batches: Sequence[Batch], *, model_dir: str, settings: dict[str, Any], marks: dict[str, str]
) -> None:
    """Publishes the page and, last, COMPLETED.

    Args:
      folder: the songs directory, with all songs in it.
      batches: all of them.
      model_dir: the model directory; its metrics stand on the page.
      settings: what the songs were made with, for the page.
      marks: the fingerprints `request` and `content`.
    """
    rows = [row for batch in batches for row in layout.read_rows(rows_path(folder, batch.index, len(batches)))]
    path = storage.join(model_dir, layout.METRICS)
    metrics = layout.read_json(path) if storage.exists(path) else {}
    page = gallery.page(
        rows,
        title=f"{len(rows)} songs" if len(rows) > 1 else "1 song",
        model=_described(layout.read_json(storage.join(model_dir, layout.CONFIG)), metrics),
        metrics=metrics,
        settings=settings,
    )
    storage.write_text(storage.join(folder, layout.INDEX), page)
    layout.complete(folder, marks)


def _described(config: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """What the page says of the model; what a model directory does not tell is left out."""
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
