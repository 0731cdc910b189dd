"""Stores an index as one file: TFRecord frames, each with its length and checksums, around JSON and plain columns."""

import dataclasses
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nabi.analysis.copies.grams import Gram
from nabi.analysis.copies.held_out import HeldOut
from nabi.analysis.copies.index import Fingerprints, Index, IndexedSong
from nabi.music import records
from nabi.music.canonical_form import MAX_TICKS
from nabi.workspace import storage

# Largest index, whatever the collection: as large as the weights of an LSTM of 2 x 2048 units.
MAX_BYTES = 64 << 20

_FORMAT = "nabi copies index"
_VERSION = 1

# Columns of a fingerprint: its hash, then note, tick and pitch of its first note.
_COLUMNS = ("<u8", "<i4", "<i4", "u1")
_BYTES = sum(np.dtype(column).itemsize for column in _COLUMNS)

# Songs of an index, at most: their smallest possible fingerprints fill half a file.
MAX_SONGS = 1 << 18
# Fingerprints of a song, at least, for any window: its first, its last and its smallest.
_FEWEST = 3

# Characters of a song's name and source in the file, at most; of a longer source the end is kept.
MAX_NAME = 64
MAX_SOURCE = 160
# Bytes reserved for the header, with the copies of validation songs, and for the frames.
_RESERVED = 1 << 17


def most_fingerprints(songs: Sequence[IndexedSong] = ()) -> int:
    """Counts the fingerprints that fit into a file beside the names of these songs."""
    return max(MAX_BYTES - _RESERVED - len(_table(songs, [0] * len(songs))), 0) // _BYTES


def named(songs: Sequence[IndexedSong]) -> list[IndexedSong]:
    """Returns the songs, without their sources if these would leave no room for fingerprints."""
    if most_fingerprints(songs) >= _FEWEST * len(songs):
        return list(songs)
    return [dataclasses.replace(song, source="") for song in songs]


def write(index: Index) -> bytes:
    """Serializes an index; equal indices give equal bytes.

    Raises:
      ValueError: if it would have more than `MAX_BYTES`.
    """
    kept = index.fingerprints
    counts = np.bincount(kept.song, minlength=len(index.songs)).tolist()
    columns: list[npt.NDArray[Any]] = [kept.hashes, kept.note, kept.tick, kept.pitch]
    parts = [_json(_header(index)), _table(index.songs, counts)]
    parts += [column.astype(kind).tobytes() for column, kind in zip(columns, _COLUMNS, strict=True)]
    file = io.BytesIO()
    records.write(file, parts)
    data = file.getvalue()
    if len(data) > MAX_BYTES:
        raise ValueError(f"an index of {len(data)} bytes is larger than the {MAX_BYTES} that are allowed")
    return data


def read(data: bytes) -> Index:
    """Reads what `write` wrote.

    Raises:
      ValueError: if it is anything else, is damaged, or contradicts itself.
    """
    if len(data) > MAX_BYTES:
        raise ValueError(f"it has {len(data)} bytes, an index has at most {MAX_BYTES}")
    try:
        parts = list(records.read(io.BytesIO(data)))
        if len(parts) != 2 + len(_COLUMNS):
            raise ValueError(f"it has {len(parts)} parts, an index has {2 + len(_COLUMNS)}")
        return _index(json.loads(parts[0]), json.loads(parts[1]), parts[2:])
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"it is not an index of copies: {error!r}") from error


def load(path: str, content: str) -> Index:
    """Reads the index in a file.

    Args:
      path: of the file.
      content: the fingerprint of the dataset that it must be of.

    Raises:
      ValueError: if it is no such index, naming the path and what to do.
      nabi.workspace.storage.StorageError: if it cannot be read.
    """
    with storage.open_read(path) as file:
        data = file.read(MAX_BYTES + 1)
    try:
        index = read(data)
        if index.content != content:
            raise ValueError(f"it is of the dataset {index.content!r}, the model of {content!r}")
        return index
    except ValueError as error:
        raise ValueError(
            f"{path} is no index of the training songs ({error}): copy the model directory again, or train again"
        ) from error


def _header(index: Index) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "version": _VERSION,
        **dataclasses.asdict(index.gram),
        "window": index.window,
        "left_out": index.left_out,
        "held_out": dataclasses.asdict(index.held_out),
        "content": index.content,
    }


def _table(songs: Sequence[IndexedSong], counts: Sequence[int]) -> bytes:
    return _json(
        [
            [song.song[:MAX_NAME], song.source[-MAX_SOURCE:], song.notes, count]
            for song, count in zip(songs, counts, strict=True)
        ]
    )


def _json(value: object) -> bytes:
    # JSON escapes keep file names that are not valid Unicode.
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _index(header: Mapping[str, Any], table: Sequence[Sequence[Any]], columns: Sequence[bytes]) -> Index:
    if header["format"] != _FORMAT or header["version"] != _VERSION:
        raise ValueError(f"it is {header['format']!r}, version {header['version']}, not {_FORMAT!r}, {_VERSION}")
    gram = Gram(_whole(header["notes"], 2, 1 << 10), bool(header["octaves"]))
    songs = tuple(IndexedSong(str(song), str(source), _whole(notes, 0, 1 << 31)) for song, source, notes, _ in table)
    counts = [_whole(count, 0, MAX_BYTES) for *_, count in table]
    sizes = [sum(counts) * np.dtype(kind).itemsize for kind in _COLUMNS]
    if [len(column) for column in columns] != sizes:
        raise ValueError(f"its columns have {[len(column) for column in columns]} bytes instead of {sizes}")
    index = Index(
        gram,
        _whole(header["window"], 1, 1 << 31),
        songs,
        _whole(header["left_out"], 0, 1 << 62),
        _fingerprints(columns, np.repeat(np.arange(len(songs)), counts)),
        _held_out(header["held_out"]),
        str(header["content"]),
    )
    _check(index)
    return index


def _fingerprints(columns: Sequence[bytes], song: npt.NDArray[np.int64]) -> Fingerprints:
    hashes, note, tick, pitch = (np.frombuffer(column, kind) for column, kind in zip(columns, _COLUMNS, strict=True))
    return Fingerprints.of(hashes, song, note, tick, pitch)


def _held_out(fields: Mapping[str, Any]) -> HeldOut:
    columns = [fields["notes"], fields["bars"], fields["shares"]]
    if len({len(column) for column in columns}) != 1:
        raise ValueError("its columns of validation songs differ in length")
    if not all(math.isfinite(value) and value >= 0 for column in columns for value in column):
        raise ValueError("a value of a validation song is no number from 0 on")
    if any(list(column) != sorted(column) for column in columns):
        raise ValueError("its values of validation songs do not ascend")
    return HeldOut(*map(tuple, columns))


def _check(index: Index) -> None:
    """Raises ValueError if a fingerprint lies outside its song or out of order."""
    kept = index.fingerprints
    lengths = np.array([song.notes for song in index.songs], np.int64)
    if (kept.note < 0).any() or (kept.note + np.int64(index.gram.notes) > lengths[kept.song]).any():
        raise ValueError("a fingerprint lies outside its song")
    if ((np.diff(kept.song) == 0) & (np.diff(kept.note) <= 0)).any():
        raise ValueError("the fingerprints of a song do not ascend")
    if (kept.pitch > 127).any() or (kept.tick < 0).any() or (kept.tick > MAX_TICKS).any():
        raise ValueError(f"a fingerprint has a pitch above 127 or a tick outside 0..{MAX_TICKS}")


def _whole(value: object, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"{value!r} is no whole number in {low}..{high}")
    return value
