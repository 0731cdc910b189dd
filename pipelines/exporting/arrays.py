"""Exports windows as `.npy` files that PyTorch maps into memory, and as a folder that TensorFlow Datasets opens."""

import shutil
from typing import Any

import numpy as np

from nabi.workspace import paths, storage
from pipelines.exporting import json_lines, rows
from pipelines.exporting.dataset_reader import DatasetReader
from pipelines.exporting.tally import Tally

SONGS = "songs.jsonl"
_FEATURES = "tensorflow_datasets.core.features"


def write_npy(dataset: DatasetReader, output: str, tally: Tally) -> None:
    """Writes `SPLIT.npy`, int32 [windows, window + 1] each, and `songs.jsonl`, the songs of the windows in order."""
    with storage.open_write(storage.join(output, SONGS)) as places:
        for split, counts in dataset.counts.items():
            with storage.open_write(storage.join(output, f"{split}.npy")) as file:
                shape = (counts["windows"], dataset.window + 1)
                np.lib.format.write_array_header_1_0(file, {"descr": "<i4", "fortran_order": False, "shape": shape})
                for shard in dataset.shards(split):
                    for song in tally.count(split, dataset.songs(shard)):
                        file.write(np.stack([window.tokens for window in song]).astype("<i4").tobytes())
                        places.write(json_lines.json_line(rows.place_row(song, dataset, split)))
                # Before the file appears: its header has promised the number.
                dataset.require_all(split, tally.windows[split])


def write_tfds(dataset: DatasetReader, output: str, tally: Tally) -> None:
    """Copies the record files, and describes them in `features.json` and, at the end, `dataset_info.json`."""
    splits = []
    with storage.open_write(storage.join(output, SONGS)) as places:
        for split in dataset.counts:
            lengths, size = [], 0
            for shard in dataset.shards(split):
                before = tally.windows[split]
                for song in tally.count(split, dataset.songs(shard)):
                    places.write(json_lines.json_line(rows.place_row(song, dataset, split)))
                lengths.append(tally.windows[split] - before)
                size += _copy(dataset.record_file(shard), storage.join(output, f"{shard}.tfrecord"))
            dataset.require_all(split, tally.windows[split])
            splits.append(_split_info(split, lengths, size))
    paths.write_json(storage.join(output, "features.json"), _features(dataset.window))
    paths.write_json(storage.join(output, "dataset_info.json"), _dataset_info(dataset, splits))


def _copy(source: str, target: str) -> int:
    """Copies a file and returns its size in bytes."""
    with storage.open_read(source) as read, storage.open_write(target) as written:
        shutil.copyfileobj(read, written)
        return written.tell()


def _split_info(split: str, windows: list[int], size: int) -> dict[str, Any]:
    """Describes a split as `SplitInfo` of dataset_info.proto; numbers of 64 bits are text in a message's JSON."""
    return {
        "name": split,
        "shardLengths": [str(count) for count in windows],
        "numBytes": str(size),
        # That of `nabi.workspace.paths.shard_name`.
        "filepathTemplate": "{SPLIT}-{SHARD_X_OF_Y}.{FILEFORMAT}",
    }


def _dataset_info(dataset: DatasetReader, splits: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": "nabi",
        "version": "1.0.0",
        "description": f"Windows of music, {dataset.window} + 1 token ids each; README.md says more.",
        "fileFormat": "tfrecord",
        "splits": splits,
    }


def _features(window: int) -> dict[str, Any]:
    """Describes the features of a record (`nabi.music.records.FEATURES`) as `FeaturesDict` saves itself."""
    scalar = {
        "pythonClassName": f"{_FEATURES}.scalar.Scalar",
        "tensor": {"shape": {}, "dtype": "int64", "encoding": "none"},
    }
    shape = {"dimensions": [str(window + 1)]}
    features = {
        "song": {"pythonClassName": f"{_FEATURES}.text_feature.Text", "text": {}},
        "start": scalar,
        "tokens": {
            "pythonClassName": f"{_FEATURES}.tensor_feature.Tensor",
            "tensor": {"shape": shape, "dtype": "int64", "encoding": "none"},
        },
        "transpose": scalar,
    }
    return {
        "pythonClassName": f"{_FEATURES}.features_dict.FeaturesDict",
        "featuresDict": {"features": features},
    }
