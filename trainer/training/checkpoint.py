"""Checkpoints: every number that a run needs to resume, in one file each."""

import dataclasses
import io
import json
import math
import re
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nabi.workspace import storage
from trainer.data.batch_order import BatchPosition

# One while the next is written, one whole before it, and one more in case that is damaged.
_KEPT = 3

_NAME = re.compile(r"checkpoint-(\d{9,})\.npz", re.ASCII)

Arrays = dict[str, npt.NDArray[Any]]


@dataclasses.dataclass
class BestWeights:
    """The weights with the lowest loss so far.

    Attributes:
      weights: in the order of `keras.Model.get_weights`.
      step: their step; 0 before the first evaluation.
      loss: their loss, nats a token.
      stale: number of evaluations since then, none of them better.
    """

    weights: list[npt.NDArray[Any]]
    step: int = 0
    loss: float = math.inf
    stale: int = 0

    def update(self, weights: list[npt.NDArray[Any]], *, step: int, loss: float) -> bool:
        """Keeps the weights if their loss is the lowest so far; returns True if it is."""
        if loss >= self.loss:
            self.stale += 1
            return False
        self.weights, self.step, self.loss, self.stale = weights, step, loss, 0
        return True


@dataclasses.dataclass(frozen=True, eq=False)
class Snapshot:
    """The state of a run between two steps.

    Attributes:
      step: number of steps done.
      position: of the next batch.
      variables: weights and optimizer variables, in the order of `Learner.variables`.
      state: of the LSTM layers, [rows of the global batch, units] each, where it is carried; else empty.
      best: the best weights so far.
      rows: `history` and `timing` -> rows of history.csv and timing.csv, so that they always agree with the weights.
      request: the run's fingerprint, see `trainer.training.model_folder.marks_of`.
    """

    step: int
    position: BatchPosition
    variables: list[npt.NDArray[Any]]
    state: list[npt.NDArray[Any]]
    best: BestWeights
    rows: Mapping[str, list[dict[str, Any]]]
    request: str


@dataclasses.dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one run in a folder, any path that `nabi.workspace.storage` can write."""

    folder: str

    def save(self, snapshot: Snapshot) -> None:
        """Publishes a checkpoint whole, then deletes all but the last three."""
        storage.write_bytes(self._path(snapshot.step), _to_bytes(snapshot))
        for step in self.steps()[:-_KEPT]:
            storage.delete(self._path(step))

    def steps(self) -> list[int]:
        """Lists the steps that have a checkpoint, ascending."""
        below = len(storage.join(self.folder, ""))
        names = (_NAME.fullmatch(info.path[below:]) for info in storage.match(self.folder))
        return sorted(int(name[1]) for name in names if name)

    def clear(self) -> None:
        """Deletes the checkpoints, and no other file."""
        for step in self.steps():
            storage.delete(self._path(step))

    def latest(self) -> tuple[Snapshot | None, list[str]]:
        """Reads the last whole checkpoint.

        Returns:
          The checkpoint, None if there is none; and a sentence about each later one that is damaged.

        Raises:
          ValueError: if there are checkpoints, and all are damaged.
        """
        damaged = []
        for step in reversed(self.steps()):
            path = self._path(step)
            try:
                return _from_bytes(storage.read_bytes(path)), damaged
            except (ValueError, TypeError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
                damaged.append(f"the checkpoint {path} is damaged ({error}): going on from the one before")
        if damaged:
            raise ValueError(
                f"every checkpoint in {self.folder} is damaged, the last one {self._path(self.steps()[-1])}: "
                "copy the folder again, or start afresh with --overwrite"
            )
        return None, []

    def _path(self, step: int) -> str:
        return storage.join(self.folder, f"checkpoint-{step:09d}.npz")


def _to_bytes(snapshot: Snapshot) -> bytes:
    parts = {"variable": snapshot.variables, "state": snapshot.state, "best": snapshot.best.weights}
    about = {
        "step": snapshot.step,
        "position": dataclasses.astuple(snapshot.position),
        "best": [snapshot.best.step, snapshot.best.loss, snapshot.best.stale],
        "rows": dict(snapshot.rows),
        "request": snapshot.request,
        "counts": {name: len(values) for name, values in parts.items()},
    }
    arrays: Arrays = {"about": np.frombuffer(json.dumps(about).encode(), np.uint8)}
    for name, values in parts.items():
        arrays |= {f"{name}-{index:04d}": value for index, value in enumerate(values)}
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _from_bytes(data: bytes) -> Snapshot:
    # A zip file has a checksum of every array, which reveals damage; without pickles, nothing in it can run.
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        about = json.loads(file["about"].tobytes())
        # Arrays are loaded by name, so that no unexpected one is read.
        variables, state, weights = (
            [file[f"{kind}-{index:04d}"] for index in range(about["counts"][kind])]
            for kind in ("variable", "state", "best")
        )
    best = BestWeights(weights, *about["best"])
    position = BatchPosition(*about["position"])
    return Snapshot(about["step"], position, variables, state, best, about["rows"], about["request"])
