"""The files of a model that are handed on, and the facts beside them that make its card."""

import dataclasses
from typing import Any

from nabi.music.windows import SPLITS
from nabi.workspace import paths, storage
from trainer.sharing import data_facts

# Content of `card.json`; a model directory has none, and its facts are collected where it lies.
CARD = "card.json"
README = "README.md"

# Without the checkpoints, events and timings of the training, and without pages.
_HANDED_ON = (
    paths.MODEL, paths.VOCABULARY, paths.CONFIG, paths.METRICS, paths.HISTORY, paths.COPIES, paths.REFERENCE,
    paths.SAMPLING, paths.COMPLETED, *(paths.evaluation_name(split, "json") for split in SPLITS),
)  # fmt: skip

HALF, FULL = "float16", "float32"


@dataclasses.dataclass(frozen=True)
class Facts:
    """What a model's card says beyond the model's own files.

    Attributes:
      data: see `data_facts.find`; None if the dataset is not there to ask.
      gate: `passed`, `checks` and `reasons` of the decision of `trainer.gate`; None if it was not judged.
      weights: `float32` as trained, or `float16`.
    """

    data: dict[str, Any] | None
    gate: dict[str, Any] | None
    weights: str = FULL


def read(model_dir: str) -> dict[str, bytes]:
    """Reads the files of a finished model directory, or of a pack, that are handed on: name -> content."""
    there = [name for name in _HANDED_ON if storage.exists(storage.join(model_dir, name))]
    return {name: storage.read_bytes(storage.join(model_dir, name)) for name in there}


def facts(model_dir: str, config: dict[str, Any], data: str = "") -> Facts:
    """Collects the facts of a model directory, or reads those that a pack keeps.

    Args:
      model_dir: a finished model directory, or a pack.
      config: content of its `config.json`.
      data: its dataset; "": found by itself, if it is there.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: if `data` is another dataset, or a file is damaged.
    """
    path = storage.join(model_dir, CARD)
    if not storage.exists(path):
        return Facts(data_facts.find(model_dir, config, data), _gate(model_dir))
    kept = Facts(**{name: paths.read_object(path, name)[name] for name in ("data", "gate", "weights")})
    return dataclasses.replace(kept, data=data_facts.find(model_dir, config, data)) if data else kept


def _gate(model_dir: str) -> dict[str, Any] | None:
    """Reads the judgement of the run of retrain that a model directory belongs to."""
    path = storage.join(model_dir.rpartition("/")[0] or ".", paths.GATE, paths.DECISION)
    if not storage.exists(path):
        return None
    decision = paths.read_object(path, "passed", "checks", "reasons")
    return {key: decision[key] for key in ("passed", "checks", "reasons")}
