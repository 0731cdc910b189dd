"""Packs: `X.nabi`, a zip of a model directory's files, which are read in place as the files of a folder `X.nabi/`.

Nothing is unpacked, so no member can land anywhere, and any number of processes may read a pack at once. Members are
stored without compression: their sizes are those that the pack itself has. The manifest lists every other member with
its size and sha256; all are checked when a pack is opened.
"""

import contextlib
import dataclasses
import hashlib
import json
import re
import stat
import struct
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, Any

from nabi.workspace import zips
from nabi.workspace.storage.file_system import FileInfo, StorageError

ENDING = ".nabi"
MANIFEST = "manifest.json"

_FORMAT = "nabi pack"
VERSION = 1

# Members are read into memory; of the largest LSTMs that train in a day, weights take a quarter of this.
MOST_BYTES = 1 << 31
_MOST_MEMBERS = 100
_MOST_MANIFEST = 1 << 20
# Bytes that are hashed at a time.
_CHUNK = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_COPY_AGAIN = "copy it again, or pack the model again with `nabi pack`"


def is_pack(path: str) -> bool:
    """Returns true if a path has the name of a pack.

    >>> is_pack("gs://bucket/mine.nabi"), is_pack("runs/mine")
    (True, False)
    """
    return path.endswith(ENDING)


def write(file: IO[bytes], members: Mapping[str, bytes]) -> None:
    """Writes a pack of these members and their manifest; equal members give equal bytes.

    Raises:
      ValueError: if a member has an impossible name, or they are more or larger than a pack may hold.
    """
    for name, data in members.items():
        if not _NAME.fullmatch(name) or name == MANIFEST:
            raise ValueError(f"a pack cannot hold a file of the name {name!r}")
        if len(data) > MOST_BYTES:
            raise ValueError(f"{name} has {len(data):,} bytes; a pack's files have at most {MOST_BYTES:,}")
    files = {name: {"bytes": len(data), "sha256": _sha256(data)} for name, data in sorted(members.items())}
    manifest = {"format": _FORMAT, "version": VERSION, "files": files}
    zips.write(file, {**members, MANIFEST: (json.dumps(manifest, indent=2) + "\n").encode()})


@dataclasses.dataclass(frozen=True)
class Pack:
    """An open pack, all of whose members have been checked.

    Attributes:
      path: its path.
      mark: of its content (see `FileInfo`).
      archive: the zip.
    """

    path: str
    mark: str
    archive: zipfile.ZipFile

    def info(self, name: str) -> FileInfo | None:
        """Returns a member's path and size; None if there is none of this name."""
        if name not in self.archive.NameToInfo:
            return None
        return FileInfo(f"{self.path}/{name}", self.archive.getinfo(name).file_size, self.mark)

    def read(self, name: str) -> bytes:
        """Reads a member; raises FileNotFoundError if there is none, StorageError if it was damaged since."""
        if name not in self.archive.NameToInfo:
            raise FileNotFoundError(f"{self.path}/{name}")
        with _explained(self.path):
            return self.archive.read(name)


def open_pack(path: str, mark: str, file: IO[bytes]) -> Pack:
    """Opens a pack, which keeps its file open, and checks every member against the manifest.

    Args:
      path: of the pack, for messages.
      mark: of its content (see `FileInfo`).
      file: a seekable reader of it.

    Raises:
      StorageError: in one sentence, if it is no pack, is damaged, or was made by a newer Nabi.
    """
    with _explained(path):
        archive = zipfile.ZipFile(file)
        _check_entries(path, archive.infolist())
        files = _listed(path, archive)
        for entry in archive.infolist():
            if entry.filename != MANIFEST:
                _check_member(path, archive, entry, files)
    return Pack(path, mark, archive)


def _check_entries(path: str, entries: list[zipfile.ZipInfo]) -> None:
    """Raises StorageError for members that no pack has; they are known by the zip's directory, before they are read."""
    if len(entries) > _MOST_MEMBERS:
        raise StorageError(f"{path} is no pack: it has {len(entries)} files, a pack has at most {_MOST_MEMBERS}")
    names = [entry.filename for entry in entries]
    if MANIFEST not in names:
        raise StorageError(f"{path} is a zip, but no pack: it has no {MANIFEST}; `nabi pack MODEL X{ENDING}` makes one")
    if len(set(names)) < len(names):
        raise StorageError(f"{path} is no pack: it has two files of one name: {_COPY_AGAIN}")
    for entry in entries:
        if fault := _fault(entry):
            raise StorageError(f"{path} is no pack: its {entry.filename!r} {fault}: {_COPY_AGAIN}")


def _fault(entry: zipfile.ZipInfo) -> str:
    if not _NAME.fullmatch(entry.filename):
        return "has a name that leads out of it, or into a folder"
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        return "is a link or no plain file"
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
        return "is compressed or encrypted, and a pack's files are stored as they are"
    most = _MOST_MANIFEST if entry.filename == MANIFEST else MOST_BYTES
    return f"has {entry.file_size:,} bytes, more than {most:,}" if entry.file_size > most else ""


def _listed(path: str, archive: zipfile.ZipFile) -> dict[str, Any]:
    """Reads the manifest's list of files; raises StorageError if it is of another format, or not of these members."""
    try:
        manifest = json.loads(archive.read(MANIFEST))
        kind, version, files = (manifest[key] for key in ("format", "version", "files"))
        names = set(files)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StorageError(f"{path} is damaged: its {MANIFEST} is none ({error!r}): {_COPY_AGAIN}") from error
    if kind == _FORMAT and version != VERSION:
        raise StorageError(
            f"{path} is a pack of format {version}, and this Nabi reads {VERSION}: install the Nabi that made it"
        )
    if kind != _FORMAT or not isinstance(files, dict):
        raise StorageError(f"{path} is no pack: its {MANIFEST} is not of the format {_FORMAT!r}: {_COPY_AGAIN}")
    if different := names ^ (set(archive.namelist()) - {MANIFEST}):
        raise StorageError(
            f"{path} is damaged: {min(different)!r} is in it or in its {MANIFEST}, but not in both: {_COPY_AGAIN}"
        )
    return files


def _check_member(path: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, files: dict[str, Any]) -> None:
    digest = hashlib.sha256()
    with archive.open(entry) as member:
        while chunk := member.read(_CHUNK):
            digest.update(chunk)
    if files[entry.filename] != {"bytes": entry.file_size, "sha256": digest.hexdigest()}:
        raise StorageError(
            f"{path} is damaged: {entry.filename} is not what its {MANIFEST} says (sha256 {digest.hexdigest()}): "
            f"{_COPY_AGAIN}"
        )


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turns what the zip's reader raises for damage into one sentence."""
    try:
        yield
    except (zipfile.BadZipFile, struct.error, EOFError, RuntimeError, ValueError, OverflowError) as error:
        raise StorageError(f"{path} is damaged, truncated or no pack ({error}): {_COPY_AGAIN}") from error


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
