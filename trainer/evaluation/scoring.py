"""Held-out loss and accuracy, each target scored once, with the LSTM's state carried through a song."""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import dataclasses
import math
from collections.abc import Iterator, Sequence

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from nabi.networks import variants
from trainer.data import packing
from trainer.data.window_arrays import Windows, scored
from trainer.evaluation.dataset_survey import DatasetSurvey

# Rows of songs that are scored side by side.
ROWS = 64


@dataclasses.dataclass(frozen=True)
class Score:
    """A model's figures on a set of tokens: mean loss in nats a token, share of tokens ranked first, tokens scored."""

    loss_nats: float
    accuracy: float
    tokens: int

    def as_dict(self) -> dict[str, float]:
        """Returns the figures of `metrics.json`."""
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
      tokens: int32 [steps, rows, window + 1]; windows of `<pad>` alone fill a row up to its end.
      begins: bool [steps, rows], where a row's state is reset to zeros.
      indices: int64 [steps, rows], number of the window at each place; -1 for none.
    """

    tokens: npt.NDArray[np.int32]
    begins: npt.NDArray[np.bool_]
    indices: npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, eq=False)
class TokenScores:
    """A model's predictions of every scored token, in the windows' order; all are [scored tokens].

    Attributes:
      target: int32, the token's id.
      log_probability: float32, of the target, in nats.
      rank: int32, 0-based rank of the target; ties go to the smaller id; 0 = top-1 correct.
      top_probability: float32, of the likeliest id: the model's confidence.
      song: int32, the song's number in the windows.
      window: int32, the window's number.
      position_in_window: int32, of the target among its window's targets, 0..window - 1.
      position_in_song: int64, the target's index in its song.
    """

    target: npt.NDArray[np.int32]
    log_probability: npt.NDArray[np.float32]
    rank: npt.NDArray[np.int32]
    top_probability: npt.NDArray[np.float32]
    song: npt.NDArray[np.int32]
    window: npt.NDArray[np.int32]
    position_in_window: npt.NDArray[np.int32]
    position_in_song: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.target)

    def score(self) -> Score:
        """Averages over the tokens; zeros if there are none."""
        count = max(len(self), 1)
        loss = -self.log_probability.sum(dtype=np.float64)
        return Score(float(loss / count), float(np.count_nonzero(self.rank == 0) / count), len(self))


def lay_out(windows: Windows, carried: bool) -> Streams:
    """Packs songs into at most `ROWS` rows of like length.

    Args:
      windows: at least one, in the order of their shards.
      carried: keeps the windows of a song together in one row; otherwise each is read alone, from a state of zeros.
    """
    borders = np.flatnonzero(windows.starts == 0) if carried else np.arange(len(windows))
    lengths = np.diff([0, *borders[1:], len(windows)])
    indices = packing.table(packing.pack(lengths, min(ROWS, len(lengths))), lengths)
    return Streams(windows.rows(indices), np.isin(indices, borders), indices)


class ScoringNetwork:
    """A network in its scoring form, whose step is compiled once for each shape of windows; evaluators may share it.

    Attributes:
      model: [tokens, state ...] -> [logits, state ...].
      sizes: of the parts of its state.
      step: function of tokens int32 [B, T + 1], begins bool [B] and the state, to [losses, ranks and top probabilities
        [B, T]] and the next state.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = variants.variant(model, state=True, fused=True)
        self.sizes = variants.state_sizes(model)
        self.step = tf.function(self._score_step, autograph=False)

    def _score_step(self, tokens: tf.Tensor, begins_B: tf.Tensor, states_BxU: list[tf.Tensor]) -> tuple[list, list]:
        inputs_BxT, targets_BxT = tokens[:, :-1], tokens[:, 1:]
        states_BxU = [tf.where(begins_B[:, None], tf.zeros_like(state_BxU), state_BxU) for state_BxU in states_BxU]
        logits_BxTxV, *states_BxU = self.model([inputs_BxT, *states_BxU], training=False)
        losses_BxT = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets_BxT, logits=logits_BxTxV)
        ranks_BxT, tops_BxT = _ranks_and_top_probabilities(logits_BxTxV, targets_BxT, losses_BxT)
        return [losses_BxT, ranks_BxT, tops_BxT], states_BxU


class Evaluator:
    """Scores one set of windows, as often as needed.

    With `last_only` only full windows are scored, at their last position. With `carried` the LSTM's state is carried
    through a song's windows, otherwise each starts from zeros.
    """

    def __init__(
        self, model: keras.Model | ScoringNetwork, windows: Windows, *, last_only: bool, carried: bool = True
    ) -> None:
        self._last_only = last_only
        self._windows = windows.full() if last_only else windows
        self._streams = lay_out(self._windows, carried)
        self._network = model if isinstance(model, ScoringNetwork) else ScoringNetwork(model)

    def score(self, weights: Sequence[npt.NDArray]) -> Score:
        """Scores a network of the same shape with these weights, in the order of `keras.Model.get_weights`."""
        loss, correct, count = 0.0, 0, 0
        for _, valid_BxT, losses_BxT, ranks_BxT, _ in self._results(weights):
            loss += float(losses_BxT[valid_BxT].sum(dtype=np.float64))
            correct += int(np.count_nonzero(ranks_BxT[valid_BxT] == 0))
            count += int(np.count_nonzero(valid_BxT))
        return Score(loss / max(count, 1), correct / max(count, 1), count)

    def tokens(self, weights: Sequence[npt.NDArray]) -> TokenScores:
        """Scores every token; needs 12 bytes of memory a target of the windows, and 40 a scored one in the end."""
        targets_NxT = self._windows.tokens[:, 1:]
        shape = targets_NxT.shape
        valid_NxT = np.zeros(shape, np.bool_)
        losses_NxT, ranks_NxT = np.zeros(shape, np.float32), np.zeros(shape, np.int32)
        tops_NxT = np.zeros(shape, np.float32)
        for indices_B, *results in self._results(weights):
            windows = indices_B >= 0
            for whole, part in zip((valid_NxT, losses_NxT, ranks_NxT, tops_NxT), results, strict=True):
                whole[indices_B[windows]] = part[windows]
        window, position = np.nonzero(valid_NxT)
        songs = np.cumsum(self._windows.starts == 0) - 1
        return TokenScores(
            target=targets_NxT[valid_NxT],
            log_probability=-losses_NxT[valid_NxT],
            rank=ranks_NxT[valid_NxT],
            top_probability=tops_NxT[valid_NxT],
            song=songs[window].astype(np.int32),
            window=window.astype(np.int32),
            position_in_window=position.astype(np.int32),
            position_in_song=self._windows.starts[window] + position + 1,
        )

    def _results(self, weights: Sequence[npt.NDArray]) -> Iterator[tuple[npt.NDArray, ...]]:
        """Yields window numbers [B], then valid, losses, ranks and top probabilities [B, T], of each step."""
        self._network.model.set_weights(weights)
        streams = self._streams
        states_BxU = [tf.zeros((streams.tokens.shape[1], size)) for size in self._network.sizes]
        for tokens, begins_B, indices_B in zip(streams.tokens, streams.begins, streams.indices, strict=True):
            results_BxT, states_BxU = self._network.step(tf.constant(tokens), tf.constant(begins_B), states_BxU)
            valid_BxT = scored(tokens[:, 1:], self._last_only)
            yield indices_B, valid_BxT, *(result_BxT.numpy() for result_BxT in results_BxT)


def score_split(
    network: ScoringNetwork, weights: Sequence[npt.NDArray], survey: DatasetSurvey, split: str
) -> Score | None:
    """Measures the final figures of a split; None where it has no target."""
    evaluator = evaluator_of(network, survey, split)
    return evaluator.score(weights) if evaluator else None


def evaluator_of(network: ScoringNetwork, survey: DatasetSurvey, split: str) -> Evaluator | None:
    """Makes the evaluator of a split's final figures; None where it has no target."""
    windows = survey.windows[split]
    if not windows.scored(survey.window_mode.last_only).any():
        return None
    return Evaluator(network, windows, last_only=survey.window_mode.last_only, carried=survey.carried(split))


def _ranks_and_top_probabilities(
    logits_BxTxV: tf.Tensor, targets_BxT: tf.Tensor, losses_BxT: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the target's rank among all ids and the likeliest id's probability, both [B, T]."""
    target_logits_BxTx1 = tf.gather(logits_BxTxV, targets_BxT, axis=2, batch_dims=2)[..., None]
    smaller_BxTxV = tf.range(tf.shape(logits_BxTxV)[2]) < targets_BxT[..., None]
    tied_BxTxV = logits_BxTxV == target_logits_BxTx1
    before_BxTxV = (logits_BxTxV > target_logits_BxTx1) | (tied_BxTxV & smaller_BxTxV)
    # The loss is log(sum of exp(logits)) - the target's logit, so that the sum need not be computed again.
    tops_BxT = tf.exp(tf.reduce_max(logits_BxTxV, axis=2) - target_logits_BxTx1[..., 0] - losses_BxT)
    # Floats count exactly up to 2^24 ids; GPUs leave sums of int32 to the CPU.
    return tf.cast(tf.reduce_sum(tf.cast(before_BxTxV, tf.float32), axis=2), tf.int32), tops_BxT
