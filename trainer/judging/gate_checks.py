"""Whether a new model takes the champion's place: checks with stated thresholds, and what each says."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nabi.workspace.config import Config, setting

# Resamples of the songs, and the share of them that the interval holds.
_RESAMPLES, _SHARE = 2000, 0.95
# Two songs are the fewest whose differences say how sure a gain is.
FEWEST_SONGS = 2
TITLE = "what a model has to reach"


@dataclasses.dataclass(frozen=True)
class Thresholds(Config):
    """What a model has to reach to be promoted."""

    min_gate_songs: int = setting(10, "songs new to both models that judge them, at least", low=FEWEST_SONGS, high=1e9)
    min_gain: float = setting(
        0.0,
        "nats a note that the challenger must need less than the champion: its whole confidence interval is above this",
        low=-100,
        high=100,
    )
    max_copied_share: float = setting(0.5, "mean share of copied notes in the sampled songs, at most", high=1)
    max_loop_rate: float = setting(0.25, "share of the sampled songs that come into a loop, at most", high=1)
    min_likeness: float = setting(
        0.75,
        "overlap of the sampled songs with the training songs, as a share of that of validation songs, at least",
        high=1e9,
    )
    first_must_pass: bool = setting(
        False,
        "a model that fails is not promoted where there is no champion either; otherwise it becomes the first one, "
        "with a warning, since there would be nothing to sample from",
    )


@dataclasses.dataclass(frozen=True)
class Check:
    """One condition of promotion.

    Attributes:
      name: of it.
      value: what was measured; None where it could not be.
      threshold: in words.
      passed: whether it holds.
      said: the finding in a sentence.
    """

    name: str
    value: float | None
    threshold: str
    passed: bool
    said: str


def enough(songs: int, least: int) -> Check:
    """Whether there are songs enough to judge by."""
    said = f"{songs} song{' was' if songs == 1 else 's were'} held out of both models' training and validation"
    return Check("songs to judge by", songs, f"at least {least}", songs >= least, said)


def better(champion: float, challenger: float, interval: tuple[float, float], least: float) -> Check:
    """Whether the challenger predicts better, and that by no chance.

    Args:
      champion: its nats a note.
      challenger: its nats a note, on the same songs.
      interval: of the gain, see `interval`.
      least: what the whole interval has to be above.
    """
    gain = champion - challenger
    said = (
        f"the challenger needs {challenger:.4f} nats a note, the champion {champion:.4f}: a gain of {gain:+.4f} "
        f"(95 % of resamples of the songs: {interval[0]:+.4f} to {interval[1]:+.4f})"
    )
    if interval[0] <= least < gain:
        said += "; on so few songs that may be chance"
    return Check("loss against the champion", gain, gain_wanted(least), interval[0] > least, said)


def gain_wanted(least: float) -> str:
    """The threshold of `better` in words."""
    return f"more than {least:g} nats a note at the interval's lower end"


def beats_counting(metrics: Mapping[str, Any], split: str) -> Check:
    """Compares the challenger with the best of the n-grams of its own training songs."""
    name, threshold = "loss against counting", "below it"
    score, baselines = metrics.get(split), metrics.get("baselines", {}).get(split) or {}
    if not score or not baselines:
        return Check(name, None, threshold, False, f"the {split} split has nothing to compare")
    best = min(baselines, key=lambda one: float(baselines[one]))
    loss, counted = score["loss_nats"], baselines[best]
    known = metrics.get("baselines_counted") or {"whole_split": True}
    part = "" if known["whole_split"] else f", which counted the first {known['tokens']:,} training tokens"
    said = f"{loss:.4f} nats a token in {split}, the {best} {counted:.4f}{part}"
    return Check(name, counted - loss, threshold, loss < counted, said)


def copies(rows: Sequence[Mapping[str, Any]], most: float) -> Check:
    """Whether sampled songs are the model's own."""
    shares = [row["copied_share"] for row in rows if "copied_share" in row]
    return _mean("copied share", shares, most, "of their notes the sampled songs copy")


def loops(rows: Sequence[Mapping[str, Any]], most: float) -> Check:
    """Whether sampled songs go on; one that went back from a loop did not by itself."""
    looped = [float(row["attempts"] > 0) for row in rows]
    return _mean("loop rate", looped, most, "of the sampled songs came into a loop")


def likeness(summary: Mapping[str, Any], least: float) -> Check:
    """Whether sampled songs are of the training songs' kind."""
    ratios = [
        found["overlap"] / found["validation_overlap"]
        for found in summary["distributions"].values()
        if found.get("overlap") is not None and found.get("validation_overlap")
    ]
    name, threshold = "likeness to the training songs", f"at least {least:g}"
    if not ratios:
        return Check(name, None, threshold, False, "there are no validation songs to measure it by, or no sampled ones")
    value = float(np.mean(ratios))
    said = f"sampled songs overlap with training songs {value:.2f} times as much as validation songs do"
    return Check(name, value, threshold, value >= least, said)


def interval(
    champion: npt.NDArray[np.float64], challenger: npt.NDArray[np.float64], notes: npt.NDArray[np.int64]
) -> tuple[float, float]:
    """The bootstrap interval of the gain in nats a note, songs resampled (Efron 1979); all are [songs]."""
    draws = np.random.RandomState(0).randint(len(notes), size=(_RESAMPLES, len(notes)))
    gains = (champion - challenger)[draws].sum(axis=1) / notes[draws].sum(axis=1)
    low, high = np.quantile(gains, [(1 - _SHARE) / 2, (1 + _SHARE) / 2])
    return float(low), float(high)


def verdict(decision: Mapping[str, Any]) -> str:
    """A decision in a few words."""
    if decision["champion"]:
        return "The challenger is better" if decision["promote"] else "The champion stays"
    if decision["passed"]:
        return "The first champion"
    return "The first champion, although checks failed" if decision["promote"] else "No champion yet: checks failed"


def reasons(checks: Iterable[Check]) -> list[str]:
    """Why a challenger is not promoted, a sentence a check that fails."""
    return [f"{check.name}: {check.said}; it has to be {check.threshold}" for check in checks if not check.passed]


def _mean(name: str, values: Sequence[float], most: float, what: str) -> Check:
    threshold = f"at most {100 * most:g} %"
    if not values:
        return Check(name, None, threshold, False, "no sampled song tells")
    value = float(np.mean(values))
    return Check(name, value, threshold, value <= most, f"{100 * value:.1f} % {what}")
