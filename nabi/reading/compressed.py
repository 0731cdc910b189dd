"""Unpacks song files compressed by gzip (`tune.mid.gz`, or a `.mid` that a web server compressed), within bounds."""

import zlib

from nabi.music.errors import ParseError

# Larger files are refused: the largest of the 176,000 songs of Lakh has 2 MB.
MAX_BYTES = 1 << 24

_MAGIC = b"\x1f\x8b\x08"
# zlib's code for gzip's header and trailer around the deflated bytes.
_GZIP = 31


def is_compressed(data: bytes) -> bool:
    """Tells whether bytes begin as those of gzip."""
    return data.startswith(_MAGIC)


def unpacked(data: bytes) -> bytes:
    """Unpacks the bytes of a gzip file, once; returns other bytes as they are.

    >>> import gzip
    >>> unpacked(gzip.compress(b"MThd", mtime=0))
    b'MThd'

    Raises:
      ParseError: `too-large` above `MAX_BYTES`, where unpacking stops; `damaged` if the file ends early or is corrupt.
    """
    if not is_compressed(data):
        return data
    parts, size = [], 0
    # A gzip file may have several members, one after the other.
    while is_compressed(data):
        member = zlib.decompressobj(_GZIP)
        try:
            parts.append(member.decompress(data, MAX_BYTES + 1 - size))
        except zlib.error as error:
            raise ParseError("damaged", f"the compressed file cannot be unpacked: {error}") from error
        size += len(parts[-1])
        if size > MAX_BYTES:
            raise ParseError("too-large", f"unpacks to more than {MAX_BYTES} bytes, which is the limit")
        if not member.eof:
            raise ParseError("damaged", "the compressed file ends early")
        data = member.unused_data
    return b"".join(parts)
