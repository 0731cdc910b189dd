"""How a model reads windows: the same in training, in scoring and where its baselines are asked."""

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class WindowMode:
    """What of a window counts, and what the network knows before it.

    Attributes:
      last_only: only the last target of full windows counts (`--target last`).
      carried: the LSTM's state goes on from a song's window to its next (`--carry_state`).
      blank_first: training windows have `<start>` in place of their first token (`--blank_first`).
    """

    last_only: bool = False
    carried: bool = False
    blank_first: bool = False

    @classmethod
    def of(cls, train: Mapping[str, Any]) -> "WindowMode":
        """That of a configuration: `TrainConfig.as_dict()`, or `train` of a config.json, which may lack later keys."""
        carried, blank_first = (bool(train.get(key)) for key in ("carry_state", "blank_first"))
        return cls(last_only=train["target"] == "last", carried=carried, blank_first=blank_first)

    @property
    def one_window(self) -> bool:
        """Whether nothing but its own window can tell of a target."""
        return self.last_only and not self.carried

    @property
    def overlapping(self) -> bool:
        """Whether the state goes on through windows as they were cut, so that it meets tokens several times."""
        return self.last_only and self.carried
