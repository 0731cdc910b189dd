"""A songs directory while it is made: which batches are missing, and what is written when none is."""

import re
from collections.abc import Sequence
from typing import Any

from generator import gallery
from generator.plan import Batch
from generator.writing import rows_path
from songs import layout, storage

_PARTIAL = re.compile(r"\..*\.partial")


def missing(folder: str, batches: Sequence[Batch]) -> list[Batch]:
    """The batches whose rows are not published yet; sweeps away what a killed run left half-written."""
    prefix = folder.rstrip("/") + "/"
    names = {info.path.removeprefix(prefix) for info in storage.match(folder)}
    for name in filter(_PARTIAL.fullmatch, names):
        storage.delete(prefix + name)
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
    metrics = storage.join(model_dir, layout.METRICS)
    page = gallery.page(
        rows,
        title=f"{len(rows)} songs" if len(rows) > 1 else "1 song",
        model={"model": model_dir.rstrip("/").rpartition("/")[2], "dataset": marks["content"]},
        metrics=layout.read_json(metrics) if storage.exists(metrics) else {},
        settings=settings,
    )
    storage.write_text(storage.join(folder, layout.INDEX), page)
    layout.complete(folder, marks)
