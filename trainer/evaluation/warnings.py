"""What stands against a model, in words: it overfits, it memorises, or counting predicts better."""

from collections.abc import Mapping, Sequence
from typing import Any

# The validation loss of one evaluation wanders by a percent or two, since the weights do: the mean of two that is 5 %
# above the lowest is no accident.
LAST_EVALUATIONS = 2
MUCH_RISEN = 1.05

# In nats. A model that fits its training songs is a little better on them than on others; where it needs less than
# 60 % of the nats for them, most of what it has learned last is of use for them alone.
FAR_BELOW = 0.6

# Music is not so predictable: who is right more often than that has seen the song.
MEMORISED_ACCURACY = 0.95

UNTRAINED = "No step was trained (--steps 0): the figures are those of the first weights, to compare others with."

Figures = Mapping[str, Any]


def warnings(
    history: Sequence[Figures],
    scores: Mapping[str, Figures | None],
    baselines: Mapping[str, Mapping[str, float] | None],
) -> list[str]:
    """One sentence or two for everything that is wrong with a model; none if nothing is.

    Args:
      history: the rows of history.csv.
      scores: split -> `loss_nats`, `accuracy`; None for a split without songs.
      baselines: split -> name -> nats a token.
    """
    if not history:
        return [UNTRAINED]
    evaluations = [
        (row["step"], row["validation_loss_nats"]) for row in history if row.get("validation_loss_nats") is not None
    ]
    train, validation = scores.get("train"), scores.get("validation")
    said = [overfits(evaluations), knows_by_heart(evaluations, train), gap(train, validation)]
    said += [loses(split, score, baselines.get(split)) for split, score in scores.items()]
    return [sentence for sentence in said if sentence]


def overfits(evaluations: Sequence[tuple[int, float]]) -> str:
    """Whether the validation loss rose well above its minimum; of (step, nats a token)."""
    if not evaluations:
        return ""
    best_step, best = min(evaluations, key=lambda row: row[1])
    after = [loss for step, loss in evaluations if step > best_step][-LAST_EVALUATIONS:]
    last = sum(after) / max(len(after), 1)
    if len(after) < LAST_EVALUATIONS or last <= MUCH_RISEN * best:
        return ""
    return (
        f"The training overfits: after step {best_step} the validation loss rose from {best:.3f} to {last:.3f} nats a "
        f"token, by {_percent(last / best - 1)} (more than {_percent(MUCH_RISEN - 1)} is too much). The weights of the "
        "lowest were kept. More songs (--transpose in preprocessing), more --dropout or fewer --units help."
    )


def knows_by_heart(evaluations: Sequence[tuple[int, float]], train: Figures | None) -> str:
    """Whether the model has its training songs by heart while it gets worse at others."""
    losses = [loss for _, loss in evaluations]
    if not train or not losses or train["accuracy"] <= MEMORISED_ACCURACY or losses[-1] <= min(losses):
        return ""
    return (
        f"The model memorises: it predicts {_percent(train['accuracy'])} of the training tokens (more than "
        f"{_percent(MEMORISED_ACCURACY)} is too much) while the validation loss rose from {min(losses):.3f} to "
        f"{losses[-1]:.3f} nats a token. It will repeat its songs: train on more of them, or fewer --steps."
    )


def gap(train: Figures | None, validation: Figures | None) -> str:
    """Whether the training songs are predicted far better than others."""
    if not train or not validation or train["loss_nats"] >= FAR_BELOW * validation["loss_nats"]:
        return ""
    return (
        f"The model fits its training songs far better than others: {train['loss_nats']:.3f} nats a token against "
        f"{validation['loss_nats']:.3f} in validation, {_percent(train['loss_nats'] / validation['loss_nats'])} of it "
        f"(less than {_percent(FAR_BELOW)} is overfitted). More songs or more --dropout help."
    )


def loses(split: str, score: Figures | None, baselines: Mapping[str, float] | None) -> str:
    """Says which baselines predict a held-out split better, the best first.

    Losses are compared as they are printed: of equal figures none is better.
    """
    if not score or not baselines:
        return ""
    loss = round(score["loss_nats"], 3)
    better = sorted((nats, name) for name, nats in baselines.items() if round(nats, 3) < loss)
    if not better:
        return ""
    nats, best = better[0]
    others = "".join(f", and to the {name} ({other:.3f})" for other, name in better[1:])
    return (
        f"The model loses to the {best} in {split}: {score['loss_nats']:.3f} nats a token against {nats:.3f}{others}. "
        "Counting what follows what predicts better. If the validation loss still falls, more --steps or --units help; "
        "if not, more songs."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
