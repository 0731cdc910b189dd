"""Conversion of a polyphonic set to dataset directories for the trainer and the scoring.

In `steps` frames become tokens directly, since a song would not keep the silence at its end. Two directories are
written: `dataset` with the training and the validation split, and `test`. The trainer scores every split of its dataset
whenever it finishes a model; a test split in another directory cannot be scored by accident.
"""

import collections
import dataclasses
import fractions
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks import polyphonic_sets as sets
from benchmarks.polyphonic_sets import Piece
from benchmarks.polyphonic_writing import Writing
from nabi.music import quantisation, records, windows
from nabi.music.vocabulary import Vocabulary
from nabi.workspace import paths, storage
from pipelines.config import PreprocessConfig
from pipelines.preprocessing import dataset_check
from pipelines.reading import dataset_settings
from trainer.data.dataset import Dataset

TEST = "test"

# Directory -> its splits.
PARTS = {paths.DATA: ("train", "validation"), TEST: ("test",)}


def settings_of(
    pieces: Mapping[str, Sequence[Piece]],
    *,
    ticks: int,
    window: int,
    stride: int,
    semitones: Sequence[int],
    encoding: str = "steps",
) -> PreprocessConfig:
    """Builds the settings of a set's dataset.

    Args:
      pieces: split -> its pieces.
      ticks: length of a frame, 12 ticks to the quarter note.
      window: targets a record.
      stride: tokens from one training window to the next.
      semitones: transpositions of training pieces, where these stay within 21..108.
      encoding: `steps`, or one that loses nothing but the silence at the end.

    Raises:
      ValueError: if a piece ends with silence, and the encoding would lose it.
    """
    if encoding != "steps" and not all(piece[-1] for own in pieces.values() for piece in own):
        raise ValueError(f"--encoding {encoding} loses silence at the end, which pieces of this set have: leave it out")
    step = {"step": str(fractions.Fraction(ticks, quantisation.ticks_per_quarter(quantisation.DEFAULT)))}
    share = len(pieces["validation"]) / (len(pieces["train"]) + len(pieces["validation"]))
    return PreprocessConfig(
        encoding=encoding,
        **(step if encoding == "steps" else {}),
        window=window,
        stride=stride,
        split=(1 - share, share, 0),
        transpose=tuple(semitones),
    )


def build(
    folder: str, name: str, pieces: Mapping[str, Sequence[Piece]], config: PreprocessConfig, *, overwrite: bool = False
) -> None:
    """Writes `dataset` and `test` into a folder, unless they exist already.

    Args:
      folder: folder of the set.
      name: name of the set.
      pieces: split -> its pieces.
      config: settings from `settings_of`.
      overwrite: True to delete finished datasets of other settings or pieces.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: if there is another dataset, or it cannot be written.
    """
    songs = {split: _by_hash(name, split, split_pieces) for split, split_pieces in pieces.items()}
    writing = Writing(config.build_encoding(), sets.SETS[name].ticks)
    vocabulary = _vocabulary(writing, pieces["train"])
    described = describe(name, pieces, config)
    content = paths.fingerprint([described, {split: sorted(hashes) for split, hashes in songs.items()}])
    marks = {"request": content, "content": content}
    for part, splits in PARTS.items():
        output = storage.join(folder, part)
        if paths.begin(output, "dataset", content, overwrite):
            counts = {split: _write(output, split, songs[split], vocabulary, writing, config) for split in splits}
            storage.write_text(storage.join(output, paths.VOCABULARY), vocabulary.to_json())
            about = {**described, **marks, "splits": counts, "versions": dataset_check.versions()}
            paths.write_json(storage.join(output, paths.DATASET), about)
            paths.complete(output, marks)


def describe(name: str, pieces: Mapping[str, Sequence[Piece]], config: PreprocessConfig) -> dict[str, Any]:
    """Builds the part of `dataset.json` that does not depend on the written files: name, settings and statistics."""
    statistics = sets.statistics_of(pieces, config.transpose)
    return {
        "version": dataset_check.VERSION,
        "set": name,
        "settings": dataset_settings.content_settings(config),
        "statistics": {split: dataclasses.asdict(counts) for split, counts in statistics.items()},
    }


def open_split(folder: str, split: str) -> Dataset:
    """Opens the dataset with a split, `validation` or `test`, in the folder of a set.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: if it does not exist or is not finished.
    """
    part = storage.join(folder, next(part for part, splits in PARTS.items() if split in splits))
    marks = paths.require_completed(part, "dataset", "python -m benchmarks.polyphonic prepare SET --output DIR")
    about = paths.read_json(storage.join(part, paths.DATASET))
    vocabulary = Vocabulary.from_json(storage.read_text(storage.join(part, paths.VOCABULARY)))
    return Dataset(part, marks["content"], about["settings"], about["splits"], vocabulary)


def name_of(folder: str) -> str:
    """Reads the name of the set that was prepared in a folder."""
    name: str = paths.read_json(storage.join(folder, paths.DATA, paths.DATASET))["set"]
    return name


def _by_hash(name: str, split: str, pieces: Sequence[Piece]) -> dict[str, Piece]:
    """Maps hashes to pieces; numbers are hashed too, so that equal pieces stay distinct."""
    texts = [json.dumps([name, split, number, piece]) for number, piece in enumerate(pieces)]
    return {hashlib.sha256(text.encode()).hexdigest(): piece for text, piece in zip(texts, pieces, strict=True)}


def _vocabulary(writing: Writing, training: Sequence[Piece]) -> Vocabulary:
    counts = collections.Counter(token for piece in training for token in writing.tokens(piece))
    return Vocabulary.from_counts(counts, writing.encoding.required())


def _write(
    output: str,
    split: str,
    songs: Mapping[str, Piece],
    vocabulary: Vocabulary,
    writing: Writing,
    config: PreprocessConfig,
) -> dict[str, int]:
    """Publishes the shards of a split and returns their counts for `dataset.json`."""
    # The test split has as many shards as the validation split.
    shards = dataset_settings.shard_counts(config)["train" if split == "train" else "validation"]
    written = 0
    for index in range(shards):
        with storage.open_write(storage.join(output, paths.shard_name(split, index, shards))) as file:
            for song in sorted(song for song in songs if windows.shard_of(song, shards) == index):
                cut = _windows(song, songs[song], split, vocabulary, writing, config)
                written += records.write(file, map(records.serialize, cut))
    # `<start>` and `<end>` count.
    tokens = sum(len(writing.tokens(piece)) + 2 for piece in songs.values())
    return {"songs": len(songs), "tokens": tokens, "unknown": 0, "windows": written, "shards": shards}


def _windows(
    song: str, piece: Piece, split: str, vocabulary: Vocabulary, writing: Writing, config: PreprocessConfig
) -> Iterator[records.Window]:
    """Cuts a piece into windows, in training at each transposition; each held-out token is a target exactly once."""
    training = split == "train"
    stride = config.training_stride if training else config.window
    for semitones in sets.transpositions(piece, config.transpose) if training else (0,):
        ids = windows.mark(vocabulary.encode(writing.tokens(sets.transpose(piece, semitones))))
        yield from windows.of_song(ids, song, window=config.window, stride=stride, transpose=semitones)
