"""The devices that share a batch: one, all of a machine, or those of several machines."""

import contextlib
import sys
from collections.abc import Iterator

import tensorflow as tf

from nabi.workspace.logs import say
from trainer.config import check_division
from trainer.training import cluster
from trainer.training.device_layout import GPU_MEBIBYTES, DeviceLayout, Reduction, lay_out, reduction_of


class LostMachineError(Exception):
    """Another machine of the training run has ended or cannot be reached."""


def make_strategy(replicas: int, batch_size: int) -> tf.distribute.Strategy:
    """Makes the distribution strategy of the replicas that share a batch.

    They are on several machines if TF_CONFIG names them, as Vertex AI does; else on this machine's GPUs, or on logical
    devices of its CPU.

    Args:
      replicas: number of devices on this machine, see `trainer.training.device_layout.lay_out`.
      batch_size: rows of the global batch.

    Raises:
      ValueError: if the GPUs cannot be divided into the replicas, or the batch cannot be shared evenly, or replicas are
        given for several machines.
    """
    machines = cluster.workers()
    if machines > 1:
        _check_machines(replicas, batch_size, machines)
        # TensorFlow waits for them without a message.
        say(f"waiting for {machines - 1} more of the {machines} machines that TF_CONFIG names")
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        check_division(batch_size, strategy.num_replicas_in_sync)
        return strategy
    layout = lay_out(len(tf.config.list_physical_devices("GPU")), replicas)
    check_division(batch_size, layout.replicas)
    _split(layout)
    if layout.logical and layout.kind == "GPU":
        say(
            f"warning: --replicas {replicas} divides each GPU into {layout.logical} logical ones of "
            f"{GPU_MEBIBYTES:,} MiB, which share its work: of use for tests alone"
        )
    reduction = reduction_of(layout, nccl=sys.platform == "linux")
    return tf.distribute.MirroredStrategy(layout.devices, cross_device_ops=_REDUCTIONS[reduction]())


def own_rows(strategy: tf.distribute.Strategy, batch_size: int) -> range:
    """Returns the rows of the global batch that this machine's replicas train."""
    replicas: list[int] = []

    def note(context: tf.distribute.experimental.ValueContext) -> tf.Tensor:
        """Notes the number of a replica of this machine."""
        replicas.append(context.replica_id_in_sync_group)
        return tf.constant(0)

    strategy.experimental_distribute_values_from_function(note)
    rows = batch_size // strategy.num_replicas_in_sync
    return range(min(replicas) * rows, (max(replicas) + 1) * rows)


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
    """Turns TensorFlow's errors of lost machines, exhausted memory and determinism into one sentence.

    Raises:
      LostMachineError: where TensorFlow ends the work of several machines.
      ValueError: where a device has too little memory, or knows no deterministic way to do an operation.
    """
    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as error:
        allocation = str(error).partition("OOM ")[2].partition(" on /")[0] or "in the main memory"
        raise ValueError(
            f"there is too little memory for this training ({allocation}): try a smaller --batch_size, fewer --units "
            "or --layers, or a dataset with a smaller --window"
        ) from error
    except tf.errors.UnimplementedError as error:
        if "etermini" not in str(error):
            raise
        raise ValueError(
            f"--deterministic cannot be had on this device ({error.message.splitlines()[0][:200]}): leave it out"
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


def _split(layout: DeviceLayout) -> None:
    """Divides the devices into the logical ones of a layout."""
    if not layout.logical:
        return
    limit = {"memory_limit": GPU_MEBIBYTES} if layout.kind == "GPU" else {}
    parts = [tf.config.LogicalDeviceConfiguration(**limit)] * layout.logical
    for device in tf.config.list_physical_devices(layout.kind):
        if len(tf.config.get_logical_device_configuration(device) or ()) >= layout.logical:
            continue
        try:
            tf.config.set_logical_device_configuration(device, parts)
        except RuntimeError as error:
            raise ValueError(
                f"--replicas {layout.replicas} must be set before TensorFlow starts in this process: use a new process"
            ) from error


_REDUCTIONS = {
    Reduction.TENSORFLOWS: lambda: None,
    Reduction.HIERARCHICAL_COPY: tf.distribute.HierarchicalCopyAllReduce,
}
