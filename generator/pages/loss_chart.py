"""The chart of the songs page: losses of models among those of baselines, in nats a token, the highest first."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

Bar = dict[str, Any]
Metrics = Mapping[str, object]


def bars(models: Sequence[tuple[str, Metrics]]) -> list[Bar]:
    """The bars of models that learned from one dataset; none where they were not measured, or not on one split.

    A model was measured on the validation split or, without one, on the training split; `split` says which.

    Args:
      models: the name of each, and its metrics.json; those of equal metrics are one model, which has both names.
    """
    measured = [(name, metrics) for name, metrics in _joined(models) if _split(metrics)]
    splits = {_split(metrics) for _, metrics in measured}
    if len(splits) != 1:
        return []
    split = str(splits.pop())
    baselines = _baselines(measured[0][1], split)
    rows: list[Bar] = [{"name": name, "loss": loss} for name, loss in baselines.items()]
    rows += [_bar(name, metrics, split) for name, metrics in measured]
    return sorted(rows, key=lambda row: -row["loss"])


def _joined(models: Sequence[tuple[str, Metrics]]) -> list[tuple[str, Metrics]]:
    """Each metrics once, with the names of all models that have them."""
    different = [
        metrics for at, (_, metrics) in enumerate(models) if metrics not in [other for _, other in models[:at]]
    ]
    return [(", ".join(name for name, other in models if other == metrics), metrics) for metrics in different]


def _bar(name: str, metrics: Metrics, split: str) -> Bar:
    figures = _mapping(metrics.get(split))
    accuracy = number(figures.get("accuracy"))
    return {
        "name": name,
        "loss": number(figures.get("loss_nats")),
        "model": True,
        "split": split,
        **({} if accuracy is None else {"accuracy": accuracy}),
    }


def _split(metrics: Metrics) -> str | None:
    """The split whose loss tells of a model, None if there is none."""
    known = (
        name for name in ("validation", "train") if number(_mapping(metrics.get(name)).get("loss_nats")) is not None
    )
    return next(known, None)


def _baselines(metrics: Metrics, split: str) -> dict[str, float]:
    of_split = _mapping(_mapping(metrics.get("baselines")).get(split))
    return {name: value for name, found in of_split.items() if (value := number(found)) is not None}


def number(value: object) -> int | float | None:
    """A number that JSON can hold; None for anything else, infinities and not-a-number among it."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
