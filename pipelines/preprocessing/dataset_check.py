"""What a finished pipeline's totals mean: a dataset, or an error that says what to change."""

import importlib.metadata
from collections.abc import Mapping
from typing import Any

from nabi.music.errors import REASONS
from nabi.music.vocabulary import Vocabulary
from nabi.workspace import paths
from pipelines.config import PreprocessConfig
from pipelines.reading import dataset_settings
from pipelines.reading.rows import FILTERED, LOST, READ

VERSION = 1
# Changes when a reader gives another song for the same bytes.
READER_VERSION = 2
_PACKAGES = ("nabi", "apache-beam", "music21", "symusic", "numpy")


class UnusableError(Exception):
    """A pipeline ran to its end and its output is no dataset."""


def check(totals: Mapping[str, Any], max_lost_fraction: float, ledger: str) -> None:
    """Raises unless the totals make a dataset.

    Args:
      totals: what `pipelines.preprocessing.transforms.BuildDataset` returns.
      max_lost_fraction: of all files, 0..1.
      ledger: where the ledger lies, for the message.

    Raises:
      UnusableError: if nothing was read, more files were lost than allowed, or no song has a training window.
    """
    files = totals["files"]
    total, lost, read = sum(files.values()), files.get(LOST, 0), files.get(READ, 0)
    why = ", ".join(f"{count} {reason}" for reason, count in sorted(totals["reasons"].items(), key=lambda row: -row[1]))
    if not read:
        kept = f"{files.get(FILTERED, 0)} filtered" if files.get(FILTERED) else ""
        explained = "; ".join(f"{reason}: {REASONS[reason]}" for reason in totals["reasons"] if reason in REASONS)
        raise UnusableError(f"none of {total} files gave a song ({kept or why}). {explained}. The ledger: {ledger}")
    if lost > max_lost_fraction * total:
        raise UnusableError(
            f"{lost} of {total} files were lost ({why}): more than --max_lost_fraction {max_lost_fraction:g} allows. "
            f"Look into {ledger}, then mend or leave out those files, or raise the limit (0..1)"
        )
    if not totals["splits"].get("train", {}).get("windows"):
        raise UnusableError(f"{read} songs were read and none has 2 tokens to make a window of. The ledger: {ledger}")


def dataset(
    config: PreprocessConfig, totals: Mapping[str, Any], *, request: str, vocabulary: Vocabulary
) -> dict[str, Any]:
    """What `dataset.json` says.

    Args:
      config: of the dataset.
      totals: of the pipeline.
      request: fingerprint of settings and listing.
      vocabulary: of the dataset.
    """
    described = dataset_settings.described(config)
    parts = {"settings": described, "songs": totals["songs"], "vocabulary": vocabulary.fingerprint}
    nothing = {"songs": 0, "tokens": 0, "unknown": 0, "windows": 0}
    return {
        "version": VERSION,
        "request": request,
        "content": paths.fingerprint(parts),
        "settings": described,
        "reading": reading(config),
        "splits": {
            split: {**nothing, **totals["splits"].get(split, {}), "shards": shards}
            for split, shards in dataset_settings.shard_counts(config).items()
        },
        "vocabulary_size": len(vocabulary),
        "files": totals["files"],
        "reasons": totals["reasons"],
        "duplicates": totals["duplicates"].get("dropped", 0),
        "versions": versions(),
    }


def reading(config: PreprocessConfig) -> str:
    """The fingerprint of what decides which song the bytes of a file give."""
    return paths.fingerprint([READER_VERSION, versions().get("music21"), dataset_settings.reading(config)])


def versions() -> dict[str, str]:
    """Versions of the packages that make a dataset, where they are installed."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
