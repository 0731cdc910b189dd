"""Facts about the music that a model was trained on, for its card: songs by split, and their licences."""

import collections
from typing import Any

from nabi.music.windows import SPLITS
from nabi.workspace import card_licences, directories, ledger, paths, storage


def find(model_dir: str, config: dict[str, Any], data: str = "") -> dict[str, Any] | None:
    """Collects the facts from the dataset of a model.

    Args:
      model_dir: model directory; the dataset of its run of retrain is looked for beside it.
      config: content of its `config.json`.
      data: the dataset; "": the one beside the model, or the one that its `config.json` names, if it is still there.

    Returns:
      `splits`, split -> songs; `licences`, a list of `corpus` (such as `bach-chorales`, "" for files), `licence` (""
      if none is stated) and `songs`. None without `data` where the dataset is not found.

    Raises:
      ValueError: if `data` is another dataset than the model's, or none.
      nabi.workspace.storage.StorageError: if it cannot be read.
    """
    if data:
        folder = directories.find(data, directories.DATASET)
        if not _is_of(folder, config):
            raise ValueError(
                f"--data {folder} is not the dataset that the model was trained on, whose fingerprint is "
                f"{config['content']}: give that one, or leave --data out"
            )
        return _facts(folder)
    beside = storage.join(model_dir.rpartition("/")[0] or ".", paths.DATA)
    folder = next((folder for folder in (beside, config["data"]) if _is_there(folder, config)), "")
    return _facts(folder) if folder else None


def _is_there(folder: str, config: dict[str, Any]) -> bool:
    """Returns true if the model's dataset is here; false also where it cannot be looked for."""
    try:
        return bool(folder) and _is_of(folder, config)
    except (ValueError, storage.StorageError):
        return False


def _is_of(folder: str, config: dict[str, Any]) -> bool:
    marks = paths.completed(folder)
    return marks is not None and marks["content"] == config["content"]


def _facts(folder: str) -> dict[str, Any]:
    rows = [row for row in ledger.read(folder) if row.split and not row.duplicate_of]
    songs = collections.Counter(row.split for row in rows)
    licences = collections.Counter((card_licences.corpus_of(row.source), row.licence) for row in rows)
    return {
        "splits": {split: songs[split] for split in SPLITS},
        "licences": [
            {"corpus": corpus, "licence": licence, "songs": count}
            for (corpus, licence), count in sorted(licences.items(), key=lambda item: (-item[1], item[0]))
        ],
    }
