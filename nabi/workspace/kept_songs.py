"""Files of a dataset's songs by the hash of their source files, so that the next run need not read those again.

A file has the songs one after the other, compressed, then an index of (sha256, offset, size), then the index's length
and a magic number. It is written song by song and read from its end.
"""

import shutil
import struct
import tempfile
import zlib
from collections.abc import Iterable
from typing import IO

import numpy as np
import numpy.typing as npt

from nabi.music.song import Song
from nabi.workspace import paths, storage

_INDEX = np.dtype([("sha256", "V32"), ("offset", "<i8"), ("size", "<i4")])
_TRAILER = struct.Struct("<Q4s")
_MAGIC = b"NKs1"


class _Writer:
    """Writes songs, then their index."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._offset = file, 0
        self._index: list[tuple[bytes, int, int]] = []

    def add(self, sha256: str, song: Song) -> None:
        """Writes a song."""
        data = zlib.compress(song.to_bytes())
        self._file.write(data)
        self._index.append((bytes.fromhex(sha256), self._offset, len(data)))
        self._offset += len(data)

    def finish(self) -> None:
        """Writes the index."""
        index = np.array(self._index, _INDEX).tobytes()
        self._file.write(index + _TRAILER.pack(len(index), _MAGIC))


class KeptSongs:
    """Kept songs of a dataset directory, by the hash of their files; takes 80 bytes a song, and has to be closed."""

    def __init__(self, folder: str) -> None:
        """Takes the dataset directory, from which the first `get` reads the index."""
        self._folder = folder
        self._open: dict[str, IO[bytes]] = {}
        self._paths: list[str] = []
        self._index: npt.NDArray[np.void] | None = None
        self._keys: npt.NDArray[np.bytes_] = np.zeros(0, "S32")
        self._files: npt.NDArray[np.int32] = np.zeros(0, np.int32)

    def get(self, sha256: str) -> Song | None:
        """Returns the song of the file with this hash; None if there is none, or it is damaged."""
        index = self._load()
        key = np.frombuffer(bytes.fromhex(sha256), "S32")
        row = int(np.searchsorted(self._keys, key)[0])
        if row == len(index) or index["sha256"][row].tobytes().hex() != sha256:
            return None
        file = self._opened(self._paths[self._files[row]])
        file.seek(int(index["offset"][row]))
        try:
            return Song.from_bytes(zlib.decompress(file.read(int(index["size"][row]))))
        except (zlib.error, ValueError):
            return None

    def _opened(self, path: str) -> IO[bytes]:
        """Opens a file of songs; one in a bucket is copied, since a request for each song would take longer."""
        if path not in self._open:
            self._open[path] = storage.open_read(path)
            if storage.scheme_of(path):
                copy: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=1 << 26)  # noqa: SIM115 - `close` does.
                with self._open[path] as remote:
                    shutil.copyfileobj(remote, copy)
                self._open[path] = copy
        return self._open[path]

    def close(self) -> None:
        """Closes the files."""
        for file in self._open.values():
            file.close()

    def _load(self) -> npt.NDArray[np.void]:
        if self._index is None:
            self._paths = list(paths.kept_songs_paths(self._folder))
            parts = [_read_index(path) for path in self._paths]
            index = np.concatenate([np.zeros(0, _INDEX), *parts])
            files = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) for part in parts])
            order = np.argsort(_keys(index), kind="stable")
            self._index, self._files = index[order], files[order]
            # Kept, since taking the column out of the index copies it whole.
            self._keys = _keys(self._index)
        return self._index


def write_songs(path: str, songs: Iterable[tuple[str, Song]]) -> None:
    """Writes a file of songs; equal songs give equal bytes.

    Args:
      path: the file.
      songs: (hash of the song's file, 64 hexadecimal digits; song); a copy or a tune of several has no such hash, see
        `SongId.is_whole_file`.
    """
    with storage.open_write(path) as file:
        writer = _Writer(file)
        for sha256, song in songs:
            writer.add(sha256, song)
        writer.finish()


def _keys(index: npt.NDArray[np.void]) -> npt.NDArray[np.bytes_]:
    """Returns the hashes in a type that NumPy can sort, bytes [songs].

    It ignores zeros at the end; hashes that differ only there do not occur.
    """
    return np.ascontiguousarray(index["sha256"]).view("S32")


def damage(folder: str) -> str:
    """Returns the reason why a dataset's kept songs cannot be used, as a sentence; "" if they can."""
    try:
        for path in paths.kept_songs_paths(folder):
            with storage.open_read(path) as file:
                _index_size(path, file)
    except ValueError as error:
        return str(error)
    return ""


def _read_index(path: str) -> npt.NDArray[np.void]:
    with storage.open_read(path) as file:
        size = _index_size(path, file)
        file.seek(-_TRAILER.size - size, 2)
        return np.frombuffer(file.read(size), _INDEX)


def _index_size(path: str, file: IO[bytes]) -> int:
    """Returns the size of a file's index in bytes; raises ValueError if it has none."""
    length = file.seek(0, 2)
    file.seek(max(length - _TRAILER.size, 0))
    ending = file.read()
    size, magic = _TRAILER.unpack(ending) if len(ending) == _TRAILER.size else (0, ending)
    if magic != _MAGIC or size % _INDEX.itemsize or size > length - _TRAILER.size:
        raise ValueError(f"{path} holds no kept songs of this version (it ends with {magic!r}, not {_MAGIC!r})")
    return int(size)
