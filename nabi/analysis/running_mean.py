"""Mean and standard deviation of values that come one by one, with weights."""

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass
class RunningMean:
    """Mean and standard deviation of values (Welford 1962, with weights after West 1979).

    >>> heights = RunningMean()
    >>> for value in (1.0, 3.0):
    ...     heights.add(value)
    >>> heights.mean, heights.spread
    (2.0, 1.0)

    Attributes:
      weight: sum of the weights, not negative.
      mean: of the values; 0 without any.
      squares: weighted sum of the squares of their distances from the mean.
    """

    weight: float = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, value: float, weight: float = 1) -> None:
        """Adds a value that counts `weight` times, above 0."""
        self.weight += weight
        step = value - self.mean
        self.mean += step * weight / self.weight
        self.squares += weight * step * (value - self.mean)

    @property
    def spread(self) -> float:
        """The standard deviation of the values, not of their mean; 0 without any."""
        return float((self.squares / self.weight) ** 0.5) if self.weight else 0.0

    def as_dict(self) -> dict[str, float]:
        """Returns JSON values, rounded, which `from_dict` reads."""
        return {"weight": self.weight, "mean": round(self.mean, 6), "spread": round(self.spread, 6)}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "RunningMean":
        """Reads what `as_dict` returned; raises ValueError, KeyError or TypeError on anything else."""
        weight, mean, spread = (float(fields[name]) for name in ("weight", "mean", "spread"))
        if not (weight > 0 and spread >= 0):
            raise ValueError(f"a weight of {weight} and a spread of {spread} must be above 0 and not negative")
        return cls(int(weight) if weight.is_integer() else weight, mean, spread**2 * weight)
