"""Negative log-likelihood of a model in nats a time step, exact by the chain rule.

In `steps` a step is a set of notes, written in one order only and closed by a token of its own, so its probability
given all steps before is the product of its tokens' probabilities; in another encoding the probability of all tokens of
a piece is at most that of its steps. Probability that the model gives to illegal sequences (descending pitches) or to
an early end of the piece is lost, so the figure is an upper bound. `<end>` itself is not scored: the papers model
steps, not lengths.
"""

import keras
import numpy as np

from benchmarks import polyphonic_overlap
from benchmarks.polyphonic_sets import Piece
from benchmarks.polyphonic_table import HALF, MOSTLY_NEW, StepScore
from benchmarks.polyphonic_writing import Writing
from nabi.music.vocabulary import END, PAD, START
from nabi.networks.trained_model import TrainedModel
from trainer.data import batches
from trainer.data.dataset import Dataset
from trainer.data.window_arrays import Windows, concatenate
from trainer.evaluation.scoring import Evaluator


def score(model: TrainedModel, dataset: Dataset, split: str, trained_on: Dataset, ticks: int) -> StepScore:
    """Scores a model on a split of the set that it was trained on.

    Args:
      model: the model.
      dataset: dataset with the split.
      split: `validation` or `test`.
      trained_on: dataset with the training split.
      ticks: length of a frame.

    Raises:
      ValueError: if the model is of another set or other settings, or was trained with `--target last`.
    """
    if model.marks["content"] != dataset.content:
        raise ValueError(
            f"the model was trained on the dataset {model.marks['content']} and {dataset.folder} is of "
            f"{dataset.content}: give --data the folder that the model's set was prepared in"
        )
    if model.config["target"] == "last":
        raise ValueError("the model was trained with --target last, which scores no whole step: train with every")
    windows = concatenate(list(batches.read_windows(dataset, split)), dataset.window)
    training = [_frames(ids, trained_on, ticks) for _, ids in batches.read_songs(trained_on, "train")]
    held_out = [_frames(ids, dataset, ticks) for ids in pieces_of(windows)]
    shares = np.array(polyphonic_overlap.shares(held_out, training))
    return score_windows(model.model, windows, steps=np.array(list(map(len, held_out))), shares=shares)


def _frames(ids: np.ndarray, dataset: Dataset, ticks: int) -> Piece:
    return Writing(dataset.encoding, ticks).frames(dataset.vocabulary.decode(ids.tolist()))


def score_windows(model: keras.Model, windows: Windows, *, steps: np.ndarray, shares: np.ndarray) -> StepScore:
    """Scores a network, tokens [B, T] -> logits [B, T, V], on windows of whole pieces with `<start>` before each.

    Args:
      model: the network.
      windows: windows cut with stride = window, in the order of their shards.
      steps: int64 [pieces], time steps of each.
      shares: float64 [pieces], share of each piece's melody that a training piece has too, 0..1.
    """
    windows = without_ends(windows)
    scores = Evaluator(model, windows, last_only=False).tokens(model.get_weights())
    nats = np.bincount(scores.song, -scores.log_probability.astype(np.float64), len(steps))
    new = shares < MOSTLY_NEW
    return StepScore(
        nats_per_step=float(nats.sum() / steps.sum()),
        mean_of_pieces=float(np.mean(nats / steps)),
        steps=int(steps.sum()),
        pieces=len(steps),
        new_nats_per_step=float(nats[new].sum() / steps[new].sum()) if new.any() else None,
        new_pieces=int(np.count_nonzero(new)),
        half_shared=int(np.count_nonzero(shares >= HALF)),
    )


def without_ends(windows: Windows) -> Windows:
    """Replaces `<end>`, the last id of each piece, by `<pad>`, which is never scored."""
    return Windows(np.where(windows.tokens == END, PAD, windows.tokens), windows.starts)


def pieces_of(windows: Windows) -> list[np.ndarray]:
    """Joins windows to pieces, int32 [L] with `<start>` first and without `<pad>`; consecutive windows share one id."""
    borders = np.flatnonzero(windows.starts == 0)[1:]
    targets = (part[:, 1:].ravel() for part in np.split(windows.tokens, borders))
    return [np.concatenate([[START], ids[ids != PAD]]).astype(np.int32) for ids in targets]
