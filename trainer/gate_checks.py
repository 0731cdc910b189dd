"""Whether a new model takes the champion's place: checks with stated thresholds, and what each says."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

# Resamples of the songs, and the share of them that the interval holds.
_RESAMPLES, _SHARE = 2000, 0.95
# Of each threshold the least and the most.
_LEGAL = (
    ("min_gate_songs", 1, 1e9),
    ("min_gain", -100, 100),
    ("max_copied_share", 0, 1),
    ("max_loop_rate", 0, 1),
    ("min_likeness", 0, 1e9),
)


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """What a challenger has to reach.

    Attributes:
      min_gate_songs: songs that both models are asked about, at least.
      min_gain: nats a note that the challenger needs less than the champion; more than this.
      max_copied_share: of the notes of sampled songs, copied from training songs, the mean, at most.
      max_loop_rate: share of sampled songs that came into a loop, at most.
      min_likeness: overlap of the sampled songs' distributions with the training songs', as a share of the overlap that
        validation songs have, the mean over all distributions, at least.
    """

    min_gate_songs: int = 10
    min_gain: float = 0.0
    max_copied_share: float = 0.5
    max_loop_rate: float = 0.25
    min_likeness: float = 0.75

    def __post_init__(self) -> None:
        for name, least, most in _LEGAL:
            value = getattr(self, name)
            # Also of what is no number.
            if not least <= value <= most:
                raise ValueError(f"--{name} {value:g} must be in {least:g}..{most:g}")


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
    """Whether the challenger predicts better; of nats a note on the same songs."""
    gain = champion - challenger
    said = (
        f"the challenger needs {challenger:.4f} nats a note, the champion {champion:.4f}: {gain:+.4f} "
        f"(95 % of resamples of the songs: {interval[0]:+.4f} to {interval[1]:+.4f})"
    )
    return Check("loss against the champion", gain, f"more than {least:g} nats a note", gain > least, said)


def beats_counting(metrics: Mapping[str, Any], split: str) -> Check:
    """Compares the challenger with the best n-gram of its own training songs."""
    score, baselines = metrics.get(split), metrics.get("baselines", {}).get(split)
    if not score or not baselines:
        return Check("loss against counting", None, "below it", False, f"the {split} split has nothing to compare")
    loss = score["loss_nats"]
    counted, best = min((nats, name) for name, nats in baselines.items())
    known = metrics.get("baselines_counted") or {"whole_split": True}
    part = "" if known["whole_split"] else f", which counted the first {known['tokens']:,} training tokens"
    said = f"{loss:.4f} nats a token in {split}, the {best} {counted:.4f}{part}"
    return Check("loss against counting", counted - loss, "below it", loss < counted, said)


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


def reasons(checks: Iterable[Check]) -> list[str]:
    """Why a challenger is not promoted, a sentence a check that fails."""
    return [f"{check.name}: {check.said}; it has to be {check.threshold}" for check in checks if not check.passed]


def _mean(name: str, values: Sequence[float], most: float, what: str) -> Check:
    threshold = f"at most {100 * most:g} %"
    if not values:
        return Check(name, None, threshold, False, "no sampled song tells")
    value = float(np.mean(values))
    return Check(name, value, threshold, value <= most, f"{100 * value:.1f} % {what}")
