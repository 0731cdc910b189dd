"""Held-out loss and accuracy, each target scored once, with the LSTM's state carried through a song."""

import dataclasses
import heapq
import math

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from models import network
from songs.vocabulary import PAD
from trainer import step
from trainer.batches import Windows

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
    """

    tokens: npt.NDArray[np.int32]
    begins: npt.NDArray[np.bool_]


def lay_out(windows: Windows, carried: bool) -> Streams:
    """Puts songs into at most `ROWS` rows of like length, longest first to the shortest row.

    Args:
      windows: at least one, in the order of their shards.
      carried: keeps the windows of a song together; otherwise each stands alone, from a state of zeros.
    """
    borders = np.flatnonzero(windows.starts == 0) if carried else np.arange(len(windows))
    songs = np.split(np.arange(len(windows)), borders[1:])
    rows: list[list[int]] = [[] for _ in range(min(ROWS, len(songs)))]
    shortest = [(0, row) for row in range(len(rows))]
    for song in sorted(songs, key=len, reverse=True):
        length, row = heapq.heappop(shortest)
        rows[row].extend(song)
        heapq.heappush(shortest, (length + len(song), row))
    tokens = np.full((max(map(len, rows)), len(rows), windows.tokens.shape[1]), PAD, np.int32)
    begins = np.zeros(tokens.shape[:2], np.bool_)
    for row, indices in enumerate(rows):
        tokens[: len(indices), row] = windows.tokens[indices]
        begins[: len(indices), row] = np.isin(indices, borders)
    return Streams(tokens, begins)


def first_songs(windows: Windows, tokens: int) -> Windows:
    """Whole songs from the start on that together have at least so many tokens, or all there are."""
    enough = -(-tokens // (windows.tokens.shape[1] - 1))
    later = np.flatnonzero((windows.starts == 0) & (np.arange(len(windows)) >= enough))
    end = later[0] if len(later) else len(windows)
    return Windows(windows.tokens[:end], windows.starts[:end])


class Evaluator:
    """Scores one set of windows as often as it is asked to; its step is compiled once.

    With `last_only` each window is scored at its last position, from a state of zeros: that is how a model trained
    with `--target last` is used. With `carried` false every window starts from zeros.
    """

    def __init__(self, model: keras.Model, windows: Windows, *, last_only: bool, carried: bool = True) -> None:
        self._last_only = last_only
        self._streams = lay_out(windows.full() if last_only else windows, carried and not last_only)
        self._model = network.with_state(model)
        self._sizes = network.state_sizes(model)
        self._step = tf.function(self._score_step)

    def score(self, model: keras.Model) -> Score:
        """The score of a network of the same shape with its present weights."""
        self._model.set_weights(model.get_weights())
        rows = self._streams.tokens.shape[1]
        states = [tf.zeros((rows, size)) for size in self._sizes]
        total = np.zeros(3)
        for tokens, begins in zip(self._streams.tokens, self._streams.begins, strict=True):
            sums, states = self._step(tf.constant(tokens), tf.constant(begins), states)
            total += sums.numpy()
        loss, right, count = total
        return Score(float(loss / max(count, 1)), float(right / max(count, 1)), int(count))

    def _score_step(self, tokens: tf.Tensor, begins: tf.Tensor, states: list[tf.Tensor]) -> tuple[tf.Tensor, list]:
        inputs, targets = tokens[:, :-1], tokens[:, 1:]
        states = [tf.where(begins[:, None], tf.zeros_like(state), state) for state in states]
        logits, *states = self._model([inputs, *states], training=False)
        valid, _ = step.scored(targets, self._last_only)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        right = tf.cast(tf.argmax(logits, axis=-1, output_type=tf.int32) == targets, tf.float32)
        return tf.stack([tf.reduce_sum(part * valid) for part in (losses, right, tf.ones_like(losses))]), states
