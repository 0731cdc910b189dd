"""One optimizer step over all replicas: loss of the global batch, summed gradients, clipped once.

In names, B is the rows of one replica, T the targets of a window, V the vocabulary, U the units of an LSTM layer and S
the steps trained in one call.
"""

# ruff: noqa: N803, N806 - shapes stand in the names of arrays.

from collections.abc import Sequence

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from nabi.music.vocabulary import UNKNOWN
from nabi.networks import variants
from nabi.networks.memory_layers import memory_of
from trainer.config import TrainConfig
from trainer.data.feed import StepBatches
from trainer.training.optimizer import make_optimizer
from trainer.training.pitch_noise import PitchNoise
from trainer.training.strategy import own_rows
from trainer.training.training_network import training_model


def scored(targets_BxT: tf.Tensor, last_only: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """Marks the targets that are trained on, and those that would be if the vocabulary had them.

    Args:
      targets_BxT: int32.
      last_only: only the last position of each row is trained on.

    Returns:
      valid float32 [B, T]: 1 where the target is neither `<pad>` nor `<unk>`, which no model may predict;
      unknown float32 [B, T]: 1 where it is `<unk>`.
    """
    length = tf.shape(targets_BxT)[1]
    position = tf.one_hot(length - 1, length) if last_only else 1.0
    valid_BxT = tf.cast(targets_BxT > UNKNOWN, tf.float32) * position
    return valid_BxT, tf.cast(targets_BxT == UNKNOWN, tf.float32) * position


# Key of the noise; layers' keys are smaller.
_NOISE = 2**62


class Learner:
    """The network and its optimizer, mirrored over the replicas of a strategy.

    Attributes:
      model: the network that is trained: [tokens, draw, state ...] -> [logits, state ...].
      rows: those of the global batch that this machine trains.
      state: h and c of each LSTM layer, float32 [B, U], on each replica.
      step: int64 variable, number of steps done.
    """

    def __init__(
        self, strategy: tf.distribute.Strategy, config: TrainConfig, start: keras.Model, *, fused: bool = True
    ) -> None:
        """Prepares the first step.

        Args:
          strategy: the replicas.
          config: of the run.
          start: the network with its first weights.
          fused: True for Nabi's own LSTM loop; False for Keras' own, which has no recurrent dropout.
        """
        self._strategy = strategy
        self._config = config
        self._blocked = start.get_layer("allowed_logits").offset
        memory = memory_of(start)
        self._noise = (
            PitchNoise(memory, config.wrong_notes, config.steps, _NOISE) if memory and config.wrong_notes else None
        )
        with strategy.scope():
            self.model = training_model(start, config, fused=fused)
            self._optimizer = make_optimizer(config)
            self._optimizer.build(self.model.trainable_variables)
        inner = getattr(self._optimizer, "inner_optimizer", self._optimizer)
        self.step = inner.iterations
        self.rows = own_rows(strategy, config.batch_size)
        self._rows = config.batch_size // strategy.num_replicas_in_sync
        zeros = (np.zeros((config.batch_size, size), np.float32) for size in variants.state_sizes(start))
        self.state = [self._rows_of_replicas(part, axis=0) for part in zeros]
        local = self._local_gradients
        self._compiled_local_gradients = tf.function(local, jit_compile=True, autograph=False) if config.xla else local

    def weights(self) -> list[npt.NDArray]:
        """Returns the trained weights, in the order of `keras.Model.get_weights` of every variant of the network."""
        return [np.asarray(value) for value in self.model.get_weights()]

    def variables(self) -> list[tf.Variable]:
        """Lists all variables that a step changes, in a fixed order."""
        return [variable.value for variable in (*self.model.weights, *self._optimizer.variables)]

    def restore(self, variables: Sequence[npt.NDArray], state: Sequence[npt.NDArray]) -> None:
        """Restores the values of `variables` and, if there is any, the state of `carried`."""
        for variable, value in zip(self.variables(), variables, strict=True):
            variable.assign(value)
        if state:
            self.state = [self._rows_of_replicas(part, axis=0) for part in state]

    def carried(self) -> list[npt.NDArray[np.float32]]:
        """Gathers the LSTM layers' state, [rows of the global batch, U] each; every machine must call it."""
        return [np.asarray(self._strategy.gather(part, axis=0)) for part in self.state]

    def mean(self, value: float) -> float:
        """Returns the mean of a number over all machines; every machine must call it, and gets the same."""
        return float(self._strategy.reduce(tf.distribute.ReduceOp.MEAN, self._everywhere(value), axis=None))

    def any(self, flag: bool) -> bool:
        """Returns True on every machine if the flag is True on one of them, so that all stop at the same step."""
        return self.mean(float(flag)) > 0

    def _everywhere(self, value: float) -> tf.distribute.DistributedValues:
        constant = tf.constant(value, tf.float64)
        return self._strategy.experimental_distribute_values_from_function(lambda _: constant)

    def run(self, steps: StepBatches) -> npt.NDArray[np.float64]:
        """Trains S steps in one call.

        Args:
          steps: this machine's `rows` of each.

        Returns:
          float64 [S, 3]: summed loss in nats, number of valid and of unknown targets in each step's global batch; with
          `log_accuracy` [S, 4]: also the number of valid targets ranked first.
        """
        own = self.rows.start
        tokens, begins_SxB = (self._rows_of_replicas(part, axis=1, first=own) for part in (steps.tokens, steps.begins))
        self._trace(tokens, begins_SxB)
        sums, self.state = self._steps(tokens, begins_SxB, self.state)
        return sums.numpy().astype(np.float64)

    def _trace(self, tokens: tf.distribute.DistributedValues, begins_SxB: tf.distribute.DistributedValues) -> None:
        """Traces the steps for any S, unless they are: a call of 2 steps and one of 1 would each be compiled."""
        # Values of several replicas have no shape to loosen.
        if tf.is_tensor(tokens):
            loose = (tf.TensorSpec([None, *part.shape[1:]], part.dtype) for part in (tokens, begins_SxB))
            self._steps.get_concrete_function(*loose, [tf.TensorSpec(part.shape, part.dtype) for part in self.state])

    def _rows_of_replicas(self, rows: npt.NDArray, axis: int, first: int = 0) -> tf.distribute.DistributedValues:
        """Gives each replica its rows; `first` is the number in the global batch of the first one."""

        def own(context: tf.distribute.experimental.ValueContext) -> tf.Tensor:
            """Selects the rows of one replica."""
            begin = context.replica_id_in_sync_group * self._rows - first
            return tf.constant(rows.take(range(begin, begin + self._rows), axis))

        values = self._strategy.experimental_distribute_values_from_function(own)
        local = self._strategy.experimental_local_results(values)
        # A single replica returns its results unwrapped, and values carried through a loop must keep their type.
        return local[0] if len(local) == 1 else values

    # Without AutoGraph, which would rewrite the source of all functions below, a tenth of a second for each.
    @tf.function(reduce_retracing=True, autograph=False)
    def _steps(self, tokens: tf.Tensor, begins_SxB: tf.Tensor, state: list[tf.Tensor]) -> tuple[tf.Tensor, list]:
        count = tf.shape(self._strategy.experimental_local_results(tokens)[0])[0]

        def step(index: tf.Tensor, sums: tf.TensorArray, state: list[tf.Tensor]) -> tuple:
            """Trains one step on all replicas."""
            replica_sums, state = self._strategy.run(self._replica_step, args=(tokens, begins_SxB, index, state))
            total = self._strategy.reduce(tf.distribute.ReduceOp.SUM, replica_sums, axis=None)
            return index + 1, sums.write(index, total), state

        sums = tf.TensorArray(tf.float32, size=count, element_shape=[3 + self._config.log_accuracy])
        # See generator/sampling/sampler.py: TensorFlow can mix up the LSTM's loops of two steps that overlap.
        _, sums, state = tf.while_loop(
            lambda index, *_: index < count, step, (0, sums, state), parallel_iterations=1, maximum_iterations=count
        )
        return sums.stack(), state

    def _replica_step(
        self, tokens: tf.Tensor, begins_SxB: tf.Tensor, index: tf.Tensor, state: list[tf.Tensor]
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        gradients, sums, state = self.global_gradients(tokens[index], begins_SxB[index], state)
        self._optimizer.apply(gradients, self.model.trainable_variables)
        return sums, state

    def global_gradients(
        self, tokens: tf.Tensor, begins_B: tf.Tensor, state: list[tf.Tensor]
    ) -> tuple[list[tf.Tensor], tf.Tensor, list[tf.Tensor]]:
        """Computes the gradients of the global batch's mean loss; to be called in a replica.

        Args:
          tokens: int32 [B, T + 1], this replica's rows.
          begins_B: bool, rows whose state is reset to zeros first.
          state: per LSTM layer h and c, float32 [B, U].

        Returns:
          One gradient a trainable variable, the same on all replicas (times the loss scale in float16); this replica's
          own sums as in `run`, float32 [3 or 4]; and the state after the last token.
        """
        context = tf.distribute.get_replica_context()
        row = tf.cast(context.replica_id_in_sync_group, tf.int64) * self._rows
        draw = tf.stack([tf.cast(self.step.value, tf.int64), row])
        valid_BxT, _ = scored(tokens[:, 1:], self._config.target == "last")
        count = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.reduce_sum(valid_BxT))
        local, sums, state = self._compiled_local_gradients(tokens, begins_B, state, draw, tf.maximum(count, 1.0))
        return context.all_reduce(tf.distribute.ReduceOp.SUM, local), sums, state

    def _local_gradients(
        self, tokens: tf.Tensor, begins_B: tf.Tensor, state: list[tf.Tensor], draw: tf.Tensor, count: tf.Tensor
    ) -> tuple[list[tf.Tensor], tf.Tensor, list[tf.Tensor]]:
        """Computes this replica's summand of the global gradients, its sums, and its state."""
        inputs_BxT, targets_BxT = tokens[:, :-1], tokens[:, 1:]
        valid_BxT, unknown_BxT = scored(targets_BxT, self._config.target == "last")
        state = [tf.where(begins_B[:, None], 0.0, part_BxU) for part_BxU in state]
        inputs_BxT = self._noise(inputs_BxT, draw) if self._noise else inputs_BxT
        with tf.GradientTape() as tape:
            logits_BxTxV, *state = self.model([inputs_BxT, draw, *state], training=True)
            losses_BxT = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets_BxT, logits=logits_BxTxV)
            loss_sum = tf.reduce_sum(losses_BxT * valid_BxT)
            objective = tf.reduce_sum(self._smoothed(losses_BxT, logits_BxTxV) * valid_BxT) / count
            objective = self._optimizer.scale_loss(objective)
        variables = [variable.value for variable in self.model.trainable_variables]
        # The embedding's gradient is a list of rows, one for each use of a token; only as a matrix has it a norm.
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(objective, variables)]
        sums = [loss_sum, tf.reduce_sum(valid_BxT), tf.reduce_sum(unknown_BxT)]
        if self._config.log_accuracy:
            likeliest_BxT = tf.argmax(logits_BxTxV, axis=2, output_type=targets_BxT.dtype)
            sums.append(tf.reduce_sum(tf.where(likeliest_BxT == targets_BxT, valid_BxT, 0.0)))
        return gradients, tf.stack(sums), [tf.cast(tf.stop_gradient(part_BxU), tf.float32) for part_BxU in state]

    def _smoothed(self, losses_BxT: tf.Tensor, logits_BxTxV: tf.Tensor) -> tf.Tensor:
        """Smooths the losses: spreads a share of each target's probability over all allowed ids (Szegedy 2016)."""
        share = self._config.label_smoothing
        if not share:
            return losses_BxT
        allowed_V = tf.constant(np.asarray(self._blocked) == 0, tf.float32)
        log_probabilities_BxTxV = tf.nn.log_softmax(logits_BxTxV)
        # A blocked id's log probability, about -1e9, must not be multiplied even by 0.
        allowed_sum_BxT = tf.reduce_sum(tf.where(allowed_V > 0, log_probabilities_BxTxV, 0.0), -1)
        return (1 - share) * losses_BxT - share * (allowed_sum_BxT / tf.reduce_sum(allowed_V))
