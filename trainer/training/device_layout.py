"""The devices of one machine that share a batch, and how they add up their gradients; needs no TensorFlow."""

import dataclasses
import enum

# Memory of a logical GPU, for which TensorFlow demands a limit.
GPU_MEBIBYTES = 2048


class Reduction(enum.Enum):
    """How the gradients of replicas are added up."""

    TENSORFLOWS = "TensorFlow's own choice: NCCL between GPUs, a ring between CPUs"
    HIERARCHICAL_COPY = "copies from GPU to GPU"


@dataclasses.dataclass(frozen=True)
class DeviceLayout:
    """The devices of one machine.

    Attributes:
      kind: `CPU` or `GPU`.
      replicas: devices that share a batch.
      logical: logical devices that each physical one is divided into; 0: it is not divided.
    """

    kind: str
    replicas: int
    logical: int = 0

    @property
    def devices(self) -> list[str]:
        """Their names."""
        return [f"{self.kind}:{index}" for index in range(self.replicas)]


def lay_out(gpus: int, replicas: int) -> DeviceLayout:
    """Lays out the replicas on the GPUs of a machine, or on its CPU.

    Args:
      gpus: number of GPUs that TensorFlow finds.
      replicas: number of devices; 0: all GPUs, or one CPU. A CPU is divided into as many logical ones as are asked for,
        GPUs too where that is a multiple of their number.

    Raises:
      ValueError: if there are fewer GPUs, and replicas are no multiple of them.
    """
    if not gpus:
        return DeviceLayout("CPU", max(replicas, 1), logical=replicas if replicas > 1 else 0)
    if replicas <= gpus:
        return DeviceLayout("GPU", replicas or gpus)
    if replicas % gpus:
        raise ValueError(
            f"--replicas {replicas} must be in 0..{gpus}, the GPUs of this machine (or a multiple of {gpus}, which "
            "divides each into logical ones, for tests)"
        )
    return DeviceLayout("GPU", replicas, logical=replicas // gpus)


def reduction_of(layout: DeviceLayout, *, nccl: bool) -> Reduction:
    """Chooses how gradients are added up.

    Args:
      layout: of the devices.
      nccl: true if TensorFlow has NCCL, NVIDIA's library for it, as its builds for Linux do. NCCL refuses two replicas
        on one GPU.
    """
    shared = layout.kind == "GPU" and layout.replicas > 1 and (bool(layout.logical) or not nccl)
    return Reduction.HIERARCHICAL_COPY if shared else Reduction.TENSORFLOWS
