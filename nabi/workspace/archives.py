"""Archives (.zip, .tar, .tar.gz, .tgz) as input: members listed and read in place, nothing unpacked to disk.

A member is refused, with the reason in a sentence, if its name is absolute or has a `..`, if it is a link, a device,
encrypted or an archive itself, or if it is a bomb: of more than `MAX_MEMBER_BYTES`, or in a zip of more than
`SMALL_BYTES` and over `MAX_RATIO` times its compressed size. A tar.gz may unpack to `MAX_RATIO` times its size (or
`tars.SMALL_STREAM_BYTES`). No size that a header claims is trusted: reading stops at the bounds.
"""

import collections
import contextlib
import dataclasses
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO

from nabi.music.errors import ParseError
from nabi.workspace import file_endings, storage, tars
from nabi.workspace.tars import MAX_RATIO

# The limit of a song file (see nabi.reading.file_reader).
MAX_MEMBER_BYTES = 1 << 24
# Below this no compression ratio is suspicious: a held chord, or silence, compresses to nearly nothing.
SMALL_BYTES = 1 << 20

# Archives that a MemberReader keeps open at most.
MAX_OPEN = 4

_NESTED = (*file_endings.ARCHIVES, ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tbz2", ".txz")
_SEPARATOR = re.compile(r"[/\\]")
_DRIVE = re.compile(r"[A-Za-z]:")
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# Exceptions of the standard library for damaged archives; OSError includes gzip's, and the file system's.
_DAMAGE = (
    *(zipfile.BadZipFile, tars.DamagedError, zlib.error, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, OverflowError),
)


@dataclasses.dataclass(frozen=True)
class Member:
    """A file in an archive.

    Attributes:
      name: its path in the archive, with unprintable characters replaced; "" if the name cannot be read.
      size: uncompressed size in bytes, as the archive claims.
      position: its unique position in the archive: in a zip the entry's number, in a tar the content's offset in the
        uncompressed archive, in bytes.
      failure: why it is not read; "" if it is.
    """

    name: str
    size: int
    position: int
    failure: str = ""


def is_archive(path: str) -> bool:
    """Returns true if a path has the extension of an archive.

    >>> is_archive("music.TAR.GZ"), is_archive("song.mid.gz")
    (True, False)
    """
    return path.lower().endswith(file_endings.ARCHIVES)


def list_members(path: str) -> Iterator[Member]:
    """Yields the files in an archive, in its order and without folders; refused ones have a failure.

    A truncated tar gives the members before the damage, then one with a failure.

    Raises:
      StorageError: if the archive cannot be opened, or is damaged before its first member.
    """
    with storage.open_read(path) as file, _explained(path):
        yield from _zip_members(file) if path.lower().endswith(".zip") else _tar_members(file, path)


class MemberReader:
    """Reads members of any archives; has to be closed, or used as a context. Not thread-safe.

    At most `MAX_OPEN` archives stay open. Reading all members of a tar.gz in order costs one decompression; a member
    that lies before the last one read costs another.
    """

    def __init__(self) -> None:
        self._open: collections.OrderedDict[str, _Zip | _Tar] = collections.OrderedDict()

    def read(self, path: str, member: Member) -> bytes:
        """Reads a member; raises ParseError `too-large` above `MAX_MEMBER_BYTES`, else StorageError."""
        if member.size > MAX_MEMBER_BYTES:
            raise ParseError("too-large", _too_large(member.size))
        if member.failure:
            raise storage.StorageError(f"cannot read {path}!{member.name}: {member.failure}")
        try:
            with _explained(path):
                return self._archive(path).read(member)
        except storage.StorageError:
            # After damage the position of the archive's stream is not known.
            self._close(path)
            raise

    def close(self) -> None:
        """Closes all archives."""
        while self._open:
            self._close(next(iter(self._open)))

    def __enter__(self) -> "MemberReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _archive(self, path: str) -> "_Zip | _Tar":
        if path not in self._open:
            if len(self._open) >= MAX_OPEN:
                self._close(next(iter(self._open)))
            self._open[path] = _Zip(path) if path.lower().endswith(".zip") else _Tar(path)
        self._open.move_to_end(path)
        return self._open[path]

    def _close(self, path: str) -> None:
        if path in self._open:
            self._open.pop(path).close()


class _Zip:
    def __init__(self, path: str) -> None:
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(storage.open_read(path))
            archive = stack.enter_context(zipfile.ZipFile(file))
            self._entries = archive.infolist()
            self._archive = archive
            self._stack = stack.pop_all()

    def read(self, member: Member) -> bytes:
        """Reads an entry, whose number and size must be those listed."""
        if member.position >= len(self._entries):
            raise ValueError(f"it has no entry {member.position}: was it changed since it was listed?")
        with self._archive.open(self._entries[member.position]) as file:
            data = file.read(MAX_MEMBER_BYTES + 1)
        if len(data) != member.size:
            raise ValueError(f"{member.name} has not the {member.size} bytes that were listed")
        return data

    def close(self) -> None:
        """Closes the archive and its file."""
        self._stack.close()


class _Tar:
    def __init__(self, path: str) -> None:
        self._open: Callable[[], tars.Stream] = lambda: tars.Stream(storage.open_read(path), _is_compressed(path))
        self._stream = self._open()

    def read(self, member: Member) -> bytes:
        """Reads a file's content, from the archive's beginning again if it lies behind."""
        if member.position < self._stream.position and self._stream.compressed:
            self._stream.close()
            self._stream = self._open()
        self._stream.skip_to(member.position)
        data = self._stream.read(member.size)
        if len(data) != member.size:
            raise EOFError(f"it ends inside {member.name}")
        return data

    def close(self) -> None:
        """Closes the archive's stream."""
        self._stream.close()


def _zip_members(file: IO[bytes]) -> Iterator[Member]:
    with zipfile.ZipFile(file) as archive:
        for position, entry in enumerate(archive.infolist()):
            if not entry.is_dir():
                failure = _name_failure(entry.filename) or _zip_failure(entry)
                yield Member(_printable(entry.filename), entry.file_size, position, failure)


def _zip_failure(entry: zipfile.ZipInfo) -> str:
    # The upper half is the Unix mode if the archive was made on Unix.
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "it is a link" if kind == stat.S_IFLNK else "it is no plain file"
    if entry.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if entry.compress_type not in _METHODS:
        return f"it is compressed by method {entry.compress_type}; stored and deflated are read"
    if entry.file_size > MAX_MEMBER_BYTES:
        return _too_large(entry.file_size)
    if entry.file_size > max(SMALL_BYTES, MAX_RATIO * entry.compress_size):
        return f"{entry.compress_size} bytes unpack to {entry.file_size}; the limit is {MAX_RATIO} times as many"
    return ""


def _tar_members(file: IO[bytes], path: str) -> Iterator[Member]:
    stream = tars.Stream(file, _is_compressed(path))
    listed = 0
    try:
        for header in tars.headers(stream):
            failure = header.failure or _name_failure(header.name)
            if header.size > MAX_MEMBER_BYTES:
                failure = failure or _too_large(header.size)
            yield Member(_printable(header.name), header.size, header.position, failure)
            listed += 1
    except _DAMAGE as error:
        if not listed:
            raise
        yield Member("", 0, stream.position, f"the archive is damaged after {listed} members: {error}")


def _name_failure(name: str) -> str:
    if name.startswith(("/", "\\")) or _DRIVE.match(name):
        return "its name is absolute"
    if ".." in _SEPARATOR.split(name):
        return "its name leads out of the archive by '..'"
    # A single compressed song is unpacked when it is read.
    if name.lower().endswith(_NESTED) and not name.lower().endswith(file_endings.SONGS):
        return "it is an archive, and archives in archives are not opened"
    return ""


def _too_large(size: int) -> str:
    return f"{size} bytes; the limit is {MAX_MEMBER_BYTES}"


def _printable(name: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def _is_compressed(path: str) -> bool:
    return not path.lower().endswith(".tar")


@contextlib.contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except storage.StorageError:
        raise
    except _DAMAGE as error:
        raise storage.StorageError(f"cannot read {path}: the archive is damaged ({error})") from error
