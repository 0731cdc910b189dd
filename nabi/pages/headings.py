"""Names for headings: a directory by what its maker called it, not by a fingerprint or by what every run has."""

import os
import re

from nabi.workspace import paths

# `OUTPUT/runs/<request>` of a retraining directory, and what lies below.
_RUN = re.compile(rf"(?P<output>.+)/{paths.RUNS}/[0-9a-f]{{16}}(?:/(?P<below>.*))?")
# Directories of this kind are named alike in every run; those of a recipe's further runs end in the run's name.
_KINDS = {paths.DATA, paths.MODELS, paths.SONGS, paths.GATE, paths.GATE_SONGS}
_FURTHER = re.compile(rf"(?:{paths.MODELS}|{paths.SONGS})-([^/]+)(?:/.*)?")


def name_of(folder: str) -> str:
    """Names a directory.

    Args:
      folder: the path of a dataset, a model, a songs or a retraining directory, local or such as gs://bucket/folder.

    Returns:
      The retraining directory's name for what lies in it, with the name of a recipe's further run after a comma;
      otherwise the last part of the path that says more than `songs`, `model` or `dataset`.
    """
    path = folder.rstrip("/")
    found = _RUN.fullmatch(_absolute(path))
    if not found:
        return _last(path) or folder
    further = _FURTHER.fullmatch(found["below"] or "")
    return ", ".join([_last(found["output"]), *(further.groups() if further else [])])


def retraining_of(path: str) -> str:
    """Names the retraining directory that a path lies in a run of; "" if it lies in none."""
    found = _RUN.fullmatch(_absolute(path))
    return _last(found["output"]) if found else ""


def _absolute(path: str) -> str:
    return path if "://" in path else os.path.abspath(path)  # noqa: PTH100 - links are not followed


def _last(path: str) -> str:
    parts = [part for part in path.rpartition("://")[2].split("/") if part not in ("", ".")]
    while len(parts) > 1 and parts[-1] in _KINDS:
        parts.pop()
    return "".join(parts[-1:])
