"""Names of all files in dataset, model, songs and retraining directories, and the marks of finished directories.

The jobs exchange data through these files alone.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from nabi.workspace import storage

# Written last: a directory without it is unfinished.
COMPLETED = "COMPLETED"
# Written first: holds the request of a directory that is being made.
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
# Note n-grams of the training songs (`nabi.analysis.copies`).
COPIES = "copies.index"
# Statistics of the training and the validation songs (`nabi.analysis.style_reference`).
REFERENCE = "reference.json"
# Sampling settings of the recipe that a model was trained by: the generator's defaults.
SAMPLING = "sampling.json"
CHECKPOINTS = "checkpoints"
TENSORBOARD = "tensorboard"
# Written by a run whose loss became NaN or infinite: the run and its message.
DIVERGED = "DIVERGED"

# Files of a model directory that a search (`--tune`) makes.
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
# The model that made a songs directory, as its pages show it.
MADE_BY = "made_by.json"
# Temperatures and top-p that a job tried before it chose.
AUTO_SAMPLING = "auto_sampling.json"
# Statistics of the songs beside those of the training songs.
SUMMARY = "summary.json"
SUMMARY_PAGE = "summary.html"

# Notes and scores of all songs.
SONGS_ZIP = "songs.zip"

CHAMPION = "champion"
# The request of a retraining run, and the champion that it started from.
REQUEST = "request.json"
# Songs that are sampled to judge a model by, and the judgement.
GATE_SONGS = "gate-songs"
GATE = "gate"
DECISION = "decision.json"
DECISION_PAGE = "decision.html"


def shard_name(split: str, index: int, count: int) -> str:
    """Names a file of records.

    >>> shard_name("train", 0, 16)
    'train-00000-of-00016.tfrecord'
    """
    return f"{split}-{index:05d}-of-{count:05d}.tfrecord"


def rows_name(kind: str, index: int, count: int) -> str:
    """Names a file of rows, of the kind `ledger` or `songs`, such as `ledger-00000-of-00001.jsonl`."""
    return f"{kind}-{index:05d}-of-{count:05d}.jsonl"


def evaluation_name(split: str, ending: str) -> str:
    """Names the evaluation of a split by `trainer.evaluate`, such as `evaluation-test.html`."""
    return f"evaluation-{split}.{ending}"


def trial_name(number: int) -> str:
    """Names the directory of a search's trial, counted from 1, such as `trial-0003`."""
    return f"trial-{number:04d}"


def song_name(song: int) -> str:
    """Names the stem of a song's files, such as `song-00007`."""
    return f"song-{song:05d}"


def fingerprint(value: object) -> str:
    """Hashes a JSON value to 16 hexadecimal digits, whatever the order of keys.

    >>> fingerprint({"window": 64, "stride": 8}) == fingerprint({"stride": 8, "window": 64})
    True
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def fingerprint_all(values: Iterable[object]) -> str:
    """Hashes a list of JSON values, one in memory at a time.

    >>> fingerprint_all(["a", 1]) == fingerprint(["a", 1])
    True
    """
    digest = hashlib.sha256(b"[")
    for index, value in enumerate(values):
        digest.update(f"{', ' if index else ''}{json.dumps(value, sort_keys=True)}".encode())
    digest.update(b"]")
    return digest.hexdigest()[:16]


def write_json(path: str, value: object) -> None:
    """Writes a JSON file, indented."""
    storage.write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: str) -> Any:
    """Reads a JSON file's value; raises ValueError or StorageError naming the path."""
    try:
        return json.loads(storage.read_text(path))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error


def read_object(path: str, *keys: str) -> dict[str, Any]:
    """Reads a JSON file's object; raises ValueError naming the path if it lacks one of these keys."""
    value: Any = read_json(path)
    missing = [key for key in keys if not isinstance(value, dict) or key not in value]
    if missing:
        raise ValueError(
            f"{path} has no {', '.join(map(repr, missing))}: it is damaged or was written by something else; copy it "
            "again, or make its directory again"
        )
    content: dict[str, Any] = value
    return content


def write_rows(path: str, rows: list[dict[str, Any]]) -> None:
    """Writes one JSON object a line; surrogates, which paths may have for bytes that are no text, are escaped."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    storage.write_bytes(path, text.encode("utf-8", "backslashreplace"))


def read_rows(path: str) -> list[dict[str, Any]]:
    """Reads the objects of a `.jsonl` file."""
    # str.splitlines would also split at characters that JSON may hold unescaped.
    return [json.loads(line) for line in storage.read_text(path).split("\n") if line]


def rows_paths(folder: str, kind: str) -> list[str]:
    """Lists the files of `kind` rows (`rows_name`) in a directory, in order."""
    prefix = f"{folder.rstrip('/')}/"
    name = re.compile(rf"{re.escape(prefix)}{kind}-[0-9]+-of-[0-9]+\.jsonl")
    return [info.path for info in storage.match(folder) if name.fullmatch(info.path)]


def kept_songs_name(split: str, index: int, count: int) -> str:
    """Names a file of a shard's songs, kept for the next run, such as `train-00000-of-00016.songs`."""
    return f"{split}-{index:05d}-of-{count:05d}.songs"


def kept_songs_paths(folder: str) -> list[str]:
    """Lists the files of kept songs in a directory, in order."""
    return [info.path for info in storage.match(folder) if info.path.endswith(".songs")]


def completed(folder: str) -> dict[str, str] | None:
    """Returns the fingerprints of a finished directory; None if it is unfinished or missing."""
    path = storage.join(folder, COMPLETED)
    return read_object(path, "request", "content") if storage.exists(path) else None


def require_completed(folder: str, what: str, make_it: str) -> dict[str, str]:
    """Returns the fingerprints of a finished directory.

    Args:
      folder: the directory.
      what: its kind for the message, such as `dataset`.
      make_it: the command that makes one.

    Raises:
      ValueError: if the directory is not finished, with the command to run.
    """
    marks = completed(folder)
    if marks is None:
        state = "is not finished" if storage.exists(folder) else "does not exist, or is empty"
        raise ValueError(f"the {what} {folder} {state}: run `{make_it}` first")
    return marks


def begin(folder: str, what: str, request: str, overwrite: bool) -> bool:
    """Prepares the output directory of a job.

    Args:
      folder: the directory.
      what: its kind for messages, such as `dataset`.
      request: fingerprint of the job's settings and input.
      overwrite: allows deleting a finished directory of another request.

    Returns:
      False if the directory is finished and of this request: there is nothing to do. Otherwise True, and the
      directory is marked as unfinished and of this request.

    Raises:
      ValueError: if the directory is finished and of another request, or holds files that are not ours.
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
    goes_on = not marks and storage.exists(unfinished) and read_json(unfinished).get("request") == request
    if not goes_on:
        _clear(folder)
    storage.sweep(folder)
    write_json(unfinished, {"request": request})
    return True


def _clear(folder: str) -> None:
    """Deletes all files of a directory of ours; if that is interrupted, the directory is still known as ours."""
    unfinished = storage.join(folder, UNFINISHED)
    write_json(unfinished, {"request": ""})
    storage.delete(storage.join(folder, COMPLETED))
    for info in storage.match(folder):
        if info.path != unfinished:
            storage.delete(info.path)


def complete(folder: str, marks: dict[str, str]) -> None:
    """Marks a directory as finished; `marks` are its fingerprints (`request`, `content`)."""
    write_json(storage.join(folder, COMPLETED), marks)
    storage.delete(storage.join(folder, UNFINISHED))
