"""Checks that a new model must pass to replace the champion: thresholds, results and verdict."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nabi.workspace.config import Config, setting

# Bootstrap resamples of the songs, and the share of them inside the confidence interval.
_RESAMPLES, _SHARE = 2000, 0.95
# With fewer songs there is no difference between songs to estimate an interval from.
FEWEST_SONGS = 2
TITLE = "what a model has to reach"


@dataclasses.dataclass(frozen=True)
class Thresholds(Config):
    """The thresholds that a model must reach to be promoted."""

    min_gate_songs: int = setting(
        10, "least number of songs, new to both models, that they are compared on", low=FEWEST_SONGS, high=1e9
    )
    min_gain: float = setting(
        0.0,
        "least gain of the challenger over the champion in nats a note: the whole confidence interval must be above it",
        low=-100,
        high=100,
    )
    max_copied_share: float = setting(0.5, "highest mean share of copied notes in the sampled songs", high=1)
    max_loop_rate: float = setting(0.25, "highest share of the sampled songs that ran into a loop", high=1)
    min_likeness: float = setting(
        0.75,
        "least overlap of the sampled songs with the training songs, relative to that of validation songs",
        high=1e9,
    )
    max_form_loss: float = setting(
        0.25,
        "how much further from the training songs than the champion's a figure of the sampled songs' form may be, in "
        "standard deviations of training songs, if it is by more than chance",
        high=1e9,
    )
    first_must_pass: bool = setting(
        False,
        "do not promote a model that fails even if there is no champion; otherwise it becomes the first champion, with "
        "a warning, since there would be nothing to sample from",
    )


@dataclasses.dataclass(frozen=True)
class Check:
    """The result of one condition of promotion.

    Attributes:
      name: of the condition.
      value: the measured value; None where it cannot be measured.
      threshold: in words.
      passed: True if the condition holds.
      said: the result in a sentence.
    """

    name: str
    value: float | None
    threshold: str
    passed: bool
    said: str


def enough(songs: int, minimum: int) -> Check:
    """Checks that there are enough songs to compare the models on."""
    sentence = f"{songs} song{' was' if songs == 1 else 's were'} held out of both models' training and validation"
    return Check("songs to judge by", songs, f"at least {minimum}", songs >= minimum, sentence)


def better(champion: float, challenger: float, interval: tuple[float, float], min_gain: float) -> Check:
    """Checks that the challenger predicts better by more than chance.

    Args:
      champion: its loss, nats a note.
      challenger: its loss on the same songs, nats a note.
      interval: confidence interval of the gain, see `interval`.
      min_gain: the whole interval must be above it.
    """
    gain = champion - challenger
    sentence = (
        f"the challenger needs {challenger:.4f} nats a note, the champion {champion:.4f}: a gain of {gain:+.4f} "
        f"(95 % of resamples of the songs: {interval[0]:+.4f} to {interval[1]:+.4f})"
    )
    if interval[0] <= min_gain < gain:
        sentence += "; on so few songs that may be chance"
    return Check("loss against the champion", gain, gain_threshold(min_gain), interval[0] > min_gain, sentence)


def gain_threshold(min_gain: float) -> str:
    """Describes the threshold of `better` in words."""
    return f"more than {min_gain:g} nats a note at the interval's lower end"


def beats_counting(metrics: Mapping[str, Any], split: str) -> Check:
    """Checks that the challenger predicts better than the best n-gram of its own training songs."""
    name, threshold = "loss against counting", "below it"
    score, baselines = metrics.get(split), metrics.get("baselines", {}).get(split) or {}
    if not score or not baselines:
        return Check(name, None, threshold, False, f"the {split} split has nothing to compare")
    best = min(baselines, key=lambda baseline: float(baselines[baseline]))
    loss, baseline_loss = score["loss_nats"], baselines[best]
    counted = metrics.get("baselines_counted") or {"whole_split": True}
    part = "" if counted["whole_split"] else f", which counted the first {counted['tokens']:,} training tokens"
    sentence = f"{loss:.4f} nats a token in {split}, the {best} {baseline_loss:.4f}{part}"
    return Check(name, baseline_loss - loss, threshold, loss < baseline_loss, sentence)


def copies(rows: Sequence[Mapping[str, Any]], maximum: float) -> Check:
    """Checks the mean share of notes that sampled songs copy from training songs."""
    shares = [row["copied_share"] for row in rows if "copied_share" in row]
    return _mean_below("copied share", shares, maximum, "of their notes the sampled songs copy")


def loops(rows: Sequence[Mapping[str, Any]], maximum: float) -> Check:
    """Checks the share of sampled songs that ran into a loop, whether or not a later attempt got out of it."""
    looped = [float(row["attempts"] > 0) for row in rows]
    return _mean_below("loop rate", looped, maximum, "of the sampled songs ran into a loop")


def likeness(summary: Mapping[str, Any], minimum: float) -> Check:
    """Checks that the distributions of sampled songs overlap with those of training songs."""
    ratios = [
        distribution["overlap"] / distribution["validation_overlap"]
        for distribution in summary["distributions"].values()
        if distribution.get("overlap") is not None and distribution.get("validation_overlap")
    ]
    name, threshold = "likeness to the training songs", f"at least {minimum:g}"
    if not ratios:
        return Check(name, None, threshold, False, "there are no validation songs to measure it by, or no sampled ones")
    value = float(np.mean(ratios))
    sentence = f"sampled songs overlap with training songs {value:.2f} times as much as validation songs do"
    return Check(name, value, threshold, value >= minimum, sentence)


def interval(
    champion: npt.NDArray[np.float64], challenger: npt.NDArray[np.float64], notes: npt.NDArray[np.int64]
) -> tuple[float, float]:
    """Estimates the 95 % confidence interval of the gain by resampling songs (bootstrap, Efron 1979).

    Args:
      champion: float64 [songs], its loss on each song, nats.
      challenger: float64 [songs], its loss on the same songs, nats.
      notes: int64 [songs], number of notes of each song.

    Returns:
      Lower and upper end of the gain, nats a note.
    """
    draws = np.random.RandomState(0).randint(len(notes), size=(_RESAMPLES, len(notes)))
    gains = (champion - challenger)[draws].sum(axis=1) / notes[draws].sum(axis=1)
    low, high = np.quantile(gains, [(1 - _SHARE) / 2, (1 + _SHARE) / 2])
    return float(low), float(high)


def verdict(decision: Mapping[str, Any]) -> str:
    """Describes a decision in a few words."""
    if decision["champion"]:
        return "The challenger is better" if decision["promote"] else "The champion stays"
    if decision["passed"]:
        return "The first champion"
    return "The first champion, although checks failed" if decision["promote"] else "No champion yet: checks failed"


def reasons(checks: Iterable[Check]) -> list[str]:
    """Lists the reasons against promotion, a sentence for each check that fails."""
    return [f"{check.name}: {check.said}; it has to be {check.threshold}" for check in checks if not check.passed]


def _mean_below(name: str, values: Sequence[float], maximum: float, description: str) -> Check:
    threshold = f"at most {100 * maximum:g} %"
    if not values:
        return Check(name, None, threshold, False, "there are no sampled songs to measure it by")
    value = float(np.mean(values))
    return Check(name, value, threshold, value <= maximum, f"{100 * value:.1f} % {description}")
