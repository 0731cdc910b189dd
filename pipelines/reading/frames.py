"""What a worker and its parser's process say to each other: frames of one kind and some fields, through pipes.

A frame is its kind, the sizes of its fields, and the fields: plain bytes, no pickles.
"""

import contextlib
import fcntl
import os
import select
import struct
import time

READY, REQUEST, ANSWERS, FILE, SONG, NO_SONG, NO_MEMORY = b"Y", b"Q", b"A", b"F", b"S", b"N", b"M"

# The kind, and the number of fields; the fields' sizes follow.
_HEAD = struct.Struct("<cI")
# A pipe's, as far as an ordinary user may make it.
_PIPE_BYTES = 1 << 20
# What is asked for before a frame's size is known.
_FIRST_BYTES = 1 << 16


def pack(kind: bytes, *fields: bytes) -> bytes:
    """A frame's bytes."""
    return b"".join((_HEAD.pack(kind, len(fields)), struct.pack(f"<{len(fields)}I", *map(len, fields)), *fields))


def unpack(frame: bytes) -> tuple[bytes, list[bytes]]:
    """A frame's kind and fields; raises ValueError if the bytes are not what `pack` made."""
    if _least_size(frame) != len(frame) or len(frame) < _HEAD.size:
        raise ValueError(f"no frame: {len(frame)} bytes that start with {frame[: _HEAD.size]!r}")
    kind, count = _HEAD.unpack_from(frame)
    fields, begin = [], _HEAD.size + 4 * count
    for size in struct.unpack_from(f"<{count}I", frame, _HEAD.size):
        fields.append(frame[begin : begin + size])
        begin += size
    return kind, fields


def _least_size(data: bytes) -> int:
    """Bytes of a frame that begins so, as far as can be told yet: it is complete when it has as many."""
    if len(data) < _HEAD.size:
        return _HEAD.size
    count = _HEAD.unpack_from(data)[1]
    head = _HEAD.size + 4 * count
    return head if len(data) < head else head + sum(struct.unpack_from(f"<{count}I", data, _HEAD.size))


def to_text(field: bytes) -> str:
    """The text of a field."""
    return field.decode("utf-8", "surrogatepass")


def from_text(text: str) -> bytes:
    """Text as a field; names of files may hold surrogates, for bytes that are no text."""
    return text.encode("utf-8", "surrogatepass")


class Channel:
    """Frames through two pipes: socket pairs take half as long again."""

    def __init__(self, reads: int, writes: int, most_bytes: int) -> None:
        """Takes the file descriptors over; a frame said to be of more than `most_bytes` is refused."""
        self._reads, self._writes = reads, writes
        # Nothing is read or written through them: they close what nobody closed.
        self._owners = open(reads, "rb", 0), open(writes, "wb", 0)  # noqa: SIM115
        self._most_bytes = most_bytes
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(reads, select.POLLIN)
        self._writable.register(writes, select.POLLOUT)
        # A pipe takes 64 KB at first, which is a change of processes for every 4 songs.
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(writes, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        # Who waits until a pipe takes the rest of a frame waits for ever on a process that hangs.
        os.set_blocking(writes, False)

    def send(self, frame: bytes, deadline: float | None = None) -> None:
        """Sends a packed frame.

        Args:
          frame: see `pack`.
          deadline: by `time.monotonic()`; None waits for ever.

        Raises:
          TimeoutError: if the deadline passes first.
          EOFError: if the other end is closed.
        """
        sent = self._write(frame)
        while sent < len(frame):
            _wait(self._writable, deadline)
            sent += self._write(memoryview(frame)[sent:])

    def receive(self, deadline: float | None = None) -> tuple[bytes, list[bytes]]:
        """The next frame's kind and fields; raises as `send` does, and ValueError if it is no frame."""
        # Most frames come in one piece.
        data = self._read(_FIRST_BYTES, deadline)
        while (size := _least_size(data)) > len(data):
            if size > self._most_bytes:
                raise ValueError(f"a frame of {size} bytes; the limit is {self._most_bytes}")
            data = self._rest(data, size, deadline)
        return unpack(data)

    def close(self) -> None:
        """Closes both."""
        for owner in self._owners:
            owner.close()

    def _rest(self, data: bytes, size: int, deadline: float | None) -> bytes:
        pieces, missing = [data], size - len(data)
        while missing > 0:
            pieces.append(self._read(min(missing, _PIPE_BYTES), deadline))
            missing -= len(pieces[-1])
        return b"".join(pieces)

    def _read(self, most: int, deadline: float | None) -> bytes:
        if deadline is not None:
            _wait(self._readable, deadline)
        data = os.read(self._reads, most)
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


def _wait(ready: select.poll, deadline: float | None) -> None:
    milliseconds = None if deadline is None else max(1000 * (deadline - time.monotonic()), 0)
    if not ready.poll(milliseconds):
        raise TimeoutError("the deadline has passed")
