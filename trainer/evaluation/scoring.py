"""Held-out loss and accuracy, each target scored once, with the LSTM's state carried through a song."""

import dataclasses
import math
from collections.abc import Iterator, Sequence

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from nabi.networks import network
from trainer.data import packing
from trainer.data.window_arrays import Windows, scored
from trainer.evaluation.dataset_survey import DatasetSurvey

# Songs that are scored side by side.
ROWS = 64


@dataclasses.dataclass(frozen=True)
class Score:
    """How well a model predicts: mean loss in nats a token, share of tokens that it ranks first, tokens scored."""

    loss_nats: float
    accuracy: float
    tokens: int

    def as_dict(self) -> dict[str, float]:
        """The figures of `metrics.json`."""
        return {
            "loss_nats": self.loss_nats,
            "bits": self.loss_nats / math.log(2),
            "perplexity": math.exp(min(self.loss_nats, 700.0)),
            "accuracy": self.accuracy,
            "tokens": self.tokens,
        }


@dataclasses.dataclass(frozen=True, eq=False)
class Streams:
    """Windows laid out in rows that are read side by side.

    Attributes:
      tokens: int32 [steps, rows, window + 1]; a row ends in windows of `<pad>` alone.
      begins: bool [steps, rows], where a row's state is set back to zeros.
      indices: int64 [steps, rows], which window stands there; -1 for none.
    """

    tokens: npt.NDArray[np.int32]
    begins: npt.NDArray[np.bool_]
    indices: npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, eq=False)
class TokenScores:
    """What a model said of every token that it was scored on, in the windows' order; all are [scored tokens].

    Attributes:
      target: int32, the id that came.
      log_probability: float32, of the target, in nats.
      rank: int32, how many ids were thought likelier; 0 is a hit. Of ids as likely the smaller goes first.
      top_probability: float32, of the likeliest id: how sure the model was.
      song: int32, the song's number in the windows.
      window: int32, the window's number.
      position: int32, of the target in its window, 0..window - 1.
      place: int64, the target's index in its song.
    """

    target: npt.NDArray[np.int32]
    log_probability: npt.NDArray[np.float32]
    rank: npt.NDArray[np.int32]
    top_probability: npt.NDArray[np.float32]
    song: npt.NDArray[np.int32]
    window: npt.NDArray[np.int32]
    position: npt.NDArray[np.int32]
    place: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.target)

    def score(self) -> Score:
        """The mean figures; of no token 0."""
        count = max(len(self), 1)
        loss = -self.log_probability.sum(dtype=np.float64)
        return Score(float(loss / count), float(np.count_nonzero(self.rank == 0) / count), len(self))


def lay_out(windows: Windows, carried: bool) -> Streams:
    """Puts songs into at most `ROWS` rows of like length, longest first to the shortest row.

    Args:
      windows: at least one, in the order of their shards.
      carried: keeps the windows of a song together; otherwise each stands alone, from a state of zeros.
    """
    borders = np.flatnonzero(windows.starts == 0) if carried else np.arange(len(windows))
    lengths = np.diff([0, *borders[1:], len(windows)])
    indices = packing.table(packing.pack(lengths, min(ROWS, len(lengths))), lengths)
    return Streams(windows.rows(indices), np.isin(indices, borders), indices)


class Evaluator:
    """Scores one set of windows as often as it is asked to; its step is compiled once.

    With `last_only` full windows alone are scored, at their last position. With `carried` the LSTM's state goes on
    through a song's windows, otherwise each starts from zeros.
    """

    def __init__(self, model: keras.Model, windows: Windows, *, last_only: bool, carried: bool = True) -> None:
        self._last_only = last_only
        self._windows = windows.full() if last_only else windows
        self._streams = lay_out(self._windows, carried)
        self._model = network.variant(model, state=True, fused=True)
        self._sizes = network.state_sizes(model)
        self._step = tf.function(self._score_step)

    def score(self, weights: Sequence[npt.NDArray]) -> Score:
        """The score of a network of the same shape with these weights, in the order of `keras.Model.get_weights`."""
        loss, right, count = 0.0, 0, 0
        for _, valid, losses, ranks, _ in self._results(weights):
            loss += float(losses[valid].sum(dtype=np.float64))
            right += int(np.count_nonzero(ranks[valid] == 0))
            count += int(np.count_nonzero(valid))
        return Score(loss / max(count, 1), right / max(count, 1), count)

    def tokens(self, weights: Sequence[npt.NDArray]) -> TokenScores:
        """Every token's score; 12 bytes a target of the windows while it works, 40 a scored one in the end."""
        shape = self._windows.tokens[:, 1:].shape
        counted = np.zeros(shape, np.bool_)
        losses, ranks, tops = np.zeros(shape, np.float32), np.zeros(shape, np.int32), np.zeros(shape, np.float32)
        for indices, valid, *values in self._results(weights):
            there = indices >= 0
            for whole, part in zip((counted, losses, ranks, tops), (valid, *values), strict=True):
                whole[indices[there]] = part[there]
        window, position = np.nonzero(counted)
        songs = np.cumsum(self._windows.starts == 0) - 1
        return TokenScores(
            target=self._windows.tokens[:, 1:][counted],
            log_probability=-losses[counted],
            rank=ranks[counted],
            top_probability=tops[counted],
            song=songs[window].astype(np.int32),
            window=window.astype(np.int32),
            position=position.astype(np.int32),
            place=self._windows.starts[window] + position + 1,
        )

    def _results(self, weights: Sequence[npt.NDArray]) -> Iterator[tuple[npt.NDArray, ...]]:
        """(window indices [rows], then valid, losses, ranks, top probabilities [rows, window]) of each step."""
        self._model.set_weights(weights)
        streams = self._streams
        states = [tf.zeros((streams.tokens.shape[1], size)) for size in self._sizes]
        for tokens, begins, indices in zip(streams.tokens, streams.begins, streams.indices, strict=True):
            results, states = self._step(tf.constant(tokens), tf.constant(begins), states)
            valid = scored(tokens[:, 1:], self._last_only)
            yield indices, valid, *(result.numpy() for result in results)

    def _score_step(self, tokens: tf.Tensor, begins: tf.Tensor, states: list[tf.Tensor]) -> tuple[list, list]:
        inputs, targets = tokens[:, :-1], tokens[:, 1:]
        states = [tf.where(begins[:, None], tf.zeros_like(state), state) for state in states]
        logits, *states = self._model([inputs, *states], training=False)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        ranks, tops = _standing(logits, targets, losses)
        return [losses, ranks, tops], states


def score_split(model: keras.Model, survey: DatasetSurvey, split: str) -> Score | None:
    """The final figures of a split; None where it has no target."""
    evaluator = evaluator_of(model, survey, split)
    return evaluator.score(model.get_weights()) if evaluator else None


def evaluator_of(model: keras.Model, survey: DatasetSurvey, split: str) -> Evaluator | None:
    """What scores a split as its final figures are taken; None where it has no target."""
    windows = survey.windows[split]
    if not windows.scored(survey.reading.last_only).any():
        return None
    return Evaluator(model, windows, last_only=survey.reading.last_only, carried=survey.carried(split))


def _standing(logits: tf.Tensor, targets: tf.Tensor, losses: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The target's rank among all ids and the likeliest id's probability, both [B, T]."""
    wanted = tf.gather(logits, targets, axis=2, batch_dims=2)[..., None]
    smaller = tf.range(tf.shape(logits)[2]) < targets[..., None]
    before = (logits > wanted) | ((logits == wanted) & smaller)
    # The loss is log(sum of exp(logits)) - wanted, so that sum need not be taken again.
    tops = tf.exp(tf.reduce_max(logits, axis=2) - wanted[..., 0] - losses)
    # Floats count exactly up to 2^24 ids; GPUs leave sums of int32 to the CPU.
    return tf.cast(tf.reduce_sum(tf.cast(before, tf.float32), axis=2), tf.int32), tops
