"""The way a model reads windows: the same in training, in scoring and for the baselines it is compared with."""

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class WindowMode:
    """The targets of a window that are predicted, and the state and first token that they are predicted from.

    Attributes:
      last_only: only the last target of full windows is predicted (`--target last`).
      carried: the LSTM's state is carried from each window of a song to the next (`--carry_state`).
      blank_first: training windows have `<start>` in place of their first token (`--blank_first`).
    """

    last_only: bool = False
    carried: bool = False
    blank_first: bool = False

    @classmethod
    def from_config(cls, train: Mapping[str, Any]) -> "WindowMode":
        """Reads the mode from `TrainConfig.as_dict()`, or from `train` of a config.json, which may lack later keys."""
        carried, blank_first = (bool(train.get(key)) for key in ("carry_state", "blank_first"))
        return cls(last_only=train["target"] == "last", carried=carried, blank_first=blank_first)

    @property
    def one_window(self) -> bool:
        """True if a target is predicted from its own window alone."""
        return self.last_only and not self.carried

    @property
    def overlapping(self) -> bool:
        """True if the state is carried through windows that may overlap, so that it meets tokens several times."""
        return self.last_only and self.carried
