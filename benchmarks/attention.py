"""Measures what an attention to the last outputs brings a network without a memory, trained on as many tokens.

    python -m benchmarks.attention --data DATASET [--attention 128] [--layer 0] [--steps 1600]

The attention is that of Magenta's attention RNN: additive (Bahdanau, Cho and Bengio 2015), from one LSTM layer to its
own last outputs, mixed into what the next layer reads. These outputs are part of the state that is carried through a
song, so that the attention reaches back beyond a window. Magenta's also tells the layer's next step what it finds, and
attends to outputs that it is mixed into already; with both, training at this learning rate diverged.

Without attention stands the control: the same network, the same first weights where it has them, batches and optimizer.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

import argparse
import dataclasses
import time
from collections.abc import Iterator

import keras
import tensorflow as tf

from nabi.networks import network, variants
from nabi.networks.fused_lstm import FusedLSTM
from trainer.config import TrainConfig
from trainer.data import batches
from trainer.data.batch_order import BatchPosition
from trainer.data.dataset import Dataset, open_dataset
from trainer.data.feed import Feed
from trainer.data.window_arrays import Windows, concatenate
from trainer.data.window_mode import WindowMode
from trainer.evaluation.scoring import lay_out
from trainer.training.optimizer import make_optimizer
from trainer.training.step import scored
from trainer.training.training_network import first_network

# Of the recipe `chorales`, but for its memory and its wrong notes, which need one.
CONFIG = TrainConfig(
    batch_size=16,
    carry_state=True,
    embedding=64,
    units=256,
    layers=2,
    dropout=0.2,
    learning_rate=0.003,
    schedule="cosine",
    warmup_steps=100,
)
# Times that a network is scored, at even distances.
_SCORES = 4


class AttentiveLSTM(keras.layers.Layer):
    """An LSTM layer with additive attention to its last N outputs.

    Before a song begins these are zeros, and so are their keys: attention to them finds nothing.

    Attributes:
      units: U, width of the outputs, and of their keys and the queries.
      length: N.
      state_sizes: of h and c, and of the last outputs, the oldest first.
      lstm: the layer whose outputs are attended to.
    """

    def __init__(self, units: int, length: int, **options: object) -> None:
        super().__init__(**options)
        self.units, self.length, self.state_sizes = units, length, [units, units, length * units]
        self.lstm = FusedLSTM(units, return_sequences=True, return_state=True)
        self._query = keras.layers.Dense(units)
        self._key = keras.layers.Dense(units, use_bias=False)
        self._score = keras.layers.Dense(1, use_bias=False)
        self._output = keras.layers.Dense(units)

    def call(self, inputs_BxTxI: tf.Tensor, initial_state: list[tf.Tensor]) -> tuple[tf.Tensor, ...]:
        """Returns the outputs with the context of attention mixed in [B, T, U], and the state after the last step."""
        h_BxU, c_BxU, last_BxNU = initial_state
        outputs_BxTxU, h_BxU, c_BxU = self.lstm(inputs_BxTxI, initial_state=[h_BxU, c_BxU])
        past_BxNxU = keras.ops.reshape(last_BxNU, (-1, self.length, self.units))
        all_BxLxU = keras.ops.concatenate([past_BxNxU, outputs_BxTxU], 1)
        context_BxTxU = self._attend(outputs_BxTxU, all_BxLxU)
        mixed_BxTxU = self._output(keras.ops.concatenate([outputs_BxTxU, context_BxTxU], 2))
        last_BxNU = keras.ops.reshape(all_BxLxU[:, -self.length :], (-1, self.length * self.units))
        return mixed_BxTxU, h_BxU, c_BxU, last_BxNU

    def _attend(self, outputs_BxTxU: tf.Tensor, all_BxLxU: tf.Tensor) -> tf.Tensor:
        """Returns means of the N outputs before each step by attention's weights, [B, T, U]; L is N + T."""
        query_BxTx1xU = self._query(outputs_BxTxU)[:, :, None]
        sums_BxTxLxU = self._key(all_BxLxU)[:, None] + query_BxTx1xU
        scores_BxTxL = self._score(keras.ops.tanh(sums_BxTxLxU))[..., 0]
        weights_BxTxL = keras.ops.softmax(keras.ops.where(self._before(outputs_BxTxU), scores_BxTxL, -1e9))
        return keras.ops.matmul(weights_BxTxL, all_BxLxU)

    def _before(self, outputs_BxTxU: tf.Tensor) -> tf.Tensor:
        """Marks the N outputs before each step, bool [T, L]: the first N of L stand before the first step."""
        steps = keras.ops.shape(outputs_BxTxU)[1]
        distance_TxL = keras.ops.arange(steps + self.length)[None] - keras.ops.arange(steps)[:, None]
        return (distance_TxL >= 0) & (distance_TxL < self.length)


def control(config: TrainConfig, vocabulary_size: int, blocked: list[int]) -> keras.Model:
    """Builds the network without attention: [tokens, state ...] -> [logits, state ...]."""
    start = first_network(config, vocabulary_size, blocked)
    return variants.variant(
        start, state=True, fused=True, dropout=lambda layer: keras.layers.Dropout(layer.rate, name=layer.name)
    )


def attentive(plain: keras.Model, length: int, layer: int) -> keras.Model:
    """Connects a control's layers anew, one of its LSTM layers with attention to its last `length` outputs."""
    layers = {part.name: part for part in plain.layers if not isinstance(part, keras.layers.InputLayer)}
    sizes = {name: [part.units] * 2 for name, part in layers.items() if name.startswith("lstm_")}
    name = f"lstm_{layer}"
    layers[name] = AttentiveLSTM(layers[name].units, length, name=name)
    sizes[name] = layers[name].state_sizes
    states = {name: [keras.Input((size,)) for size in parts] for name, parts in sizes.items()}
    tokens_BxT = keras.Input((None,), dtype="int32")
    logits_BxTxV, last = network.connect(layers, tokens_BxT, states)
    # Both begin with the same weights.
    layers[name].lstm.set_weights(plain.get_layer(name).get_weights())
    return keras.Model([tokens_BxT, *(part for parts in states.values() for part in parts)], [logits_BxTxV, *last])


def first_state(model: keras.Model, rows: int) -> list[tf.Tensor]:
    """Returns the state before a song's first token, zeros."""
    return [tf.zeros((rows, part.shape[1])) for part in model.inputs[1:]]


def read(
    model: keras.Model, tokens: tf.Tensor, begins_B: tf.Tensor, state: list[tf.Tensor], *, training: bool
) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
    """Reads a window in each row.

    Args:
      model: of `control` or `attentive`.
      tokens: int32 [B, T + 1].
      begins_B: bool, rows whose state is reset to zeros first.
      state: after the windows before.
      training: with dropout.

    Returns:
      Nats of all valid targets, their number, and the state after the windows.
    """
    state = [tf.where(begins_B[:, None], 0.0, part) for part in state]
    logits_BxTxV, *state = model([tokens[:, :-1], *state], training=training)
    valid_BxT, _ = scored(tokens[:, 1:], last_only=False)
    nats_BxT = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tokens[:, 1:], logits=logits_BxTxV)
    return tf.reduce_sum(nats_BxT * valid_BxT), tf.reduce_sum(valid_BxT), state


def train(model: keras.Model, dataset: Dataset, config: TrainConfig) -> Iterator[int]:
    """Trains a network; yields the number of steps done after each."""
    optimizer = make_optimizer(config)
    optimizer.build(model.trainable_variables)

    @tf.function(autograph=False)
    def learn(tokens: tf.Tensor, begins_B: tf.Tensor, state: list[tf.Tensor]) -> list[tf.Tensor]:
        """Trains one step, as `trainer.training.step.Learner` does."""
        with tf.GradientTape() as tape:
            nats, count, state = read(model, tokens, begins_B, state, training=True)
            loss = nats / tf.maximum(count, 1.0)
        variables = [variable.value for variable in model.trainable_variables]
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, variables)]
        # The optimizer's own scope, named for a private class, may not be the outermost.
        with tf.name_scope("learn"):
            optimizer.apply(gradients, model.trainable_variables)
        return state

    state = first_state(model, config.batch_size)
    feed = Feed(dataset, config.batch_size, config.seed, WindowMode(carried=True))
    ones = iter([1] * config.steps)
    for done, batch in enumerate(feed.steps(BatchPosition(), ones), 1):
        state = learn(tf.constant(batch.tokens[0]), tf.constant(batch.begins[0]), state)
        yield done


def nats_a_token(model: keras.Model, windows: Windows) -> float:
    """Scores whole songs, each from a state of zeros."""
    streams = lay_out(windows, carried=True)
    state = first_state(model, streams.tokens.shape[1])
    step = tf.function(lambda *window: read(model, *window, training=False), autograph=False)
    total, tokens = 0.0, 0
    for window, begins_B in zip(streams.tokens, streams.begins, strict=True):
        nats, count, state = step(tf.constant(window), tf.constant(begins_B), state)
        total, tokens = total + float(nats), tokens + int(count)
    return total / tokens


def learning_curve(model: keras.Model, dataset: Dataset, config: TrainConfig) -> Iterator[float]:
    """Trains a network; yields nats a token of the validation split after each quarter of the steps."""
    windows = concatenate(list(batches.read_windows(dataset, "validation")), dataset.window)
    for done in train(model, dataset, config):
        if done % max(1, config.steps // _SCORES) == 0:
            yield nats_a_token(model, windows)


def main(arguments: list[str] | None = None) -> None:
    """Prints a line for the control and one for each length of the attention."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="a dataset directory")
    parser.add_argument("--attention", default="128", help="last outputs that are attended to; several: with commas")
    parser.add_argument("--layer", type=int, default=0, help="LSTM layer with attention, from 0; Magenta has the first")
    parser.add_argument("--steps", type=int, default=1600, help="of 16 rows of a window each")
    args = parser.parse_args(arguments)
    if args.steps <= CONFIG.warmup_steps or args.steps % _SCORES:
        parser.error(f"--steps {args.steps} must be above {CONFIG.warmup_steps} and a multiple of {_SCORES}")
    config = dataclasses.replace(CONFIG, steps=args.steps)
    dataset = open_dataset(args.data)
    steps = "".join(f"{args.steps * part // _SCORES:>9,}" for part in range(1, _SCORES + 1))
    print(f"nats a token of validation after steps\n{'attention':>9}{'weights':>11}{steps}{'seconds':>9}", flush=True)
    for length in dict.fromkeys((0, *map(int, args.attention.split(",")))):
        began = time.perf_counter()
        model = control(config, len(dataset.vocabulary), dataset.blocked)
        model = attentive(model, length, args.layer) if length else model
        curve = "".join(f"{nats:>9.4f}" for nats in learning_curve(model, dataset, config))
        print(f"{length:>9}{model.count_params():>11,}{curve}{time.perf_counter() - began:>9.0f}", flush=True)


if __name__ == "__main__":
    main()
