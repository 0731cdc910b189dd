"""Reads tar archives forward only, compressed or not, with limits on size."""

import dataclasses
import gzip
import io
import tarfile
from collections.abc import Iterator
from typing import IO, cast

# A gzip stream may unpack to this many times its size, or to SMALL_STREAM_BYTES; deflate can reach 1,032 times.
MAX_RATIO = 200
SMALL_STREAM_BYTES = 1 << 26

# Limit for a header's extensions (long names, attributes), which state a size of their own.
_MAX_READ = 1 << 24
_CHUNK = 1 << 20
# Bytes that can be read again: tarfile goes back one byte.
_KEPT = 1


class DamagedError(Exception):
    """Raised for a tar that ends early, contradicts itself or unpacks to too much."""


@dataclasses.dataclass(frozen=True)
class Header:
    """A file in a tar.

    Attributes:
      name: its path in the archive.
      size: size of its content in bytes.
      position: offset of its content in the uncompressed archive, in bytes.
      failure: why it is not read; "" if it is.
    """

    name: str
    size: int
    position: int
    failure: str


class Stream:
    """The uncompressed bytes of an archive; a compressed one is read forward only.

    Attributes:
      position: offset of the next byte; set by `skip_to`, moved by `read`.
      compressed: true for a gzip archive.
    """

    def __init__(self, file: IO[bytes], compressed: bool) -> None:
        self.compressed = compressed
        self.position = 0
        self._raw = file
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        self._limit = max(SMALL_STREAM_BYTES, MAX_RATIO * size) if compressed else size
        self._file = cast(IO[bytes], gzip.GzipFile(fileobj=file)) if compressed else file
        # The last bytes read, and the number of them to read again.
        self._kept = b""
        self._again = 0

    def read(self, size: int = -1) -> bytes:
        """Reads the next bytes, fewer only at the end; raises DamagedError beyond the limits on size."""
        if not 0 <= size <= _MAX_READ:
            raise DamagedError(f"a header claims {size} bytes")
        again, self._again = self._kept[len(self._kept) - self._again :][:size], max(self._again - size, 0)
        data = again + self._file.read(size - len(again))
        self.position += len(data)
        self._kept = (self._kept + data)[-_KEPT:]
        if self.position > self._limit:
            raise DamagedError(f"it unpacks to more than {self._limit} bytes, {MAX_RATIO} times its size")
        return data

    def skip_to(self, position: int) -> None:
        """Moves to a position; raises DamagedError if the archive ends before it, or if a compressed one is past it."""
        if not self.compressed:
            if position > self._limit:
                raise DamagedError(f"it ends at {self._limit}, inside a member that goes to {position}")
            self._file.seek(position)
            self._kept, self._again, self.position = b"", 0, position
            return
        if self.position - len(self._kept) <= position < self.position:
            self._again, self.position = self.position - position, position
        if position < self.position:
            raise DamagedError(f"it would have to be read backwards, to {position}")
        while self.position < position:
            if not self.read(min(position - self.position, _CHUNK)):
                raise DamagedError(f"it ends at {self.position}, inside a member that goes to {position}")

    def seek(self, position: int) -> int:
        """Calls `skip_to`, under the name that tarfile uses."""
        self.skip_to(position)
        return position

    def tell(self) -> int:
        """Returns the position."""
        return self.position

    def close(self) -> None:
        """Closes the archive."""
        self._file.close()
        self._raw.close()


class _StrictInfo(tarfile.TarInfo):
    """A header that raises DamagedError if it is damaged; tarfile would take it for the archive's end."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> "_StrictInfo":
        """Reads the next header of an archive."""
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise DamagedError(f"{error} at byte {tarfile_.offset}") from error


def headers(stream: Stream) -> Iterator[Header]:
    """Yields the files of an archive whose content is complete, in the archive's order.

    Raises:
      DamagedError: where the archive is damaged, or ends without its end mark.
    """
    try:
        with tarfile.TarFile(fileobj=cast(IO[bytes], stream), tarinfo=_StrictInfo, errors="replace") as archive:
            while (info := archive.next()) is not None:
                # tarfile would keep every header in memory.
                archive.members = []  # type: ignore[attr-defined]
                if info.isdir():
                    continue
                if info.isreg():
                    stream.skip_to(info.offset_data + info.size)
                yield Header(info.name, info.size, info.offset_data, _failure(info))
    except tarfile.TarError as error:
        raise DamagedError(str(error)) from error


def _failure(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "it is a link"
    if info.issparse():
        return "it is a sparse file"
    return "" if info.isreg() else "it is no plain file"
