"""Bayesian search (`--tune`): the settings that are searched, their ranges, and the choice of the next trial's."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trainer.config import TrainConfig

if TYPE_CHECKING:
    # It takes a third of a second to import; flags and checks do without.
    from optuna import distributions

Setting = float | int | bool

# Models that a search may train.
MOST_TRIALS = 9999
TRIALS = f"1..{MOST_TRIALS}"


@dataclasses.dataclass(frozen=True)
class Range:
    """The values of a setting that are searched: `low`..`high`, both included, or `choices`.

    Attributes:
      low: the lowest value; its type is the setting's.
      high: the highest value.
      step: distance between values; 0: all values between.
      log: values are drawn on a logarithmic scale: as often from 0.001..0.002 as from 0.002..0.004.
      choices: values without an order; empty where there are `low` and `high`.
    """

    low: float = 0
    high: float = 0
    step: float = 0
    log: bool = False
    choices: tuple[Setting, ...] = ()

    def __str__(self) -> str:
        if self.choices:
            return " or ".join(map(describe, self.choices))
        way = f" by {self.step:g}" if self.step else ", logarithmic" if self.log else ""
        return f"{self.low:g}..{self.high:g}{way}"

    def distribution(self) -> "distributions.BaseDistribution":
        """Converts the range to Optuna's class."""
        from optuna import distributions

        if self.choices:
            return distributions.CategoricalDistribution(self.choices)
        if isinstance(self.low, int):
            return distributions.IntDistribution(self.low, int(self.high), step=int(self.step))
        return distributions.FloatDistribution(self.low, self.high, log=self.log, step=self.step or None)


# The settings that matter most for LSTM layers on little data: learning rate, size, regularization.
RANGES: Mapping[str, Range] = {
    "learning_rate": Range(3e-4, 1e-2, log=True),
    "units": Range(128, 512, step=128),
    "layers": Range(1, 3, step=1),
    "embedding": Range(32, 128, step=32),
    "dropout": Range(0.0, 0.6, step=0.05),
    "recurrent_dropout": Range(0.0, 0.4, step=0.1),
    "layer_norm": Range(choices=(False, True)),
    "weight_decay": Range(choices=(0.0, 0.01, 0.1)),
}

# Settings that the model of a warm start has fixed.
_NETWORK_SETTINGS = {"units", "layers", "embedding", "layer_norm"}


def searched(fixed: Mapping[str, object], *, warm: bool) -> dict[str, Range]:
    """Selects the settings of `RANGES` that are neither given nor without effect.

    Args:
      fixed: the settings that are given.
      warm: True if training starts from another model, which has fixed layers and sizes.

    Raises:
      ValueError: if none is left.
    """
    base = TrainConfig.create(fixed)
    excluded = {*fixed, *(_NETWORK_SETTINGS if warm else ())}
    # Without a learned embedding its width changes nothing.
    excluded |= {"embedding"} if base.input_features != "embedding" else set()
    ranges = {key: legal for key, legal in RANGES.items() if key not in excluded}
    if not ranges:
        raise ValueError(
            f"--tune has nothing to search: of {', '.join(RANGES)} all are given; leave one out of the flags and of "
            "the recipe"
        )
    return ranges


def listed(ranges: Mapping[str, Range]) -> str:
    """Lists settings with their ranges, such as `units (128..512 by 128), dropout (0..0.6 by 0.05)`."""
    return ", ".join(f"{key} ({legal})" for key, legal in ranges.items())


def describe(value: object) -> str:
    """Formats a setting's value, a number with at most three digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


class Search:
    """A sequence of settings, each chosen by the losses of those before.

    The first ten are drawn at random, the others by a tree-structured Parzen estimator (Bergstra et al. 2011,
    Algorithms for Hyper-Parameter Optimization). The same ranges, seed and losses give the same settings: a resumed
    search repeats the calls with the known losses, and goes on with the settings that an uninterrupted one would try.
    """

    def __init__(self, ranges: Mapping[str, Range], seed: int) -> None:
        import optuna

        # Silences its own line for each trial.
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
        self._distributions = {key: legal.distribution() for key, legal in ranges.items()}
        self._trial: Any = None

    def ask(self) -> dict[str, Setting]:
        """Returns the settings to try next."""
        self._trial = self._study.ask(self._distributions)
        return {key: _rounded(value) for key, value in self._trial.params.items()}

    def tell(self, loss: float) -> None:
        """Records the loss of the settings that `ask` returned last; infinite if training diverged."""
        self._study.tell(self._trial, loss)


def _rounded(value: Setting) -> Setting:
    """Removes rounding errors of added-up steps: 0.15, not 0.15000000000000002."""
    return round(value, 12) if isinstance(value, float) else value
