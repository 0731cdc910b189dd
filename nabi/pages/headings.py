"""Names of directories for headings: the name that the user gave, not a fingerprint, `songs`, `model` or `dataset`."""

import os
import re

from nabi.workspace import paths

# `OUTPUT/runs/<request>` of a retraining directory, and a path below.
_RUN = re.compile(rf"(?P<output>.+)/{paths.RUNS}/[0-9a-f]{{16}}(?:/(?P<below>.*))?")
# Directory names that every run has; directories of a recipe's further runs end with the run's name.
_KINDS = {paths.DATA, paths.MODELS, paths.SONGS, paths.GATE, paths.GATE_SONGS}
_FURTHER = re.compile(rf"(?:{paths.MODELS}|{paths.SONGS})-([^/]+)(?:/.*)?")


def name_of(folder: str) -> str:
    """Names a directory.

    Args:
      folder: path of a dataset, model, songs or retraining directory, local or such as gs://bucket/folder.

    Returns:
      For a directory in a retraining directory the name of that one, with the name of a recipe's further run after a
      comma; otherwise the last part of the path that says more than `songs`, `model` or `dataset`.

    >>> name_of("runs/bach/dataset"), name_of("runs/bach/runs/0123456789abcdef/model-small")
    ('bach', 'bach, small')
    """
    path = folder.rstrip("/")
    run = _RUN.fullmatch(_absolute(path))
    if not run:
        return _last(path) or folder
    further = _FURTHER.fullmatch(run["below"] or "")
    return ", ".join([_last(run["output"]), *(further.groups() if further else [])])


def retraining_of(path: str) -> str:
    """Names the retraining directory of a path in one of its runs; "" if the path is in none."""
    run = _RUN.fullmatch(_absolute(path))
    return _last(run["output"]) if run else ""


def _absolute(path: str) -> str:
    return path if "://" in path else os.path.abspath(path)  # noqa: PTH100 - links are not followed


def _last(path: str) -> str:
    parts = [part for part in path.rpartition("://")[2].split("/") if part not in ("", ".")]
    while len(parts) > 1 and parts[-1] in _KINDS:
        parts.pop()
    return "".join(parts[-1:])
