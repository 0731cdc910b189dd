"""Repairs files that are nearly MIDI, so that both readers read them.

Irregularities are repaired before either reader sees a file, so that the readers cannot differ. A file that cannot be
repaired stays as it is, and the readers say what is wrong with it: above all, a file that ends early is damaged, not
short.
"""

import dataclasses
import itertools
import operator
import re
from collections.abc import Iterator
from typing import NamedTuple

# Irregularities of files that are read, as ledger rows name them.
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
    "system-messages": "system messages, which belong on a MIDI cable, are left out",
}

_HEADER, _TRACK = b"MThd", b"MTrk"
_HEADER_BYTES = 14
_CHUNK_NAME = re.compile(rb"[ -~]{4}")
_MAC_HEADER_BYTES = 128
_MOST_NAME_BYTES_MAC = 63
_SMPTE_RATES = (24, 25, 29, 30)
# Tracks that a header can announce, at most.
_MOST_TRACKS = (1 << 16) - 1


@dataclasses.dataclass(frozen=True)
class Repaired:
    """The MIDI file of one song, after repair.

    Attributes:
      tune: the number of its track, counted from 1, in a file of several songs; "" where there is one.
      data: of format 0 or 1, with a header of 6 bytes and the tracks that it announces, if the file is MIDI.
      how: its irregularities, keys of `REPAIRS`.
    """

    tune: str
    data: bytes
    how: tuple[str, ...] = ()


class Chunks(NamedTuple):
    """The chunks after a header.

    Attributes:
      tracks: their bytes.
      others: True if there are chunks that are no tracks.
      whole: True if the chunks fill the file.
    """

    tracks: list[bytes]
    others: bool
    whole: bool


def repair(data: bytes) -> list[Repaired]:
    """Repairs a file: returns a MIDI file for each of its songs, one, or with format 2 one a track.

    Regular files are returned as they are, and so are those that cannot be repaired.
    """
    data, how = _unwrapped(data)
    if not data.startswith(_HEADER) or len(data) < _HEADER_BYTES:
        return [Repaired("", data, how)]
    kind, count, division = (int.from_bytes(data[at : at + 2], "big") for at in (8, 10, 12))
    begin, longer = _first_chunk(data)
    chunks = chunks_of(data, begin)
    if not 0 < len(chunks.tracks) <= _MOST_TRACKS or (len(chunks.tracks) < count and not chunks.whole):
        return [Repaired("", data, how)]
    # Chunks after the last announced track need no repair: nobody reads them.
    skipped = chunks.others and not _follows_in_order(data, begin, count)
    irregularities = {
        "header-length": longer,
        "unknown-format": kind > 2,
        "other-chunks": skipped,
        "track-count": len(chunks.tracks) != count,
        "format-2": kind == 2,
    }
    how = (*how, *(name for name, is_so in irregularities.items() if is_so))
    songs = [chunks.tracks] if kind != 2 else [[track] for track in chunks.tracks]
    names = [""] if len(songs) == 1 else [str(number) for number in range(1, len(songs) + 1)]
    mended = (_in_quarters(tracks, division) for tracks in songs)
    return [
        Repaired(name, data, how)
        if not (further or set(how) - {"riff", "macbinary"})
        else Repaired(name, file_of(1 if kind else 0, quarter, tracks), (*how, *further))
        for name, (tracks, quarter, further) in zip(names, mended, strict=True)
    ]


def _unwrapped(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Takes the MIDI file out of its container; returns it with the name of the container."""
    if data.startswith(b"RIFF") and data[8:12] == b"RMID":
        position = 12
        while position + 8 <= len(data):
            end = position + 8 + int.from_bytes(data[position + 4 : position + 8], "little")
            if data[position : position + 4] == b"data":
                return data[position + 8 : end], ("riff",)
            # Chunks of RIFF begin at even positions.
            position = end + end % 2
    name_bytes = data[1] if data.startswith(b"\0") and len(data) > _MAC_HEADER_BYTES else 0
    if 0 < name_bytes <= _MOST_NAME_BYTES_MAC and data.startswith(_HEADER, _MAC_HEADER_BYTES):
        size = int.from_bytes(data[83:87], "big")
        return data[_MAC_HEADER_BYTES:][: size or None], ("macbinary",)
    return data, ()


def _first_chunk(data: bytes) -> tuple[int, bool]:
    """Finds the beginning of the first chunk after the header; tells whether the header is longer than 14 bytes."""
    end = 8 + int.from_bytes(data[4:8], "big")
    longer = end > _HEADER_BYTES and bool(_CHUNK_NAME.fullmatch(data, end, end + 4))
    return (end, True) if longer else (_HEADER_BYTES, False)


def chunks_of(data: bytes, position: int = _HEADER_BYTES) -> Chunks:
    """Lists the chunks from a position to the file's end, to another file's header or to bytes that are no chunk."""
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
    return Chunks(tracks, others, whole=position == len(data))


def _follows_in_order(data: bytes, position: int, count: int) -> bool:
    """Tells whether the announced tracks follow one another without other chunks."""
    for _ in range(count):
        if data[position : position + 4] != _TRACK:
            return False
        position += 8 + int.from_bytes(data[position + 4 : position + 8], "big")
    return True


def _in_quarters(tracks: list[bytes], division: int) -> tuple[list[bytes], int, tuple[str, ...]]:
    """Cleans tracks of system messages and times them in quarter notes: (tracks, ticks a quarter note, repairs)."""
    # Numba takes half a second to import; only the process that reads needs it.
    from nabi.reading import midi_messages

    cleaned = [midi_messages.without_system_messages(track) for track in tracks]
    is_cleaned = any(track is not original for track, original in zip(cleaned, tracks, strict=True))
    how = ("system-messages",) if is_cleaned else ()
    frames, ticks_per_frame = 256 - (division >> 8), division & 0xFF
    if not division & 0x8000 or not ticks_per_frame:
        return cleaned, division, how
    if frames not in _SMPTE_RATES:
        # No frame rate: a number of ticks that includes the sign bit, such as the 55,440 of jazz transcriptions.
        steady = midi_messages.tempo_map([], 1.0, division)
        retimed = [midi_messages.retimed(track, steady) for track in cleaned]
        return retimed, midi_messages.QUARTER, (*how, "wide-division")
    # 29 stands for the 30000/1001 frames a second of colour television.
    a_second = ticks_per_frame * (30_000 / 1_001 if frames == 29 else float(frames))
    tempi = sorted(itertools.chain.from_iterable(map(midi_messages.tempi, cleaned)), key=operator.itemgetter(0))
    timing = midi_messages.tempo_map(tempi, a_second, a_second / 2)
    return [midi_messages.retimed(track, timing) for track in cleaned], midi_messages.QUARTER, (*how, "smpte")


def file_of(kind: int, division: int, tracks: list[bytes]) -> bytes:
    """Writes a file of tracks, with a header of 6 bytes."""
    numbers = (kind, len(tracks), division)
    header = b"".join(number.to_bytes(2, "big") for number in numbers)
    return b"".join([_HEADER, (6).to_bytes(4, "big"), header, *_written(tracks)])


def _written(tracks: list[bytes]) -> Iterator[bytes]:
    for track in tracks:
        yield from (_TRACK, len(track).to_bytes(4, "big"), track)
