"""The devices that share a batch: one, all of a machine, or those of several machines."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from nabi.workspace.logs import say
from trainer.config import TrainConfig, check_division
from trainer.training import cluster


class LostMachineError(Exception):
    """Another machine of the training run has ended or cannot be reached."""


def make_strategy(replicas: int, batch_size: int) -> tf.distribute.Strategy:
    """Makes the distribution strategy of the replicas that share a batch.

    They are on several machines if TF_CONFIG names them, as Vertex AI does; else on this machine's GPUs, or on logical
    devices of its CPU.

    Args:
      replicas: number of devices on this machine; 0: all its GPUs, or one CPU.
      batch_size: rows of the global batch.

    Raises:
      ValueError: if there are fewer GPUs than replicas, or the batch cannot be shared evenly, or replicas are given
        for several machines.
    """
    machines = cluster.workers()
    if machines > 1:
        _check_machines(replicas, batch_size, machines)
        # TensorFlow waits for them without a message.
        say(f"waiting for {machines - 1} more of the {machines} machines that TF_CONFIG names")
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        check_division(batch_size, strategy.num_replicas_in_sync)
        return strategy
    gpus = tf.config.list_physical_devices("GPU")
    if gpus and replicas > len(gpus):
        raise ValueError(f"--replicas {replicas} must be in 0..{len(gpus)}, the GPUs of this machine")
    count = replicas or len(gpus) or 1
    check_division(batch_size, count)
    if not gpus and count > 1:
        _split_cpu(count)
    kind = "GPU" if gpus else "CPU"
    return tf.distribute.MirroredStrategy([f"{kind}:{index}" for index in range(count)])


def check_xla(config: TrainConfig, gpus: int) -> None:
    """Checks that XLA can compile the LSTM layer that the devices use.

    Args:
      config: of the run.
      gpus: number of this machine's GPUs; on a GPU the LSTM is cuDNN's kernel, but with recurrent dropout.

    Raises:
      ValueError: if it cannot.
    """
    if config.xla and gpus and not config.recurrent_dropout:
        raise ValueError(
            "--xla cannot compile cuDNN's LSTM, which runs on this machine's GPU: leave --xla out (cuDNN is the fast "
            "way there), or hide the GPU by CUDA_VISIBLE_DEVICES=-1"
        )


def require_agreement(strategy: tf.distribute.Strategy, quantity: str, value: int) -> None:
    """Compares a number over all machines; every machine must call it.

    Args:
      strategy: of the machines.
      quantity: name of the number, for the message.
      value: this machine's number, below 2^32 in size.

    Raises:
      ValueError: on every machine, if the numbers differ.
    """
    count = strategy.num_replicas_in_sync

    def total(number: int) -> int:
        """Sums a number over all replicas."""
        constant = tf.constant(number, tf.int64)
        everywhere = strategy.experimental_distribute_values_from_function(lambda _: constant)
        return int(strategy.reduce(tf.distribute.ReduceOp.SUM, everywhere, axis=None))

    # Sums of whole numbers are exact. The second sum tells a machine whose number is the mean of all of a difference.
    if total(int(total(value) != count * value)):
        raise ValueError(
            f"the machines of TF_CONFIG have not the same {quantity}, here {value}: start the same command on each, "
            "with a --data, --model_dir and --checkpoint_dir that all of them see"
        )


@contextlib.contextmanager
def one_sentence_errors() -> Iterator[None]:
    """Turns TensorFlow's errors of lost machines and of exhausted memory into one sentence.

    Raises:
      LostMachineError: where TensorFlow ends the work of several machines.
      ValueError: where a device has too little memory.
    """
    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        allocation = str(error).partition("OOM ")[2].partition(" on /")[0] or "in the main memory"
        raise ValueError(
            f"there is too little memory for this training ({allocation}): try a smaller --batch_size, fewer --units "
            "or --layers, or a dataset with a smaller --window"
        ) from error
    except tf.errors.OpError as error:
        if cluster.workers() == 1:
            raise
        raise LostMachineError(
            f"the machines of TF_CONFIG do not work together any more, one of them has ended or cannot be reached "
            f"({error.message.splitlines()[0][:200]}): start the same command again on each to go on"
        ) from error


def _check_machines(replicas: int, batch_size: int, machines: int) -> None:
    if replicas:
        raise ValueError(
            f"--replicas {replicas} is for one machine, but TF_CONFIG names {machines}: leave it out, and each takes "
            "all its GPUs, or its CPU"
        )
    check_division(batch_size, machines)


def _split_cpu(count: int) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    if len(tf.config.get_logical_device_configuration(cpu) or ()) >= count:
        return
    try:
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
    except RuntimeError as error:
        raise ValueError(
            f"--replicas {count} must be set before TensorFlow starts in this process: use a new process"
        ) from error
