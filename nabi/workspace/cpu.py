"""Processor cores of this machine."""

import os


def cores() -> int:
    """Counts the cores that this process may use; on macOS and Windows all cores, since these tell no more."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
