"""Chart of the songs page: losses of models and of baselines, in nats a token, the highest first."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

Bar = dict[str, Any]
Metrics = Mapping[str, object]


def bars(models: Sequence[tuple[str, Metrics]]) -> list[Bar]:
    """Builds the bars of models that were trained on one dataset; [] if their losses are missing or of several splits.

    A model's loss is that of the validation split or, without one, of the training split; `split` names it.

    Args:
      models: (name, metrics.json) of each; models with equal metrics get one bar with all their names.
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
    """Joins the names of models with equal metrics."""
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
    """Returns the split whose loss is shown; None if there is no loss."""
    splits = (
        name for name in ("validation", "train") if number(_mapping(metrics.get(name)).get("loss_nats")) is not None
    )
    return next(splits, None)


def _baselines(metrics: Metrics, split: str) -> dict[str, float]:
    losses = _mapping(_mapping(metrics.get("baselines")).get(split))
    return {name: value for name, loss in losses.items() if (value := number(loss)) is not None}


def number(value: object) -> int | float | None:
    """Returns a number that JSON can hold; None for anything else, such as infinities and NaN.

    >>> number(2.5), number(float("nan")), number(True)
    (2.5, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
