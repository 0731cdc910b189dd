"""Packs a model: its files, what its card needs to know, and the card, as one file."""

import dataclasses
import json
from typing import Any

from nabi.workspace import paths, storage
from nabi.workspace.storage import packs
from trainer.sharing import card, half_precision, licences, model_files
from trainer.sharing.model_files import FULL, HALF, Facts

# Of the flag --data of the commands that hand on a model.
DATA_HELP = (
    "dataset of the model, whose licences the card states (default: the one that it was trained on, if it is "
    "still there)"
)


@dataclasses.dataclass(frozen=True)
class Packed:
    """A model in memory, as it is handed on.

    Attributes:
      files: of the model, name -> content.
      facts: that its card states beside them.
    """

    files: dict[str, bytes]
    facts: Facts

    @property
    def readme(self) -> str:
        """Its card."""
        config, metrics, sampling = map(self._json, (paths.CONFIG, paths.METRICS, paths.SAMPLING))
        return card.text(config=config, metrics=metrics, sampling=sampling, facts=self.facts)

    @property
    def licence_text(self) -> str:
        """The licences of its training music, as a file."""
        lines = ["The training music's licences; what they mean for a model trained on it, they do not say.", ""]
        return "\n".join([*lines, *licences.table(self.facts.data)]) + "\n"

    def write(self, path: str) -> None:
        """Writes the pack, complete or not at all; the same model gives the same bytes."""
        facts = json.dumps(dataclasses.asdict(self.facts), indent=2, ensure_ascii=False) + "\n"
        beside = {model_files.CARD: facts.encode(), model_files.README: self.readme.encode()}
        with storage.open_write(path) as file:
            packs.write(file, {**self.files, **beside})

    def _json(self, name: str) -> dict[str, Any]:
        return json.loads(self.files[name]) if name in self.files else {}


def load(model_dir: str, *, data: str = "", precision: str = FULL) -> Packed:
    """Reads a model to be handed on.

    Args:
      model_dir: a finished model directory or a pack, as `nabi.workspace.directories.find` returns it.
      data: its dataset, for the licences; "": the one beside it or the one that it was trained on, if it is there.
      precision: `float16` rounds its weights to half precision; `float32` leaves them as they are.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, if it is not whole or cannot be read.
    """
    config = paths.read_object(storage.join(model_dir, paths.CONFIG), "encoding", "content", "train", "dataset", "data")
    facts = model_files.facts(model_dir, config, data)
    files = model_files.read(model_dir)
    missing = [name for name in (paths.MODEL, paths.VOCABULARY) if name not in files]
    if missing:
        raise ValueError(f"{model_dir} has no {missing[0]}: copy it again, or train again")
    if precision == HALF:
        files[paths.MODEL] = half_precision.halved(files[paths.MODEL])
        facts = dataclasses.replace(facts, weights=HALF)
    return Packed(files, facts)
