"""The machines that train together, as TF_CONFIG names them; needs no TensorFlow."""

import json
import os


def workers() -> int:
    """Machines that train together by TF_CONFIG's `cluster`; 1 without it.

    Raises:
      ValueError: if TF_CONFIG is no JSON object.
    """
    text = os.environ.get("TF_CONFIG", "{}")
    try:
        cluster = json.loads(text).get("cluster", {})
    except (ValueError, AttributeError) as error:
        raise ValueError(f"TF_CONFIG must be a JSON object as TensorFlow defines it, got {text!r}") from error
    return max(1, sum(len(cluster.get(job, [])) for job in ("chief", "worker")))


def is_chief() -> bool:
    """Whether this process writes: the chief, the first worker of a cluster without one, or the only process."""
    if workers() == 1:
        return True
    config = json.loads(os.environ["TF_CONFIG"])
    task = config.get("task", {})
    if "chief" in config["cluster"]:
        return bool(task.get("type") == "chief")
    return (task.get("type"), task.get("index")) == ("worker", 0)
