"""Which devices share a batch: one, all of a machine, or those of several machines."""

import tensorflow as tf

from trainer import cluster
from trainer.config import check_division


def make_strategy(replicas: int, batch_size: int) -> tf.distribute.Strategy:
    """The replicas that share a batch.

    Several machines where TF_CONFIG names them, as Vertex AI sets it; else all GPUs (0), the first of them, or logical
    devices of the CPU.

    Raises:
      ValueError: if there are fewer GPUs than replicas, or the batch cannot be shared evenly.
    """
    if cluster.workers() > 1:
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
