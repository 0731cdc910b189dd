"""Bayesian search (`--tune`): which settings are searched in which ranges, and what is to be tried next."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trainer.config import TrainConfig

if TYPE_CHECKING:
    # A third of a second at run time, which flags and checks do without.
    from optuna import distributions

Setting = float | int | bool


@dataclasses.dataclass(frozen=True)
class Range:
    """The values of a setting that are tried: `low`..`high`, both among them, or `choices`.

    Attributes:
      low: the least value; its type is the setting's.
      high: the largest value.
      step: from one value to the next; 0: every value between.
      log: as likely to be in 0.001..0.002 as in 0.002..0.004.
      choices: values without an order; none where there are `low` and `high`.
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
        """The same for Optuna."""
        from optuna import distributions

        if self.choices:
            return distributions.CategoricalDistribution(self.choices)
        if isinstance(self.low, int):
            return distributions.IntDistribution(self.low, int(self.high), step=int(self.step))
        return distributions.FloatDistribution(self.low, self.high, log=self.log, step=self.step or None)


# What matters most for LSTM layers on little data: how fast, how large, how much against learning by heart.
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

# A model to start from has them already.
_OF_A_NETWORK = {"units", "layers", "embedding", "layer_norm"}


def searched(fixed: Mapping[str, object], *, warm: bool) -> dict[str, Range]:
    """What is searched: the settings of RANGES that are still free.

    Args:
      fixed: the settings that are given.
      warm: whether training starts from another model, of given layers and sizes.

    Raises:
      ValueError: if nothing is left.
    """
    base = TrainConfig.create(fixed)
    taken = {*fixed, *(_OF_A_NETWORK if warm else ())}
    # Where it would be refused, or change nothing.
    taken |= {"embedding"} if base.input_features != "embedding" else set()
    left = {key: legal for key, legal in RANGES.items() if key not in taken}
    if not left:
        raise ValueError(
            f"--tune has nothing to search: of {', '.join(RANGES)} all are given; leave one out of the flags and of "
            "the recipe"
        )
    return left


def listed(ranges: Mapping[str, Range]) -> str:
    """Settings with their ranges, for a person."""
    return ", ".join(f"{key} ({legal})" for key, legal in ranges.items())


def describe(value: object) -> str:
    """A setting's value for a person, in few digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


class Search:
    """A sequence of settings, each chosen by the losses of those before.

    The first ten are drawn at random, the others by a tree-structured Parzen estimator (Bergstra et al. 2011,
    Algorithms for Hyper-Parameter Optimization). Same ranges, seed and losses, same settings: after a kill the losses
    that are known are told again, and the sequence goes on as if nothing had happened.
    """

    def __init__(self, ranges: Mapping[str, Range], seed: int) -> None:
        import optuna

        # It would tell of each trial in its own words.
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
        self._distributions = {key: legal.distribution() for key, legal in ranges.items()}
        self._trial: Any = None

    def ask(self) -> dict[str, Setting]:
        """The settings to try next."""
        self._trial = self._study.ask(self._distributions)
        return {key: _rounded(value) for key, value in self._trial.params.items()}

    def tell(self, loss: float) -> None:
        """The loss of the settings asked for last; infinite where training diverged."""
        self._study.tell(self._trial, loss)


def _rounded(value: Setting) -> Setting:
    """Without the last digits of steps that were added up: 0.15, not 0.15000000000000002."""
    return round(value, 12) if isinstance(value, float) else value
