"""Song files compressed by gzip (`tune.mid.gz`, or a `.mid` that a web server compressed), unpacked within bounds."""

import zlib

from nabi.music.errors import ParseError

# A file of more bytes is no song: the largest of Lakh's 176,000 has 2 MB.
MAX_BYTES = 1 << 24

_MAGIC = b"\x1f\x8b\x08"
# zlib's code for gzip's header and trailer around the deflated bytes.
_GZIP = 31


def is_compressed(data: bytes) -> bool:
    """Whether bytes begin as gzip's do."""
    return data.startswith(_MAGIC)


def unpacked(data: bytes) -> bytes:
    """The content of gzip's bytes, other bytes as they are; what is compressed in it stays so.

    Raises:
      ParseError: `too-large` above `MAX_BYTES`, unpacked no further; `damaged` if it ends early or contradicts itself.
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
