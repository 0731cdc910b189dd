"""One optimizer step over all replicas: loss of the global batch, summed gradients, clipped once."""

from collections.abc import Sequence

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from models import network
from songs.vocabulary import UNKNOWN
from trainer.config import TrainConfig, check_division


def make_strategy(replicas: int, batch_size: int) -> tf.distribute.Strategy:
    """The replicas that share a batch: all GPUs (0), the first of them, or logical devices of the CPU.

    Raises:
      ValueError: if there are fewer GPUs than replicas, or the batch cannot be shared evenly.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if gpus and replicas > len(gpus):
        raise ValueError(f"--replicas {replicas} must be in 0..{len(gpus)}, the GPUs of this machine")
    count = replicas or len(gpus) or 1
    check_division(batch_size, count)
    if not gpus and count > 1:
        _split_cpu(count)
    kind = "GPU" if gpus else "CPU"
    return tf.distribute.MirroredStrategy([f"{kind}:{index}" for index in range(count)])


def _split_cpu(count: int) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
    except RuntimeError as error:
        raise ValueError(
            f"--replicas {count} must be set before TensorFlow starts in this process: use a new process"
        ) from error


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


class _SummedAdam(keras.optimizers.Adam):
    """Adam for gradients that are the same on all replicas: Keras' own would clip each share, then sum them."""

    def _all_reduce_sum_gradients(self, grads_and_vars: object) -> object:
        return grads_and_vars


class Learner:
    """The network and its optimizer, mirrored over the replicas of a strategy.

    Attributes:
      model: what is trained.
      step: int64 variable, steps done.
    """

    def __init__(
        self, strategy: tf.distribute.Strategy, config: TrainConfig, *, vocabulary_size: int, blocked: Sequence[int]
    ) -> None:
        self._strategy = strategy
        self._last_only = config.target == "last"
        self._clip_norm = config.clip_norm
        keras.utils.set_random_seed(config.seed)
        with strategy.scope():
            self.model = build_network(config, vocabulary_size, blocked)
            self._optimizer = _SummedAdam(config.learning_rate)
            self._optimizer.build(self.model.trainable_variables)
        self.step = self._optimizer.iterations
        dropouts = [layer for layer in self.model.layers if isinstance(layer, keras.layers.Dropout) and layer.rate]
        self._random_states = [layer.seed_generator.state for layer in dropouts]
        self._random_seeds = [int(state.numpy()[0]) for state in self._random_states]

    def variables(self) -> list[tf.Variable]:
        """All that a step changes and a checkpoint must keep; dropout is a function of (seed, step, replica)."""
        return [variable.value for variable in (*self.model.weights, *self._optimizer.variables)]

    def distribute(self, batches: tf.data.Dataset) -> tf.distribute.DistributedIterator:
        """An iterator over global batches that gives each replica its rows."""
        return iter(self._strategy.experimental_distribute_dataset(batches))

    def run(self, iterator: tf.distribute.DistributedIterator, steps: int) -> npt.NDArray[np.float64]:
        """Trains some steps in one call.

        Returns:
          float64 [steps, 3]: summed loss in nats, valid targets and unknown targets of each step's global batch.
        """
        return self._steps(iterator, tf.constant(steps)).numpy().astype(np.float64)

    @tf.function
    def _steps(self, iterator: tf.distribute.DistributedIterator, steps: tf.Tensor) -> tf.Tensor:
        sums = tf.TensorArray(tf.float32, size=steps, element_shape=[3])
        for index in tf.range(steps):
            of_replicas = self._strategy.run(self._replica_step, args=(next(iterator),))
            sums = sums.write(index, self._strategy.reduce(tf.distribute.ReduceOp.SUM, of_replicas, axis=None))
        return sums.stack()

    def _replica_step(self, tokens: tf.Tensor) -> tf.Tensor:
        gradients, sums = self.gradients(tokens)
        clipped, _ = tf.clip_by_global_norm(gradients, self._clip_norm)
        self._optimizer.apply(clipped, self.model.trainable_variables)
        return sums

    def gradients(self, tokens: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Gradients of the global batch's mean loss; to be called in a replica.

        Args:
          tokens: int32 [B / replicas, T + 1], this replica's rows.

        Returns:
          One gradient a trainable variable, the same on all replicas; and this replica's own summed loss, valid
          and unknown targets, float32 [3].
        """
        context = tf.distribute.get_replica_context()
        self._seed_dropout(context)
        inputs, targets = tokens[:, :-1], tokens[:, 1:]
        valid, unknown = scored(targets, self._last_only)
        count = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.reduce_sum(valid))
        with tf.GradientTape() as tape:
            logits = self.model(inputs, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
            loss_sum = tf.reduce_sum(losses * valid)
            loss = loss_sum / tf.maximum(count, 1.0)
        variables = [variable.value for variable in self.model.trainable_variables]
        # The embedding's gradient names a token's row once for each use: only as a whole matrix has it a norm.
        shares = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, variables)]
        summed = context.all_reduce(tf.distribute.ReduceOp.SUM, shares)
        return summed, tf.stack([loss_sum, tf.reduce_sum(valid), tf.reduce_sum(unknown)])

    def _seed_dropout(self, context: tf.distribute.ReplicaContext) -> None:
        replicas = context.num_replicas_in_sync
        draw = tf.cast(self.step.value, tf.int64) * replicas + tf.cast(context.replica_id_in_sync_group, tf.int64)
        for seed, state in zip(self._random_seeds, self._random_states, strict=True):
            state.assign(tf.cast(tf.stack([tf.constant(seed, tf.int64), draw]), state.dtype))


def build_network(config: TrainConfig, vocabulary_size: int, blocked: Sequence[int]) -> keras.Model:
    """The network of a configuration, outside of any strategy unless called in its scope."""
    return network.build(
        vocabulary_size=vocabulary_size,
        embedding=config.embedding,
        units=config.units,
        layers=config.layers,
        dropout=config.dropout,
        blocked=blocked,
    )
