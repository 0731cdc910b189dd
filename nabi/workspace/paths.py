"""Every name inside a dataset, a model, a songs and a retraining directory, and the marks that bind them.

The three jobs meet only in these files.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from nabi.workspace import storage

# Written last: a directory without it is unfinished.
COMPLETED = "COMPLETED"
# Written first: names the request of a directory that is being made.
UNFINISHED = "UNFINISHED"

VOCABULARY = "vocabulary.json"

DATASET = "dataset.json"
LEDGER = "ledger"
REPORT = "report.html"
STAGING = "staging"

MODEL = "model.keras"
CONFIG = "config.json"
METRICS = "metrics.json"
HISTORY = "history.csv"
TIMING = "timing.csv"
CURVES = "curves.png"
# Which note n-grams the training songs have (`nabi.analysis.copies`).
COPIES = "copies.index"
# What the training and the validation songs are like (`nabi.analysis.style_reference`).
REFERENCE = "reference.json"
# How the recipe that a model was trained by samples it: defaults of the generator.
SAMPLING = "sampling.json"
CHECKPOINTS = "checkpoints"
TENSORBOARD = "tensorboard"
# Written by a run whose loss became no number: which run, and what it said.
DIVERGED = "DIVERGED"

# Of a model directory that a search (`--tune`) makes.
TUNE = "tune.json"
TRIALS = "trials"
TRIALS_TABLE = "trials.csv"
TUNE_PAGE = "tune.html"

# Directories of a run below `runs/<request>` of a retraining directory.
RUNS = "runs"
DATA = "dataset"
MODELS = "model"
SONGS = "songs"
INDEX = "index.html"
# What the pages of a songs directory say of the model that made it.
MADE_BY = "made_by.json"
# Temperatures and top-p that a job tried before it chose.
AUTO_SAMPLING = "auto_sampling.json"
# What the songs are like, beside the training songs.
SUMMARY = "summary.json"
SUMMARY_PAGE = "summary.html"

CHAMPION = "champion"
# What a retraining run asked for, and from which champion it set out.
REQUEST = "request.json"
# Songs that are sampled to judge a model by, and the judgement.
GATE_SONGS = "gate-songs"
GATE = "gate"
DECISION = "decision.json"
DECISION_PAGE = "decision.html"


def shard_name(split: str, index: int, count: int) -> str:
    """Such as `train-00000-of-00016.tfrecord`."""
    return f"{split}-{index:05d}-of-{count:05d}.tfrecord"


def rows_name(kind: str, index: int, count: int) -> str:
    """A shard of `ledger` or `songs` rows, such as `ledger-00000-of-00001.jsonl`."""
    return f"{kind}-{index:05d}-of-{count:05d}.jsonl"


def evaluation_name(split: str, ending: str) -> str:
    """What `trainer.evaluate` says of a split, such as `evaluation-test.html` and `evaluation-test.json`."""
    return f"evaluation-{split}.{ending}"


def trial_name(number: int) -> str:
    """The directory of a search's trial, counted from 1, such as `trial-0003`."""
    return f"trial-{number:04d}"


def song_name(song: int) -> str:
    """The stem of a song's files, such as `song-00007`."""
    return f"song-{song:05d}"


def fingerprint(value: object) -> str:
    """16 hexadecimal digits of any JSON value, independent of the order of keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def fingerprint_all(values: Iterable[object]) -> str:
    """The fingerprint of a list of JSON values, of which one is in memory at a time."""
    digest = hashlib.sha256(b"[")
    for index, value in enumerate(values):
        digest.update(f"{', ' if index else ''}{json.dumps(value, sort_keys=True)}".encode())
    digest.update(b"]")
    return digest.hexdigest()[:16]


def write_json(path: str, value: object) -> None:
    """Publishes a JSON file that a person can read."""
    storage.write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: str) -> Any:
    """A JSON file's value; raises ValueError or StorageError naming the path."""
    try:
        return json.loads(storage.read_text(path))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error


def read_object(path: str, *keys: str) -> dict[str, Any]:
    """A JSON file's object; raises ValueError naming the path if it lacks one of these keys."""
    value = read_json(path)
    lacks = [key for key in keys if not isinstance(value, dict) or key not in value]
    if lacks:
        raise ValueError(
            f"{path} has no {', '.join(map(repr, lacks))}: it is damaged or was written by something else; copy it "
            "again, or make its directory again"
        )
    found: dict[str, Any] = value
    return found


def write_rows(path: str, rows: list[dict[str, Any]]) -> None:
    """Publishes one JSON object a line; letters that are no text, as paths may have, as JSON escapes them."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    storage.write_bytes(path, text.encode("utf-8", "backslashreplace"))


def read_rows(path: str) -> list[dict[str, Any]]:
    """The objects of a `.jsonl` file."""
    # Not str.splitlines, which also splits at characters that JSON may hold unescaped.
    return [json.loads(line) for line in storage.read_text(path).split("\n") if line]


def rows_paths(folder: str, kind: str) -> list[str]:
    """The shards of `kind` rows (`rows_name`) that lie in a directory, in order."""
    prefix = f"{folder.rstrip('/')}/"
    name = re.compile(rf"{re.escape(prefix)}{kind}-[0-9]+-of-[0-9]+\.jsonl")
    return [info.path for info in storage.match(folder) if name.fullmatch(info.path)]


def kept_songs_name(split: str, index: int, count: int) -> str:
    """Such as `train-00000-of-00016.songs`: the songs of a shard, for the next run."""
    return f"{split}-{index:05d}-of-{count:05d}.songs"


def kept_songs_paths(folder: str) -> list[str]:
    """The files of kept songs that lie in a directory, in order."""
    return [info.path for info in storage.match(folder) if info.path.endswith(".songs")]


def completed(folder: str) -> dict[str, str] | None:
    """The fingerprints of a whole directory, None for an unfinished or a missing one."""
    path = storage.join(folder, COMPLETED)
    return read_object(path, "request", "content") if storage.exists(path) else None


def require_completed(folder: str, what: str, make_it: str) -> dict[str, str]:
    """The fingerprints of a whole directory.

    Args:
      folder: the directory.
      what: such as `dataset`.
      make_it: the command that makes one.

    Raises:
      ValueError: if the directory is not whole, saying what to run.
    """
    marks = completed(folder)
    if marks is None:
        state = "is not finished" if storage.exists(folder) else "does not exist, or is empty"
        raise ValueError(f"the {what} {folder} {state}: run `{make_it}` first")
    return marks


def begin(folder: str, what: str, request: str, overwrite: bool) -> bool:
    """Decides what a job does with its output directory.

    Args:
      folder: the directory.
      what: such as `dataset`.
      request: fingerprint of what is to be made.
      overwrite: whether a whole directory of another request may be deleted.

    Returns:
      False if the directory is whole and of this request: there is nothing to do. Otherwise True, and the
      directory is marked as unfinished and of this request.

    Raises:
      ValueError: if the directory is whole and of another request, or holds files that are not ours.
      StorageError: if it cannot be written.
    """
    marks = completed(folder)
    if marks and marks.get("request") == request:
        return False
    if marks and not overwrite:
        raise ValueError(f"the {what} {folder} was made of other settings or input: give --overwrite or another folder")
    unfinished = storage.join(folder, UNFINISHED)
    if not marks and not storage.exists(unfinished) and storage.exists(folder):
        raise ValueError(f"--output {folder} holds files that are no {what}: give an empty or a new folder")
    same = not marks and storage.exists(unfinished) and read_json(unfinished).get("request") == request
    if not same:
        _clear(folder)
    storage.sweep(folder)
    write_json(unfinished, {"request": request})
    return True


def _clear(folder: str) -> None:
    """Deletes all in a directory of ours, which stays recognisable as ours if that is interrupted."""
    unfinished = storage.join(folder, UNFINISHED)
    write_json(unfinished, {"request": ""})
    storage.delete(storage.join(folder, COMPLETED))
    for info in storage.match(folder):
        if info.path != unfinished:
            storage.delete(info.path)


def complete(folder: str, marks: dict[str, str]) -> None:
    """Marks a directory as whole; `marks` are its fingerprints (`request`, `content`)."""
    write_json(storage.join(folder, COMPLETED), marks)
    storage.delete(storage.join(folder, UNFINISHED))
