"""The machines that train together, as TF_CONFIG names them: TensorFlow defines it, Vertex AI sets it."""

import json
import os

# Jobs that train; a cluster may name others, such as `ps`.
_JOBS = ("chief", "worker")


def workers() -> int:
    """Counts the machines that share each batch; 1 without TF_CONFIG.

    Raises:
      ValueError: if TF_CONFIG is not as TensorFlow defines it, naming the wrong part.
    """
    return max(1, sum(len(addresses) for addresses in _cluster()[0].values()))


def is_chief() -> bool:
    """Returns True if this process writes files: the chief, the first worker if there is none, or the only process."""
    if workers() == 1:
        return True
    cluster, kind, index = _cluster()
    return (kind, index) == ("chief" if "chief" in cluster else "worker", 0)


def _cluster() -> tuple[dict[str, list[str]], str, int]:
    """Reads TF_CONFIG: the addresses of the machines that train, by job; this machine's job; its number in the job."""
    text = os.environ.get("TF_CONFIG") or "{}"
    try:
        config = json.loads(text)
        jobs = {job: config.get("cluster", {}).get(job) or [] for job in _JOBS}
        task = config.get("task") or {}
        kind, index = task.get("type"), int(task.get("index", 0))
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"TF_CONFIG must be a JSON object as TensorFlow defines it, got {text!r}") from error
    jobs = {job: addresses for job, addresses in jobs.items() if addresses}
    for job, addresses in jobs.items():
        if not isinstance(addresses, list) or not all(_is_address(address) for address in addresses):
            raise ValueError(f'TF_CONFIG must list the addresses of {job} as ["host:port", ...], got {addresses!r}')
    machines = [(job, number) for job, addresses in jobs.items() for number in range(len(addresses))]
    if len(machines) > 1 and (kind, index) not in machines:
        legal = ", ".join(f"{job} {number}" for job, number in machines)
        raise ValueError(f"TF_CONFIG says that this machine is {kind} {index}; its task must be one of {legal}")
    return jobs, str(kind), index


def _is_address(value: object) -> bool:
    return isinstance(value, str) and value.rpartition(":")[2].isdecimal()
