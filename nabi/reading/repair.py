"""Bytes of a file that is nearly MIDI -> MIDI files that both readers read.

What a program wrote out of the ordinary is put in order here, before either reader sees it, so that they cannot differ.
What cannot be mended stays as it is, and the readers say what is wrong with it: a file that ends early, above all, is
damaged, not short.
"""

import dataclasses
import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

# What was out of the ordinary in a file that was read, as a ledger row tells it.
REPAIRS = {
    "gzip": "the file was compressed",
    "riff": "the file stood in a RIFF container (RMID)",
    "macbinary": "the file stood behind a MacBinary header",
    "header-length": "the header is longer than 6 bytes; the rest of it is skipped",
    "unknown-format": "a format above 2, read as 1",
    "other-chunks": "chunks that are no tracks are skipped",
    "track-count": "the header announces another number of tracks than there are",
    "format-2": "independent patterns, each a song of its own",
    "smpte": "times are counted in film frames; they are read as quarter notes by the tempo, 120 a minute without one",
    "wide-division": "more than 32,767 ticks a quarter note",
    "system-messages": "messages that belong on a cable, not in a file, are left out",
}

_HEADER, _TRACK = b"MThd", b"MTrk"
_HEADER_BYTES = 14
_CHUNK_NAME = re.compile(rb"[ -~]{4}")
_MAC_HEADER_BYTES = 128
_MOST_NAME_BYTES_MAC = 63
_SMPTE_RATES = (24, 25, 29, 30)
# What a header can announce.
_MOST_TRACKS = (1 << 16) - 1


@dataclasses.dataclass(frozen=True)
class Repaired:
    """A song's MIDI file.

    Attributes:
      tune: the number of its track, counted from 1, in a file of several songs; "" where there is one.
      data: of format 0 or 1, with a header of 6 bytes and the tracks that it announces, if the file is MIDI.
      how: what was out of the ordinary, keys of `REPAIRS`.
    """

    tune: str
    data: bytes
    how: tuple[str, ...] = ()


class _Chunks(NamedTuple):
    """The chunks after a header: the tracks' bytes, whether there were others, whether they fill the file."""

    tracks: list[bytes]
    others: bool
    whole: bool


def repair(data: bytes) -> list[Repaired]:
    """The songs of a file, each as a MIDI file in order: one, or with format 2 one a track.

    Bytes that are in order are returned as they are, and so are those that cannot be mended.
    """
    data, how = _unwrapped(data)
    if not data.startswith(_HEADER) or len(data) < _HEADER_BYTES:
        return [Repaired("", data, how)]
    kind, count, division = (int.from_bytes(data[at : at + 2], "big") for at in (8, 10, 12))
    begin, longer = _first_chunk(data)
    chunks = _chunks(data, begin)
    if not 0 < len(chunks.tracks) <= _MOST_TRACKS or (len(chunks.tracks) < count and not chunks.whole):
        return [Repaired("", data, how)]
    # What stands behind the last track that is announced needs no repair: nobody reads it.
    skipped = chunks.others and not _follows_in_order(data, begin, count)
    found = {
        "header-length": longer,
        "unknown-format": kind > 2,
        "other-chunks": skipped,
        "track-count": len(chunks.tracks) != count,
        "format-2": kind == 2,
    }
    how = (*how, *(word for word, is_so in found.items() if is_so))
    songs = [chunks.tracks] if kind != 2 else [[track] for track in chunks.tracks]
    names = [""] if len(songs) == 1 else [str(number) for number in range(1, len(songs) + 1)]
    mended = (_in_quarters(tracks, division) for tracks in songs)
    return [
        Repaired(name, data, how)
        if not (more or set(how) - {"riff", "macbinary"})
        else Repaired(name, _file(1 if kind else 0, quarter, tracks), (*how, *more))
        for name, (tracks, quarter, more) in zip(names, mended, strict=True)
    ]


def _unwrapped(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The MIDI file in a container, and which container it was."""
    if data.startswith(b"RIFF") and data[8:12] == b"RMID":
        position = 12
        while position + 8 <= len(data):
            end = position + 8 + int.from_bytes(data[position + 4 : position + 8], "little")
            if data[position : position + 4] == b"data":
                return data[position + 8 : end], ("riff",)
            # Chunks of RIFF begin at even places.
            position = end + end % 2
    name_bytes = data[1] if data.startswith(b"\0") and len(data) > _MAC_HEADER_BYTES else 0
    if 0 < name_bytes <= _MOST_NAME_BYTES_MAC and data.startswith(_HEADER, _MAC_HEADER_BYTES):
        size = int.from_bytes(data[83:87], "big")
        return data[_MAC_HEADER_BYTES:][: size or None], ("macbinary",)
    return data, ()


def _first_chunk(data: bytes) -> tuple[int, bool]:
    """Where the first chunk after the header begins, and whether the header is longer than ours."""
    end = 8 + int.from_bytes(data[4:8], "big")
    longer = end > _HEADER_BYTES and bool(_CHUNK_NAME.fullmatch(data, end, end + 4))
    return (end, True) if longer else (_HEADER_BYTES, False)


def _chunks(data: bytes, position: int) -> _Chunks:
    """The chunks from a position to the file's end, to another file's header or to what is no chunk."""
    tracks, others = [], False
    while position + 8 <= len(data) and _CHUNK_NAME.fullmatch(data, position, position + 4):
        name, begin = data[position : position + 4], position + 8
        end = begin + int.from_bytes(data[position + 4 : begin], "big")
        if name == _HEADER or (name != _TRACK and end > len(data)):
            break
        if name == _TRACK:
            tracks.append(data[begin:end])
        else:
            others = True
        position = end
    return _Chunks(tracks, others, whole=position == len(data))


def _follows_in_order(data: bytes, position: int, count: int) -> bool:
    """Whether the announced tracks stand one behind the other."""
    for _ in range(count):
        if data[position : position + 4] != _TRACK:
            return False
        position += 8 + int.from_bytes(data[position + 4 : position + 8], "big")
    return True


def _in_quarters(tracks: list[bytes], division: int) -> tuple[list[bytes], int, tuple[str, ...]]:
    """Tracks without messages that belong on a cable, timed in quarter notes; ticks a quarter; what was done."""
    # Numba takes half a second to import; only the process that reads needs it.
    from nabi.reading import midi_messages

    cleaned = [midi_messages.without_system_messages(track) for track in tracks]
    how = ("system-messages",) if any(one is not other for one, other in zip(cleaned, tracks, strict=True)) else ()
    frames, ticks_per_frame = 256 - (division >> 8), division & 0xFF
    if not division & 0x8000 or not ticks_per_frame:
        return cleaned, division, how
    if frames not in _SMPTE_RATES:
        # Of no film: a number of ticks that the sign bit is a part of, such as the 55,440 of jazz transcriptions.
        steady = midi_messages.tempo_map([], 1.0, division)
        retimed = [midi_messages.retimed(track, steady) for track in cleaned]
        return retimed, midi_messages.QUARTER, (*how, "wide-division")
    # 29 stands for the 30000/1001 frames a second of colour television.
    a_second = ticks_per_frame * (30_000 / 1_001 if frames == 29 else float(frames))
    tempi = sorted(itertools.chain.from_iterable(map(midi_messages.tempi, cleaned)))
    timing = midi_messages.tempo_map(tempi, a_second, a_second / 2)
    return [midi_messages.retimed(track, timing) for track in cleaned], midi_messages.QUARTER, (*how, "smpte")


def _file(kind: int, division: int, tracks: list[bytes]) -> bytes:
    numbers = (kind, len(tracks), division)
    header = b"".join(number.to_bytes(2, "big") for number in numbers)
    return b"".join([_HEADER, (6).to_bytes(4, "big"), header, *_written(tracks)])


def _written(tracks: list[bytes]) -> Iterator[bytes]:
    for track in tracks:
        yield from (_TRACK, len(track).to_bytes(4, "big"), track)
