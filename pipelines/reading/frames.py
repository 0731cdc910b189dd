"""Messages between a worker and its parser process: frames of a kind and several fields, through pipes.

A frame is its kind, the number and the sizes of its fields, and the fields. What comes from the parser process, whose
memory a file may have damaged, is plain bytes, no pickles.
"""

import contextlib
import fcntl
import os
import select
import struct
import time

JOB, READY, REQUEST, ANSWERS, FILE, TUNE, NO_MEMORY = b"J", b"Y", b"Q", b"A", b"F", b"T", b"M"

# The kind, and the number of fields; the fields' sizes follow.
_HEAD = struct.Struct("<cI")
# Linux' largest size of a pipe for an ordinary user.
_PIPE_BYTES = 1 << 20
# Bytes requested while a frame's size is not known.
_FIRST_BYTES = 1 << 16


def pack(kind: bytes, *fields: bytes) -> bytes:
    """Packs a frame into bytes, such as `pack(REQUEST, b"a.mid", data)`."""
    return b"".join((_HEAD.pack(kind, len(fields)), struct.pack(f"<{len(fields)}I", *map(len, fields)), *fields))


def unpack(frame: bytes) -> tuple[bytes, list[bytes]]:
    """Returns a frame's kind and fields; raises ValueError if the bytes are no whole frame of `pack`."""
    if _least_size(frame) != len(frame) or len(frame) < _HEAD.size:
        raise ValueError(f"no frame: {len(frame)} bytes that start with {frame[: _HEAD.size]!r}")
    kind, count = _HEAD.unpack_from(frame)
    fields, begin = [], _HEAD.size + 4 * count
    for size in struct.unpack_from(f"<{count}I", frame, _HEAD.size):
        fields.append(frame[begin : begin + size])
        begin += size
    return kind, fields


def _least_size(data: bytes) -> int:
    """Returns a lower bound for the size of a frame that begins with `data`; a frame of that size is complete."""
    if len(data) < _HEAD.size:
        return _HEAD.size
    count = _HEAD.unpack_from(data)[1]
    head = _HEAD.size + 4 * count
    return head if len(data) < head else head + sum(struct.unpack_from(f"<{count}I", data, _HEAD.size))


def to_text(field: bytes) -> str:
    """Decodes a field as text."""
    return field.decode("utf-8", "surrogatepass")


def from_text(text: str) -> bytes:
    """Encodes text as a field; file names may hold surrogates, which stand for bytes that are no text."""
    return text.encode("utf-8", "surrogatepass")


class Channel:
    """Sends and receives frames through two pipes, which take two thirds of the time of a socket pair."""

    def __init__(self, reads: int, writes: int, max_bytes: int) -> None:
        """Takes over two file descriptors.

        Args:
          reads: descriptor to read from.
          writes: descriptor to write to.
          max_bytes: size of the largest frame that is received; larger ones are refused.
        """
        self._reads, self._writes = reads, writes
        # Nothing is read or written through these: they close the descriptors of a channel that nobody closed.
        self._owners = open(reads, "rb", 0), open(writes, "wb", 0)  # noqa: SIM115
        self._max_bytes = max_bytes
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(reads, select.POLLIN)
        self._writable.register(writes, select.POLLOUT)
        # A pipe holds 64 KB by default, so that the processes would take turns every 4 songs.
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        # A blocking write to a process that hangs would never return.
        os.set_blocking(writes, False)

    def send(self, frame: bytes, deadline: float | None = None) -> None:
        """Sends a packed frame.

        Args:
          frame: bytes of `pack`.
          deadline: latest time by `time.monotonic()`, in seconds; None waits for ever.

        Raises:
          TimeoutError: if the deadline passes first.
          EOFError: if the other end is closed.
        """
        sent = self._write(frame)
        while sent < len(frame):
            _wait(self._writable, deadline)
            sent += self._write(memoryview(frame)[sent:])

    def receive(self, deadline: float | None = None) -> tuple[bytes, list[bytes]]:
        """Returns the next frame's kind and fields; raises as `send` does, and ValueError for what is no frame."""
        # Most frames arrive in one piece.
        data = self._read(_FIRST_BYTES, deadline)
        while (size := _least_size(data)) > len(data):
            if size > self._max_bytes:
                raise ValueError(f"a frame of {size} bytes; the limit is {self._max_bytes}")
            data = self._rest(data, size, deadline)
        return unpack(data)

    def close(self) -> None:
        """Closes both pipes."""
        for owner in self._owners:
            owner.close()

    def _rest(self, data: bytes, size: int, deadline: float | None) -> bytes:
        pieces, missing = [data], size - len(data)
        while missing > 0:
            pieces.append(self._read(min(missing, _PIPE_BYTES), deadline))
            missing -= len(pieces[-1])
        return b"".join(pieces)

    def _read(self, max_bytes: int, deadline: float | None) -> bytes:
        if deadline is not None:
            _wait(self._readable, deadline)
        data = os.read(self._reads, max_bytes)
        if not data:
            raise EOFError("the other end is closed")
        return data

    def _write(self, frame: bytes | memoryview) -> int:
        try:
            return os.write(self._writes, frame)
        except BlockingIOError:
            return 0
        except BrokenPipeError as error:
            raise EOFError("the other end is closed") from error


def _wait(poll: select.poll, deadline: float | None) -> None:
    milliseconds = None if deadline is None else max(1000 * (deadline - time.monotonic()), 0)
    if not poll.poll(milliseconds):
        raise TimeoutError("the deadline has passed")
