"""Checks a finished pipeline's totals, and describes the dataset that they make for `dataset.json`."""

import importlib.metadata
from collections.abc import Mapping
from typing import Any

from nabi.music.errors import REASONS
from nabi.music.vocabulary import Vocabulary
from nabi.workspace import paths
from nabi.workspace.ledger import FILTERED, LOST, READ
from pipelines.config import PreprocessConfig
from pipelines.reading import dataset_settings

# Of the layout of `dataset.json`.
VERSION = 1
# To be raised whenever a reader gives another song for the same bytes.
READER_VERSION = 2
_PACKAGES = ("nabi", "apache-beam", "music21", "symusic", "numpy")


class UnusableError(Exception):
    """Raised when a pipeline finished and its output is no dataset."""


def check(totals: Mapping[str, Any], max_lost_fraction: float, ledger: str) -> None:
    """Checks that the totals make a dataset.

    Args:
      totals: output of `pipelines.preprocessing.transforms.BuildDataset`.
      max_lost_fraction: share of all files that may be lost, 0..1.
      ledger: path of the ledger, for the message.

    Raises:
      UnusableError: if no file gave a song, too many files were lost, or no song has a training window.
    """
    files = totals["files"]
    total, lost, read = sum(files.values()), files.get(LOST, 0), files.get(READ, 0)
    by_count = sorted(totals["reasons"].items(), key=lambda row: -row[1])
    reasons = ", ".join(f"{count} {reason}" for reason, count in by_count)
    if not read:
        filtered = f"{files.get(FILTERED, 0)} filtered" if files.get(FILTERED) else ""
        meanings = "; ".join(f"{reason}: {REASONS[reason]}" for reason in totals["reasons"] if reason in REASONS)
        raise UnusableError(
            f"none of {total} files gave a song ({filtered or reasons}). {meanings}. The ledger: {ledger}"
        )
    if lost > max_lost_fraction * total:
        raise UnusableError(
            f"{lost} of {total} files were lost ({reasons}): more than --max_lost_fraction {max_lost_fraction:g} "
            f"allows. Look into {ledger}, then mend or leave out those files, or raise the limit (0..1)"
        )
    if not totals["splits"].get("train", {}).get("windows"):
        raise UnusableError(f"{read} songs were read and none has 2 tokens to make a window of. The ledger: {ledger}")


def describe(
    config: PreprocessConfig, totals: Mapping[str, Any], *, request: str, vocabulary: Vocabulary
) -> dict[str, Any]:
    """Returns the content of `dataset.json`.

    Args:
      config: the dataset's settings.
      totals: output of `pipelines.preprocessing.transforms.BuildDataset`.
      request: fingerprint of settings and listing.
      vocabulary: the dataset's vocabulary.
    """
    settings = dataset_settings.content_settings(config)
    content = {"settings": settings, "songs": totals["songs"], "vocabulary": vocabulary.fingerprint}
    empty = {"songs": 0, "tokens": 0, "unknown": 0, "windows": 0}
    return {
        "version": VERSION,
        "request": request,
        "content": paths.fingerprint(content),
        "settings": settings,
        "reading": reading(config),
        "splits": {
            split: {**empty, **totals["splits"].get(split, {}), "shards": shards}
            for split, shards in dataset_settings.shard_counts(config).items()
        },
        "vocabulary_size": len(vocabulary),
        "files": totals["files"],
        "reasons": totals["reasons"],
        "duplicates": totals["duplicates"].get("dropped", 0),
        "versions": versions(),
    }


def reading(config: PreprocessConfig) -> str:
    """Fingerprints all that decides which song a file's bytes give: settings and the readers' versions."""
    return paths.fingerprint([READER_VERSION, versions().get("music21"), dataset_settings.reading_settings(config)])


def versions() -> dict[str, str]:
    """Returns the versions of the packages that decide a dataset's content, of those that are installed."""
    installed = {}
    for package in _PACKAGES:
        try:
            installed[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed
