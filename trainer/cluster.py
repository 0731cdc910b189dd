"""Which machines train together, by TF_CONFIG as TensorFlow defines it and Vertex AI sets it."""

import json
import os
from typing import Any


def workers() -> int:
    """How many machines share each batch; 1 without TF_CONFIG.

    Raises:
      ValueError: if TF_CONFIG is no JSON object.
    """
    return max(1, sum(len(_config().get("cluster", {}).get(job, [])) for job in ("chief", "worker")))


def is_chief() -> bool:
    """Whether this process writes: the chief, the first worker of a cluster without one, or the only process."""
    if workers() == 1:
        return True
    task = _config().get("task", {})
    if "chief" in _config()["cluster"]:
        return bool(task.get("type") == "chief")
    return (task.get("type"), int(task.get("index", 0))) == ("worker", 0)


def _config() -> dict[str, Any]:
    text = os.environ.get("TF_CONFIG") or "{}"
    try:
        config = json.loads(text)
    except ValueError as error:
        raise ValueError(f"TF_CONFIG must be a JSON object as TensorFlow defines it, got {text!r}") from error
    if not isinstance(config, dict):
        raise ValueError(f"TF_CONFIG must be a JSON object as TensorFlow defines it, got {text!r}")
    return config
