"""The gate's check of how sampled songs hold together: nearly as near to the training songs as the champion's."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nabi.analysis.form import FIGURES
from nabi.analysis.running_mean import RunningMean
from trainer.judging.gate_checks import Check

# Standard errors that a difference of two means exceeds by chance in 1 of 40 pairs of samples.
_ERRORS = 1.96

_NAME = "how the songs hold together"

Rows = Sequence[Mapping[str, Any]]


class Comparison(NamedTuple):
    """A figure of the songs sampled from both models, beside that of the training songs.

    Attributes:
      name: of the figure, a key of `nabi.analysis.form.FIGURES`.
      challenger: mean over the challenger's songs.
      champion: mean over the champion's songs.
      training: mean over the challenger's training songs.
      loss: how much further from `training` the challenger's mean lies at least than the champion's, in the figure's
        unit; negative if it may lie nearer.
      allowed: the largest loss that passes.
    """

    name: str
    challenger: float
    champion: float
    training: float
    loss: float
    allowed: float

    def describe(self) -> str:
        """Returns the values in words."""
        title, unit = FIGURES[self.name]
        return (
            f"{title} ({unit}): the challenger's songs have {self.challenger:.2f}, the champion's {self.champion:.2f}, "
            f"the training songs {self.training:.2f}"
        )


def form(challenger: Rows, champion: Rows, figures: Mapping[str, Mapping[str, float]], most: float) -> Check:
    """Checks that no figure of the sampled songs' form is worse than the champion's by more than chance.

    Worse is further from the mean of the challenger's training songs, in either direction: new music moves the mark
    for both models alike.

    Args:
      challenger: rows of the songs sampled from the challenger.
      champion: rows of the songs sampled from the champion.
      figures: of the challenger's `summary.json`, with the means of its training songs.
      most: the largest loss that passes, in standard deviations of training songs.
    """
    compared = list(_comparisons(challenger, champion, figures, most))
    worse = [comparison for comparison in compared if comparison.loss > comparison.allowed]
    threshold = threshold_of(most)
    if not compared:
        return Check(_NAME, None, threshold, False, "no figure is known of both models' and of the training songs")
    if worse:
        return Check(_NAME, len(worse), threshold, False, "; ".join(comparison.describe() for comparison in worse))
    sentence = f"none of {len(compared)} figures is further from the training songs than in the champion's songs"
    return Check(_NAME, 0, threshold, True, sentence)


def threshold_of(most: float) -> str:
    """Describes the threshold in words."""
    return f"no further from the training songs than the champion's by {most:g} of their standard deviation and chance"


def _comparisons(
    challenger: Rows, champion: Rows, figures: Mapping[str, Mapping[str, float]], most: float
) -> Iterable[Comparison]:
    """Yields the figures that both models' songs and the training songs have.

    With few songs the spread of a sample may be small by chance: the error of a mean is estimated with the spread of
    the training songs where that is larger.
    """
    for name in FIGURES:
        new, old = _mean(challenger, name), _mean(champion, name)
        training, spread = (figures.get(name, {}).get(column) for column in ("training", "training_spread"))
        if not new or not old or training is None or spread is None:
            continue
        error = sum(max(sample.mean.spread, spread) ** 2 / sample.songs for sample in (new, old)) ** 0.5
        gap = abs(new.mean.mean - training) - abs(old.mean.mean - training)
        yield Comparison(name, new.mean.mean, old.mean.mean, training, gap - _ERRORS * error, most * spread)


class _Sample(NamedTuple):
    """A figure's mean over sampled songs, and the number of songs that have it."""

    mean: RunningMean
    songs: int


def _mean(rows: Rows, figure: str) -> _Sample | None:
    """Averages a figure over the songs that have it; None if none has."""
    mean, songs = RunningMean(), 0
    for row in rows:
        if figure in row["measured"]["figures"]:
            mean.add(row["measured"]["figures"][figure], row["measured"]["weights"].get(figure, 1))
            songs += 1
    return _Sample(mean, songs) if songs else None
