"""A parser for tests of isolation: the file's first word says what it does to its process."""

import ctypes
import os
import pathlib
import time

from nabi.music.about import About
from nabi.music.errors import ParseError
from nabi.music.song import Song
from nabi.reading import file_reader
from nabi.reading.read_settings import ReadSettings

_hoard = []


def read(data: bytes, *, source: str, settings: ReadSettings) -> list[tuple[str, Song]]:
    """Misbehaves as told; anything else is a song of one note whose instrument is the process's number."""
    order, _, argument = data.partition(b" ")
    _ORDERS.get(order, lambda argument: None)(argument)
    about = About(source=source, sha256="00", instrument=str(os.getpid()))
    return [("", Song.from_notes([0], [12], [60], about))]


def read_music(data: bytes, *, source: str, settings: ReadSettings) -> list[tuple[str, Song | ParseError]]:
    """Misbehaves as told; anything else is read as ever."""
    if data in _ORDERS:
        return list(read(data, source=source, settings=settings))
    return file_reader.read_songs(data, source=source, settings=settings)


def _hang_in_c(argument: bytes) -> None:
    if argument:
        pathlib.Path(os.fsdecode(argument)).write_text(str(os.getpid()), encoding="utf-8")
    # PyDLL, unlike CDLL, keeps the interpreter's lock: no thread of this process can run, no signal handler either.
    ctypes.PyDLL(None).sleep(60)


def _raise(error: BaseException) -> None:
    raise error


def _swallow_want_of_memory(argument: bytes) -> None:
    try:
        bytearray(8 << 30)
    except MemoryError as error:
        raise ParseError("damaged", "the parser does not understand") from error


_ORDERS = {
    b"hang": lambda argument: time.sleep(60),
    b"hang-in-c": _hang_in_c,
    b"abort": lambda argument: os.abort(),
    b"exit": lambda argument: os._exit(0),
    b"segfault": lambda argument: ctypes.string_at(0),
    b"kill": lambda argument: os.kill(os.getpid(), 9),
    b"memory": lambda argument: bytearray(8 << 30),
    b"swallowed-memory": _swallow_want_of_memory,
    b"hoard": lambda argument: _hoard.append(bytearray(int(argument))),
    b"bug": lambda argument: _raise(KeyError("no such thing")),
    b"quit": lambda argument: _raise(SystemExit(3)),
    b"damaged": lambda argument: _raise(ParseError("damaged", "ends early, s\udcffays the file")),
    b"print": lambda argument: os.write(1, b"noise " * 100_000),
    b"nonsense": lambda argument: [os.write(fd, b"\xff" * 99) for fd in range(3, 500) if _is_pipe_to_write(fd)],
}


def _is_pipe_to_write(fd: int) -> bool:
    try:
        os.write(fd, b"")
    except OSError:
        return False
    return True
