"""Warnings about a model, in words: it overfits, it memorises, or n-grams predict better."""

from collections.abc import Mapping, Sequence
from typing import Any

# The validation loss varies by a percent or two from one evaluation to the next, as the weights do; a mean of two that
# is 5 % above the lowest is not noise.
LAST_EVALUATIONS = 2
MUCH_RISEN = 1.05

# Training loss as a share of validation loss, both in nats. A model is always a little better on its training songs;
# below 60 %, most of what it learned last holds for them alone.
FAR_BELOW = 0.6

# Music is not so predictable: a model that is right more often has seen the song.
MEMORISED_ACCURACY = 0.95

UNTRAINED = "No step was trained (--steps 0): the figures are those of the first weights, to compare others with."

Figures = Mapping[str, Any]


def warnings(
    history: Sequence[Figures],
    scores: Mapping[str, Figures | None],
    baselines: Mapping[str, Mapping[str, float] | None],
) -> list[str]:
    """Checks a model for overfitting, memorization and losing to n-grams.

    Args:
      history: the rows of history.csv.
      scores: split -> `loss_nats`, `accuracy`; None for a split without songs.
      baselines: split -> baseline's name -> loss in nats a token.

    Returns:
      A sentence or two for each problem found.
    """
    if not history:
        return [UNTRAINED]
    evaluations = [
        (row["step"], row["validation_loss_nats"]) for row in history if row.get("validation_loss_nats") is not None
    ]
    train, validation = scores.get("train"), scores.get("validation")
    sentences = [overfitting(evaluations), memorization(evaluations, train), generalization_gap(train, validation)]
    sentences += [worse_than_baselines(split, score, baselines.get(split)) for split, score in scores.items()]
    return [sentence for sentence in sentences if sentence]


def overfitting(evaluations: Sequence[tuple[int, float]]) -> str:
    """Warns if the validation loss rose well above its minimum; "" if not.

    Args:
      evaluations: (step, validation loss in nats a token), by step.
    """
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
        "lowest loss were kept. More songs (--transpose in preprocessing), more --dropout or fewer --units help."
    )


def memorization(evaluations: Sequence[tuple[int, float]], train: Figures | None) -> str:
    """Warns if the model predicts nearly every training token while its validation loss rises; "" if not."""
    losses = [loss for _, loss in evaluations]
    if not train or not losses or train["accuracy"] <= MEMORISED_ACCURACY or losses[-1] <= min(losses):
        return ""
    return (
        f"The model memorises: it predicts {_percent(train['accuracy'])} of the training tokens (more than "
        f"{_percent(MEMORISED_ACCURACY)} is too much) while the validation loss rose from {min(losses):.3f} to "
        f"{losses[-1]:.3f} nats a token. It will repeat its songs: train on more of them, or fewer --steps."
    )


def generalization_gap(train: Figures | None, validation: Figures | None) -> str:
    """Warns if the training songs are predicted far better than validation songs; "" if not."""
    if not train or not validation or train["loss_nats"] >= FAR_BELOW * validation["loss_nats"]:
        return ""
    return (
        f"The model fits its training songs far better than others: {train['loss_nats']:.3f} nats a token against "
        f"{validation['loss_nats']:.3f} in validation, {_percent(train['loss_nats'] / validation['loss_nats'])} of it "
        f"(less than {_percent(FAR_BELOW)} is overfitted). More songs or more --dropout help."
    )


def worse_than_baselines(split: str, score: Figures | None, baselines: Mapping[str, float] | None) -> str:
    """Warns of the baselines that predict a held-out split better than the model, the best first; "" if none does.

    Losses are compared as they are printed: equal figures give no warning.
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
        "A count of which token follows which predicts better. If the validation loss still falls, more --steps or "
        "--units help; if not, more songs."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
