"""One optimizer step over all replicas: loss of the global batch, summed gradients, clipped once."""

from collections.abc import Sequence

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from nabi.music.vocabulary import UNKNOWN
from nabi.networks import network
from trainer.config import TrainConfig
from trainer.data.feed import StepBatches
from trainer.training.dropout import DropoutMask
from trainer.training.optimizer import make_optimizer

# A layer's dropout key is the run's seed and the layer's number: no two layers of a run draw alike.
_LAYERS_A_SEED = 2**16


def scored(targets: tf.Tensor, last_only: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """Which targets count, and which would if the vocabulary knew them.

    Args:
      targets: int32 [B, T].
      last_only: only the last position of each row counts.

    Returns:
      valid float32 [B, T]: 1 where the target is neither `<pad>` nor `<unk>`, which no model may predict;
      unknown float32 [B, T]: 1 where it is `<unk>`.
    """
    position = tf.one_hot(tf.shape(targets)[1] - 1, tf.shape(targets)[1]) if last_only else 1.0
    valid = tf.cast(targets > UNKNOWN, tf.float32) * position
    return valid, tf.cast(targets == UNKNOWN, tf.float32) * position


class Learner:
    """The network and its optimizer, mirrored over the replicas of a strategy.

    Attributes:
      model: what is trained: [tokens, draw, state ...] -> [logits, state ...].
      step: int64 variable, steps done.
    """

    def __init__(
        self, strategy: tf.distribute.Strategy, config: TrainConfig, start: keras.Model, *, fused: bool = True
    ) -> None:
        """Prepares the first step.

        Args:
          strategy: the replicas.
          config: how to train.
          start: the network with its first weights.
          fused: whether the LSTM loop is Nabi's own; Keras' own has no recurrent dropout.
        """
        self._strategy = strategy
        self._config = config
        self._blocked = start.get_layer("allowed_logits").offset
        with strategy.scope():
            self.model = training_model(start, config, fused=fused)
            self._optimizer = make_optimizer(config)
            self._optimizer.build(self.model.trainable_variables)
        inner = getattr(self._optimizer, "inner_optimizer", self._optimizer)
        self.step = inner.iterations
        self._rows = config.batch_size // strategy.num_replicas_in_sync
        zeros = (np.zeros((config.batch_size, size), np.float32) for size in network.state_sizes(start))
        self.state = [self._rows_of_replicas(part, axis=0) for part in zeros]
        compiled = self._gradients if not config.xla else tf.function(self._gradients, jit_compile=True)
        self._shares = compiled

    def weights(self) -> list[npt.NDArray]:
        """The trained weights, in the order of `keras.Model.get_weights` of every variant of the network."""
        return [np.asarray(value) for value in self.model.get_weights()]

    def variables(self) -> list[tf.Variable]:
        """All variables that a step changes, in a fixed order."""
        return [variable.value for variable in (*self.model.weights, *self._optimizer.variables)]

    def restore(self, variables: Sequence[npt.NDArray], state: Sequence[npt.NDArray]) -> None:
        """Takes back what `variables` and `carried` gave; no state stays at zeros."""
        for variable, value in zip(self.variables(), variables, strict=True):
            variable.assign(value)
        if state:
            self.state = [self._rows_of_replicas(part, axis=0) for part in state]

    def carried(self) -> list[npt.NDArray[np.float32]]:
        """The LSTM layers' state for the rows of the global batch, [B, units] each; all machines must ask for it."""
        return [np.asarray(self._strategy.gather(part, axis=0)) for part in self.state]

    def mean(self, value: float) -> float:
        """The mean of a number over all machines, the same on each."""
        return float(self._strategy.reduce(tf.distribute.ReduceOp.MEAN, self._everywhere(value), axis=None))

    def any(self, flag: bool) -> bool:
        """Whether a flag is up on one of the machines at least: so they stop at the same step."""
        return self.mean(float(flag)) > 0

    def _everywhere(self, value: float) -> tf.distribute.DistributedValues:
        constant = tf.constant(value, tf.float64)
        return self._strategy.experimental_distribute_values_from_function(lambda _: constant)

    def run(self, steps: StepBatches) -> npt.NDArray[np.float64]:
        """Trains some steps in one call.

        Returns:
          float64 [S, 3]: summed loss in nats, valid targets and unknown targets of each step's global batch; with
          `log_accuracy` [S, 4]: the valid targets ranked first too.
        """
        sums, self.state = self._steps(
            self._rows_of_replicas(steps.tokens, axis=1), self._rows_of_replicas(steps.begins, axis=1), self.state
        )
        return sums.numpy().astype(np.float64)

    def _rows_of_replicas(self, rows: npt.NDArray, axis: int) -> tf.distribute.DistributedValues:
        def own(context: tf.distribute.experimental.ValueContext) -> tf.Tensor:
            first = context.replica_id_in_sync_group * self._rows
            return tf.constant(rows.take(range(first, first + self._rows), axis))

        values = self._strategy.experimental_distribute_values_from_function(own)
        local = self._strategy.experimental_local_results(values)
        # A replica that is alone gives its results back without a wrapping, and a loop's values must stay of one kind.
        return local[0] if len(local) == 1 else values

    @tf.function(reduce_retracing=True)
    def _steps(self, tokens: tf.Tensor, begins: tf.Tensor, state: list[tf.Tensor]) -> tuple[tf.Tensor, list]:
        count = tf.shape(self._strategy.experimental_local_results(tokens)[0])[0]
        sums = tf.TensorArray(tf.float32, size=count, element_shape=[3 + self._config.log_accuracy])
        for index in tf.range(count):
            # See generator/sampling/sampler.py: TensorFlow can mix up the LSTM's loops of two steps that overlap.
            tf.autograph.experimental.set_loop_options(parallel_iterations=1)
            of_replicas, state = self._strategy.run(self._replica_step, args=(tokens, begins, index, state))
            sums = sums.write(index, self._strategy.reduce(tf.distribute.ReduceOp.SUM, of_replicas, axis=None))
        return sums.stack(), state

    def _replica_step(
        self, tokens: tf.Tensor, begins: tf.Tensor, index: tf.Tensor, state: list[tf.Tensor]
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        gradients, sums, state = self.gradients(tokens[index], begins[index], state)
        self._optimizer.apply(gradients, self.model.trainable_variables)
        return sums, state

    def gradients(
        self, tokens: tf.Tensor, begins: tf.Tensor, state: list[tf.Tensor]
    ) -> tuple[list[tf.Tensor], tf.Tensor, list[tf.Tensor]]:
        """Gradients of the global batch's mean loss; to be called in a replica.

        Args:
          tokens: int32 [B / replicas, T + 1], this replica's rows.
          begins: bool [B / replicas], rows whose state is set back to zeros first.
          state: per LSTM layer h and c float32 [B / replicas, units].

        Returns:
          One gradient a trainable variable, the same on all replicas (times the loss scale in float16); this replica's
          own sums as `run` has them, float32 [3 or 4]; and the state after the last step.
        """
        context = tf.distribute.get_replica_context()
        row = tf.cast(context.replica_id_in_sync_group, tf.int64) * self._rows
        draw = tf.stack([tf.cast(self.step.value, tf.int64), row])
        valid, _ = scored(tokens[:, 1:], self._config.target == "last")
        count = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.reduce_sum(valid))
        shares, sums, state = self._shares(tokens, begins, state, draw, tf.maximum(count, 1.0))
        return context.all_reduce(tf.distribute.ReduceOp.SUM, shares), sums, state

    def _gradients(
        self, tokens: tf.Tensor, begins: tf.Tensor, state: list[tf.Tensor], draw: tf.Tensor, count: tf.Tensor
    ) -> tuple[list[tf.Tensor], tf.Tensor, list[tf.Tensor]]:
        """This replica's share of the gradients, its sums, and its state."""
        inputs, targets = tokens[:, :-1], tokens[:, 1:]
        valid, unknown = scored(targets, self._config.target == "last")
        state = [tf.where(begins[:, None], 0.0, part) for part in state]
        with tf.GradientTape() as tape:
            logits, *state = self.model([inputs, draw, *state], training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
            loss_sum = tf.reduce_sum(losses * valid)
            wanted = tf.reduce_sum(self._smoothed(losses, logits) * valid) / count
            wanted = self._optimizer.scale_loss(wanted)
        variables = [variable.value for variable in self.model.trainable_variables]
        # The embedding's gradient names a token's row once for each use: only as a whole matrix has it a norm.
        shares = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(wanted, variables)]
        sums = [loss_sum, tf.reduce_sum(valid), tf.reduce_sum(unknown)]
        if self._config.log_accuracy:
            first = tf.argmax(logits, axis=2, output_type=targets.dtype)
            sums.append(tf.reduce_sum(tf.where(first == targets, valid, 0.0)))
        return shares, tf.stack(sums), [tf.cast(tf.stop_gradient(part), tf.float32) for part in state]

    def _smoothed(self, losses: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """The losses with some of each target's probability spread evenly over what may be predicted (Szegedy 2016)."""
        share = self._config.label_smoothing
        if not share:
            return losses
        allowed = tf.constant(np.asarray(self._blocked) == 0, tf.float32)
        log_probabilities = tf.nn.log_softmax(logits)
        # A blocked id's log probability, about -1e9, must not be multiplied even by 0.
        mean = tf.reduce_sum(tf.where(allowed > 0, log_probabilities, 0.0), -1) / tf.reduce_sum(allowed)
        return (1 - share) * losses - share * mean


def training_model(start: keras.Model, config: TrainConfig, *, fused: bool = True) -> keras.Model:
    """The network as it is trained: state in and out, dropout drawn by (seed, step, layer, row), its precision."""
    draw = keras.Input(batch_shape=(2,), dtype="int64", name="draw")
    names = [layer.name for layer in start.layers]

    def mask(name: str, rate: float, shared_steps: bool) -> DropoutMask:
        key = config.seed * _LAYERS_A_SEED + names.index(name)
        return DropoutMask(rate, key, shared_steps=shared_steps, name=f"{name}_mask", dtype=config.precision)

    def dropout(layer: keras.layers.Dropout) -> object:
        if not layer.rate:
            return lambda values: values
        factors = mask(layer.name, layer.rate, config.variational_dropout)
        return lambda values: keras.layers.Multiply(dtype=config.precision)([values, factors(values, draw)])

    def recurrent_mask(name: str, h: object) -> object:
        return mask(name, config.recurrent_dropout, shared_steps=False)(h, draw)

    return network.variant(
        start,
        state=True,
        fused=fused,
        precision=config.precision,
        dropout=dropout,
        recurrent_mask=recurrent_mask if config.recurrent_dropout else None,
        inputs=(draw,),
    )


def first_network(
    config: TrainConfig, vocabulary_size: int, blocked: Sequence[int], features: npt.NDArray[np.float32] | None = None
) -> keras.Model:
    """The network of a configuration with the first weights that its seed gives; outside of any strategy's scope."""
    keras.utils.set_random_seed(config.seed)
    architecture = network.Architecture(
        vocabulary_size=vocabulary_size,
        embedding=config.embedding,
        units=config.units,
        layers=config.layers,
        dropout=config.dropout,
        blocked=tuple(blocked),
        variational_dropout=config.variational_dropout,
        layer_norm=config.layer_norm,
        residual=config.residual,
        tied_embeddings=config.tied_embeddings,
    )
    return network.build(architecture, features)
