"""Checks the header of a MIDI file before anything is parsed."""

from nabi.music.errors import ParseError

_HEADER_BYTES = 14


def check_header(data: bytes) -> None:
    """Raises ParseError for bytes that are no MIDI file, or of a format that cannot be read."""
    if not data:
        raise ParseError("empty", "the file has no bytes")
    if data[:4] != b"MThd":
        raise ParseError("not-midi", f"the file starts with {data[:4]!r}, MIDI with b'MThd'")
    if len(data) < _HEADER_BYTES:
        raise ParseError("damaged", f"the header needs {_HEADER_BYTES} bytes, the file has {len(data)}")
    size, kind, division = (int.from_bytes(data[place], "big") for place in (slice(4, 8), slice(8, 10), slice(12, 14)))
    if size != 6:
        raise ParseError("damaged", f"the header says that it has {size} bytes; a MIDI header has 6")
    if kind == 2:
        raise ParseError("unsupported", "format 2 holds independent patterns, not one song")
    if kind > 2:
        raise ParseError("damaged", f"format {kind}; MIDI has formats 0, 1 and 2")
    if division & 0x8000:
        raise ParseError("unsupported", "time is counted in film frames (SMPTE), not in quarter notes")
    if division == 0:
        raise ParseError("damaged", "0 ticks a quarter note")
