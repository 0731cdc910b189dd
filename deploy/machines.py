"""GPUs that fit each machine type of Vertex AI's training service.

The service accepts any pair, and the job fails minutes later, so pairs are checked here. Source, as of 2025:
https://cloud.google.com/vertex-ai/docs/training/configure-compute#gpu-compatibility-table
"""

import re

# Machines with built-in GPUs: type -> (accelerator, number of GPUs). The service requires both fields all the same.
BUILT_IN: dict[str, tuple[str, int]] = {
    **{f"g2-standard-{cpus}": ("NVIDIA_L4", 1) for cpus in (4, 8, 12, 16, 32)},
    "g2-standard-24": ("NVIDIA_L4", 2),
    "g2-standard-48": ("NVIDIA_L4", 4),
    "g2-standard-96": ("NVIDIA_L4", 8),
    **{f"a2-highgpu-{count}g": ("NVIDIA_TESLA_A100", count) for count in (1, 2, 4, 8)},
    "a2-megagpu-16g": ("NVIDIA_TESLA_A100", 16),
    **{f"a2-ultragpu-{count}g": ("NVIDIA_A100_80GB", count) for count in (1, 2, 4, 8)},
    **{f"a3-highgpu-{count}g": ("NVIDIA_H100_80GB", count) for count in (1, 2, 4, 8)},
    "a3-megagpu-8g": ("NVIDIA_H100_MEGA_80GB", 8),
    "a3-ultragpu-8g": ("NVIDIA_H200_141GB", 8),
    "a4-highgpu-8g": ("NVIDIA_B200", 8),
}
# GPUs that can be attached to an N1 machine -> possible numbers of them, ascending.
ATTACHED: dict[str, tuple[int, ...]] = {
    "NVIDIA_TESLA_T4": (1, 2, 4),
    "NVIDIA_TESLA_P4": (1, 2, 4),
    "NVIDIA_TESLA_P100": (1, 2, 4),
    "NVIDIA_TESLA_V100": (1, 2, 4, 8),
}
# Most cores for each GPU; a machine with more cores needs more GPUs.
_CORES_PER_GPU = {"NVIDIA_TESLA_T4": 24, "NVIDIA_TESLA_P4": 24, "NVIDIA_TESLA_P100": 16, "NVIDIA_TESLA_V100": 12}
ACCELERATORS = tuple(sorted({*ATTACHED, *(name for name, _ in BUILT_IN.values())}))

_N1 = re.compile(r"n1-(standard|highmem|highcpu)-([0-9]+)")
_SHAPE = re.compile(r"[a-z][a-z0-9]*-[a-z0-9]+(-[a-z0-9]+)*")


def spec(machine_type: str, accelerator_type: str = "", accelerator_count: int = 0) -> dict[str, object]:
    """Builds the `machineSpec` of a request.

    Args:
      machine_type: such as `n1-standard-8`.
      accelerator_type: such as `NVIDIA_TESLA_T4`; optional for a machine with built-in GPUs.
      accelerator_count: GPUs of each machine; 0 with a type means the fewest that the machine can have.

    Raises:
      ValueError: if the service has no such combination, in one sentence.
    """
    if machine_type in BUILT_IN:
        kind, count = _built_in(machine_type, accelerator_type, accelerator_count)
    elif accelerator_type:
        kind, count = accelerator_type, _attached(machine_type, accelerator_type, accelerator_count)
    else:
        return _without(machine_type, accelerator_count)
    return {"machineType": machine_type, "acceleratorType": kind, "acceleratorCount": count}


def _built_in(machine_type: str, accelerator_type: str, accelerator_count: int) -> tuple[str, int]:
    kind, count = BUILT_IN[machine_type]
    if (accelerator_type or kind, accelerator_count or count) != (kind, count):
        raise ValueError(
            f"--machine_type {machine_type} has {count} {kind} built in, not {accelerator_count or count} "
            f"{accelerator_type or kind}: leave out --accelerator_type and --accelerator_count"
        )
    return kind, count


def _attached(machine_type: str, accelerator_type: str, accelerator_count: int) -> int:
    if accelerator_type not in ATTACHED:
        types = [machine for machine, (kind, _) in BUILT_IN.items() if kind == accelerator_type]
        advice = f"comes with --machine_type {' or '.join(types)}" if types else f"is none of {', '.join(ACCELERATORS)}"
        raise ValueError(f"--accelerator_type {accelerator_type} cannot be attached to {machine_type}: it {advice}")
    shape = _N1.fullmatch(machine_type)
    if not shape:
        raise ValueError(
            f"--accelerator_type {accelerator_type} can be attached to n1 machines alone, such as n1-standard-8, not "
            f"to --machine_type {machine_type}"
        )
    legal = _counts(accelerator_type, int(shape[2]))
    if accelerator_count and accelerator_count not in legal:
        raise ValueError(
            f"--accelerator_count {accelerator_count} of {accelerator_type} on {machine_type} must be one of "
            f"{', '.join(map(str, legal))}"
        )
    return accelerator_count or legal[0]


def _counts(accelerator_type: str, cores: int) -> tuple[int, ...]:
    """Lists the numbers of GPUs that fit a number of cores; the largest machines need the largest number."""
    counts = ATTACHED[accelerator_type]
    return tuple(count for count in counts if count * _CORES_PER_GPU[accelerator_type] >= cores) or counts[-1:]


def _without(machine_type: str, accelerator_count: int) -> dict[str, object]:
    if accelerator_count:
        raise ValueError(
            f"--accelerator_count {accelerator_count} needs --accelerator_type, one of {', '.join(ACCELERATORS)}"
        )
    if not _SHAPE.fullmatch(machine_type):
        raise ValueError(f"--machine_type {machine_type!r} must be a machine type, such as n1-standard-8")
    return {"machineType": machine_type}
