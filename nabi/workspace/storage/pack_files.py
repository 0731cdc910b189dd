"""The files in packs as a file system: `X.nabi/config.json` is the file `config.json` of the pack `X.nabi`."""

import collections
import contextlib
import io
import os
import pathlib
import re
from collections.abc import Iterator
from typing import IO

from nabi.workspace.storage.file_system import FileInfo, FileSystem, StorageError
from nabi.workspace.storage.packs import ENDING, Pack, open_pack

# Packs that a process keeps open: a challenger and its champion.
_MOST_OPEN = 2

_INSIDE = re.compile(rf"(?P<pack>.+?{re.escape(ENDING)})/(?P<name>.+)")


class PackFiles:
    """A `nabi.workspace.storage.file_system.FileSystem` of the files in packs, or of folders that are named alike."""

    def __init__(self, around: FileSystem) -> None:
        """Reads packs that lie in another file system."""
        self._around = around

    def walk(self, prefix: str) -> Iterator[FileInfo]:
        """Yields a member, or what the file system around has at this path."""
        pack, name = self._located(prefix)
        if pack is None:
            yield from self._around.walk(prefix)
        elif info := pack.info(name):
            yield info

    def read(self, path: str) -> IO[bytes]:
        """Opens a member."""
        pack, name = self._located(path)
        return self._around.read(path) if pack is None else io.BytesIO(pack.read(name))

    def read_bytes(self, path: str) -> bytes:
        """Reads a member."""
        pack, name = self._located(path)
        return self._around.read_bytes(path) if pack is None else pack.read(name)

    @contextlib.contextmanager
    def write(self, path: str) -> Iterator[IO[bytes]]:
        """Writes where there is no pack; raises StorageError in one."""
        self._refuse(path)
        with self._around.write(path) as file:
            yield file

    def replace(self, path: str, seen: bytes | None, data: bytes) -> None:
        """Replaces where there is no pack; raises StorageError in one."""
        self._refuse(path)
        self._around.replace(path, seen, data)

    def delete(self, path: str) -> None:
        """Deletes where there is no pack; raises StorageError in one."""
        self._refuse(path)
        self._around.delete(path)

    def _located(self, path: str) -> tuple[Pack | None, str]:
        """Returns the pack that a path leads into, None if that is no file, and the member's name."""
        pack, name = _parted(path)
        info = next((info for info in self._around.walk(pack) if info.path == pack), None)
        return _opened(info, self._around) if info else None, name

    def _refuse(self, path: str) -> None:
        pack, _ = self._located(path)
        if pack:
            raise StorageError(f"cannot write into {pack.path}: a packed model can only be read: give another folder")


def within(path: str) -> bool:
    """Returns true if a path may lead into a pack: it goes on after a name that packs have."""
    pack, _ = _parted(path)
    # A local folder of such a name is a folder like any other.
    return bool(pack) and not pathlib.Path(pack).is_dir()


def _parted(path: str) -> tuple[str, str]:
    """Parts the path of a pack's member into those of the pack and the member; ("", "") for others."""
    place = _INSIDE.fullmatch(path)
    return (place["pack"], place["name"]) if place else ("", "")


# (pack, process) -> the pack. A forked process shares a file's position with its parent, so that it opens its own.
_open: collections.OrderedDict[tuple[FileInfo, int], Pack] = collections.OrderedDict()


def _opened(info: FileInfo, around: FileSystem) -> Pack:
    """Opens a pack, or returns it if it is open; one that has changed is opened, and so checked, anew."""
    key = info, os.getpid()
    if key not in _open:
        pack = open_pack(info.path, info.mark, around.read(info.path))
        while len(_open) >= _MOST_OPEN:
            _open.popitem(last=False)
        _open[key] = pack
    return _open[key]
