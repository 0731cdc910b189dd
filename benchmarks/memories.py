"""Measures what memories of the song itself bring a trained model that is not trained further.

    python -m benchmarks.memories --model MODEL --data DATASET [--split validation]

The model's distribution of each token is mixed with another one:
- the suffix cache: what followed where the longest run of tokens up to now stood before in the song (Kuhn and De Mori
  1990), with weights by the length of the match;
- the continuous cache: what followed each earlier token, weighted by the product of the network's states there and now
  (Grave, Joulin and Usunier 2017);
- the n-gram of the training split;
or the model goes on learning while it reads (dynamic evaluation, Krause et al. 2018), from its own weights for each
song.

Weights of mixtures, and the learning rate, are fitted on one half of the songs and judged on the other, and the other
way round, so that no song is judged by weights that it decided.
"""

import argparse
import collections
import dataclasses
from collections.abc import Callable, Sequence

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

import nabi
from nabi.music.vocabulary import PAD
from nabi.networks import trained_model, variants
from trainer.data.window_arrays import TokenStream
from trainer.evaluation import ngrams

# Lengths of a match from which on it is told apart from shorter ones.
_MATCHES = (1, 2, 4, 8, 16, 32, 64)
_SHARPNESS = (0.5, 1.0, 2.0, 4.0)
_RATES = (0.003, 0.01, 0.03)
# Tokens after which dynamic evaluation learns.
_SEGMENT = 32

Floats = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Read:
    """A song as a model reads it.

    Attributes:
      ids: int64 [T], with `<start>` first.
      log_probabilities: float64 [T - 1, V], of each next id.
      states: float32 [T - 1, U], of the last LSTM layer after each id.
    """

    ids: npt.NDArray[np.int64]
    log_probabilities: Floats
    states: npt.NDArray[np.float32]

    @property
    def nats(self) -> Floats:
        """Negative log probability of each id but the first, float64 [T - 1]."""
        return -self.log_probabilities[np.arange(len(self.ids) - 1), self.ids[1:]]


def songs_of(folder: str, split: str, *, moved: bool = False) -> list[npt.NDArray[np.int64]]:
    """Joins the windows of each song of a split; `moved`: also of the copies in other keys."""
    rows = collections.defaultdict(list)
    for window in nabi.open_dataset(folder).iterate_windows(split):
        if moved or not window.transpose:
            rows[window.song, window.transpose].append((window.start, window.tokens[window.tokens != PAD]))
    # Each window begins with the last id of the one before.
    joined = (sorted(windows, key=lambda row: row[0]) for _, windows in sorted(rows.items()))
    return [
        np.concatenate([windows[0][1], *(ids[1:] for _, ids in windows[1:])]).astype(np.int64) for windows in joined
    ]


def read(model: keras.Model, ids: npt.NDArray[np.int64]) -> Read:
    """Reads a song from its beginning."""
    step = tf.function(variants.stepwise(model), reduce_retracing=True)
    lstms = sum(isinstance(layer, keras.layers.LSTM) for layer in model.layers)
    state = [tf.zeros((1, size)) for size in variants.state_sizes(model)]
    rows, states = [], []
    for token in ids[:-1]:
        logits, state = step(tf.constant([token], tf.int32), state)
        rows.append(tf.nn.log_softmax(logits)[0].numpy())
        states.append(state[2 * lstms - 2][0].numpy())
    return Read(ids, np.array(rows, np.float64), np.array(states))


def suffix_cache(song: Read) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Returns the cache's probability of each next id, and the class of the match, 0: none."""
    ids, length = song.ids, len(song.ids)
    chances, classes = np.zeros(length - 1), np.zeros(length - 1, np.int64)
    runs = np.zeros(length, np.int64)
    for now in range(length - 1):
        # runs[i]: how many ids up to i are those up to now.
        runs[1 : now + 1] = np.where(ids[1 : now + 1] == ids[now], runs[:now] + 1, 0)
        runs[0], earlier = ids[0] == ids[now], runs[:now]
        if now and (longest := int(earlier.max())):
            followed = ids[1 : now + 1][earlier == longest]
            chances[now] = np.mean(followed == ids[now + 1])
            classes[now] = np.searchsorted(_MATCHES, longest, side="right")
    return chances, classes


def continuous_cache(song: Read, sharpness: float) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Returns the cache's probability of each next id, and 1 where it has one, 0 at the song's first id."""
    states = song.states / np.maximum(np.linalg.norm(song.states, axis=1, keepdims=True), 1e-9)
    scores = sharpness * 10 * states @ states.T
    chances = np.zeros(len(states))
    for now in range(1, len(states)):
        weights = np.exp(scores[now, :now] - scores[now, :now].max())
        chances[now] = weights[song.ids[1 : now + 1] == song.ids[now + 1]].sum() / weights.sum()
    return chances, (np.arange(len(states)) > 0).astype(np.int64)


def mixed(model: Floats, other: Floats, classes: npt.NDArray[np.int64], weights: Floats) -> Floats:
    """Returns the nats of a mixture whose weight of the other model depends on a class, 0: none."""
    share = weights[classes]
    return -np.log((1 - share) * np.exp(-model) + share * other)


def fitted(model: Floats, other: Floats, classes: npt.NDArray[np.int64]) -> Floats:
    """Fits the weight of each class by expectation and maximisation; class 0 has none."""
    weights = np.full(int(classes.max(initial=0)) + 1, 0.3)
    weights[0] = 0.0
    for _ in range(50):
        share = weights[classes]
        part = share * other / ((1 - share) * np.exp(-model) + share * other)
        sums = np.bincount(classes, weights=part, minlength=len(weights))
        weights = sums / np.maximum(np.bincount(classes, minlength=len(weights)), 1)
        weights[0] = 0.0
    return np.minimum(weights, 0.999)


def crossed(songs: Sequence[Read], others: Sequence[tuple[Floats, npt.NDArray[np.int64]]]) -> float:
    """Returns the nats a token of mixtures, each half of the songs by the weights of the other half."""
    most = max(int(classes.max()) for _, classes in others) + 1
    total, tokens = 0.0, 0
    for half in (0, 1):
        fit = [
            (song.nats, *other)
            for number, (song, other) in enumerate(zip(songs, others, strict=True))
            if number % 2 != half
        ]
        columns = [np.concatenate(column) for column in zip(*fit, strict=True)]
        weights = np.pad(fitted(*columns), (0, most))
        for song, other in list(zip(songs, others, strict=True))[half::2]:
            total += mixed(song.nats, *other, weights).sum()
            tokens += len(song.ids) - 1
    return total / tokens


def ngram(folder: str, songs: Sequence[Read], order: int, model: trained_model.TrainedModel) -> list:
    """Returns the probabilities of the training split's n-gram; all are of class 1."""
    training, evaluated = map(_stream, (songs_of(folder, "train", moved=True), [song.ids for song in songs]))
    size = len(model.vocabulary)
    blocked = [0]
    *_, log_probabilities = ngrams.each_order(training, evaluated, highest=order, vocabulary_size=size, blocked=blocked)
    parts = np.split(np.exp(log_probabilities), np.cumsum([len(song.ids) - 1 for song in songs])[:-1])
    return [(part, np.ones(len(part), np.int64)) for part in parts]


def _stream(songs: Sequence[npt.NDArray[np.int64]]) -> TokenStream:
    positions = np.concatenate([np.arange(len(ids)) for ids in songs]).astype(np.int32)
    return TokenStream(np.concatenate(songs).astype(np.int32), positions, positions > 0)


def dynamic(model: keras.Model, ids: npt.NDArray[np.int64], rate: float) -> float:
    """Returns the nats of a song whose reader learns from each 32 tokens, by stochastic gradient descent."""
    learner = variants.variant(model, state=True, fused=True)
    state = [tf.zeros((1, size)) for size in variants.state_sizes(model)]
    total = 0.0

    @tf.function(reduce_retracing=True)
    def learn(inputs: tf.Tensor, targets: tf.Tensor, state: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Scores a segment, then learns from it."""
        with tf.GradientTape() as tape:
            logits, *after = learner([inputs, *state])
            nats = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
            loss = tf.reduce_mean(nats)
        variables = [variable.value for variable in learner.trainable_variables]
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, variables)]
        gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
        for variable, gradient in zip(variables, gradients, strict=True):
            variable.assign_sub(rate * gradient)
        return tf.reduce_sum(nats), after

    for begin in range(0, len(ids) - 1, _SEGMENT):
        part = tf.constant(ids[None, begin : begin + _SEGMENT + 1], tf.int32)
        nats, state = learn(part[:, :-1], part[:, 1:], state)
        total += float(nats)
    return total


def best_crossed(songs: Sequence[Read], scores: Callable[[float], list[Floats]], values: Sequence[float]) -> float:
    """Returns the nats a token where each half's songs take the value that is best for the other half's."""
    table = np.array([[nats.sum() for nats in scores(value)] for value in values])
    total = sum(table[table[:, 1 - half :: 2].sum(axis=1).argmin(), half::2].sum() for half in (0, 1))
    return float(total) / sum(len(song.ids) - 1 for song in songs)


def main() -> None:
    """Prints a line for each memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a model directory; with --carry_state")
    parser.add_argument("--data", required=True, help="its dataset")
    parser.add_argument("--split", default="validation", choices=("validation", "test"))
    parser.add_argument("--order", type=int, default=8, help="of the n-gram")
    args = parser.parse_args()
    model = trained_model.load(args.model)
    songs = [read(model.model, ids) for ids in songs_of(args.data, args.split)]
    tokens = sum(len(song.ids) - 1 for song in songs)
    plain = sum(song.nats.sum() for song in songs) / tokens
    print(
        f"{args.split}, {len(songs)} songs, {tokens:,} tokens: nats a token\n{'the model':34}{plain:8.4f}", flush=True
    )
    suffix = [suffix_cache(song) for song in songs]
    continuous = best_continuous(songs)
    rows = {
        "with a suffix cache": lambda: crossed(songs, suffix),
        "with a continuous cache": lambda: continuous,
        "with the n-gram of training": lambda: crossed(songs, ngram(args.data, songs, args.order, model)),
        "with dynamic evaluation": lambda: best_crossed(
            songs, lambda rate: [np.array([dynamic(model.model, song.ids, rate)]) for song in songs], _RATES
        ),
    }
    for name, nats in rows.items():
        print(f"{name:34}{nats():8.4f}", flush=True)


def best_continuous(songs: Sequence[Read]) -> float:
    """Returns the nats a token with the continuous cache, of the best of a few sharpnesses."""
    return min(crossed(songs, [continuous_cache(song, sharpness) for song in songs]) for sharpness in _SHARPNESS)


if __name__ == "__main__":
    main()
