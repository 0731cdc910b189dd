"""Plots a run: training and validation loss by step, baselines as dashed lines, and accuracy if it is logged."""

import io
from collections.abc import Mapping

from matplotlib import figure
from matplotlib.axes import Axes

from nabi.workspace import storage
from trainer.training.history import CsvTable

# An n-gram of any other order has Matplotlib's own dashes.
_DASHES = {"uniform": (0, (1, 2)), "unigram": (0, (3, 3)), "bigram": (0, (7, 3)), "5-gram": (0, (7, 2, 1, 2))}


def draw(path: str, history: CsvTable, *, baselines: Mapping[str, float] | None, best_step: int) -> None:
    """Publishes the plot as a PNG.

    Args:
      path: of the PNG.
      history: the rows of history.csv.
      baselines: name -> loss on the validation split, nats a token; None draws no baseline.
      best_step: the step whose weights are kept.
    """
    accuracy_logged = "train_accuracy" in history.columns
    # A bare Figure draws without a screen and without pyplot's global state.
    picture = figure.Figure(figsize=(9, 7 if accuracy_logged else 4.5), dpi=120, layout="constrained")
    panels = picture.subplots(1 + accuracy_logged, squeeze=False, sharex=True)[:, 0]
    _draw_losses(panels[0], history, baselines or {}, best_step)
    if accuracy_logged:
        _draw_accuracies(panels[1], history, best_step)
    for axes in panels:
        axes.grid(alpha=0.25)
    panels[-1].set(xlabel="step")
    if not history.rows:
        # With --steps 0 only the baselines are drawn.
        panels[-1].set(xlim=(0, 1), xticks=[0])
    picture.legend(loc="outside right upper", fontsize=8, frameon=False)
    image = io.BytesIO()
    picture.savefig(image, format="png")
    storage.write_bytes(path, image.getvalue())


def _draw_losses(axes: Axes, history: CsvTable, baselines: Mapping[str, float], best_step: int) -> None:
    axes.plot(*history.column("train_loss_nats"), color="tab:blue", alpha=0.8, label="training (with dropout)")
    steps, losses = history.column("validation_loss_nats")
    if steps:
        axes.plot(steps, losses, color="tab:orange", marker="o", markersize=3, label="validation")
    axes.axvline(best_step, color="tab:green", linewidth=1, label=f"kept: step {best_step}")
    for name, nats in baselines.items():
        axes.axhline(nats, color="0.3", linestyle=_DASHES.get(name, "--"), linewidth=1, label=f"{name}: {nats:.2f}")
    axes.set(ylabel="loss, nats a token", ylim=(0, None))


def _draw_accuracies(axes: Axes, history: CsvTable, best_step: int) -> None:
    """Draws accuracies in the colours of the losses, whose legend serves both."""
    axes.plot(*history.column("train_accuracy"), color="tab:blue", alpha=0.8)
    axes.plot(*history.column("validation_accuracy"), color="tab:orange", marker="o", markersize=3)
    axes.axvline(best_step, color="tab:green", linewidth=1)
    axes.set(ylabel="share of targets ranked first", ylim=(0, 1.02))
