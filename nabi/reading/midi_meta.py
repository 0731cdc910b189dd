"""Reads and writes MIDI's meta events: names, tempo, signatures and markers of phrases; tells which are valid.

Both MIDI readers use this module, so that they cannot differ. Invalid meta events are ignored.
"""

import dataclasses
from collections.abc import Callable, Iterable

from nabi.music import key_signatures
from nabi.music.about import About
from nabi.music.timeline import Timeline

# Type bytes of the Standard MIDI File specification.
TRACK_NAME, INSTRUMENT_NAME, MARKER, TEMPO, TIME_SIGNATURE, KEY_SIGNATURE = 0x03, 0x04, 0x06, 0x51, 0x58, 0x59
# Text of a marker where a phrase ends; what MIDI has no event for.
PHRASE_END = b"phrase end"

# music21's meters go to 128th notes.
MOST_POWER = 7
# music21 looks up every run of words of a name; their number grows with the square of the words.
MOST_NAME_BYTES = 256


def tempo(data: bytes) -> float | None:
    """Reads a tempo in quarter notes a minute, rounded to 2 places as in music21; None if the event is invalid.

    >>> tempo(tempo_bytes(90))
    90.0
    """
    microseconds = int.from_bytes(data[:3], "big") if len(data) >= 3 else 0
    return round(60_000_000 / microseconds, 2) if microseconds else None


def time_signature(data: bytes) -> str | None:
    """Reads a time signature such as `6/8`; None if the event is invalid.

    >>> time_signature(bytes([6, 3, 24, 8]))
    '6/8'
    """
    if len(data) < 2 or not data[0] or data[1] > MOST_POWER:
        return None
    return f"{data[0]}/{2 ** data[1]}"


def key_signature(data: bytes) -> str | None:
    """Reads a key signature such as `Bb major`; None if the event is invalid.

    >>> key_signature(bytes([256 - 2, 0]))
    'Bb major'
    """
    if len(data) < 2:
        return None
    sharps = data[0] - 256 if data[0] > 127 else data[0]
    if abs(sharps) > key_signatures.MOST_SHARPS:
        return None
    return key_signatures.written(sharps, is_minor=data[1] == 1)


READERS = {TEMPO: tempo, TIME_SIGNATURE: time_signature, KEY_SIGNATURE: key_signature}


def _tempo_value(data: bytes) -> tuple[int]:
    return (int.from_bytes(data[:3], "big"),)


def _meter_value(data: bytes) -> tuple[int, int]:
    return data[0], 1 << data[1]


def _key_value(data: bytes) -> tuple[int, int]:
    return data[0] - 256 if data[0] > 127 else data[0], int(data[1] == 1)


# Type of a valid event's data -> its columns in `nabi.music.timeline.Timeline`, without the tick.
VALUES: dict[int, Callable[[bytes], tuple[int, ...]]] = {
    TEMPO: _tempo_value,
    TIME_SIGNATURE: _meter_value,
    KEY_SIGNATURE: _key_value,
}


def timeline(changes: Iterable[tuple[int, int, bytes]]) -> Timeline:
    """Makes a timeline, in file ticks, of valid tempo and signature events: (file tick, type, data).

    >>> timeline([(0, TEMPO, tempo_bytes(120))]).tempi.tolist()
    [[0, 500000]]
    """
    rows: dict[int, list[tuple[int, ...]]] = {kind: [] for kind in VALUES}
    for tick, kind, data in changes:
        rows[kind].append((tick, *VALUES[kind](data)))
    return Timeline.of(rows[TEMPO], rows[TIME_SIGNATURE], rows[KEY_SIGNATURE])


def is_sound(kind: int, data: bytes) -> bool:
    """Tells whether a meta event is valid; kinds other than names, tempo and signatures always are."""
    if kind in (TRACK_NAME, INSTRUMENT_NAME):
        return len(data) <= MOST_NAME_BYTES
    return kind not in READERS or READERS[kind](data) is not None


def tempo_bytes(quarters_a_minute: float) -> bytes:
    """Writes the data of a tempo event; raises ValueError outside its range of 3.58..60,000,000."""
    microseconds = round(60_000_000 / quarters_a_minute) if quarters_a_minute > 0 else 0
    if not 1 <= microseconds < 1 << 24:
        raise ValueError(f"tempo {quarters_a_minute} must be in 3.58..60000000 quarter notes a minute")
    return microseconds.to_bytes(3, "big")


def time_signature_bytes(text: str) -> bytes:
    """Writes the data of a time signature event: numerator, power of 2, 24 clocks a click, 8 32nds a quarter note.

    >>> list(time_signature_bytes("6/8"))
    [6, 3, 24, 8]
    """
    for power in range(MOST_POWER + 1):
        numerator = text.removesuffix(f"/{2**power}")
        if numerator != text and numerator.isdecimal() and 0 < int(numerator) < 256:
            return bytes([int(numerator), power, 24, 8])
    raise ValueError(f"time signature {text!r} must be such as 3/4, its denominator a power of 2 up to 128")


def key_signature_bytes(text: str) -> bytes:
    """Writes the data of a key signature event; raises ValueError if no key signature has this name."""
    sharps, is_minor = key_signatures.parse(text)
    return bytes([sharps % 256, is_minor])


def described(about: About, events: dict[int, bytes]) -> About:
    """Adds the values of meta events (type -> data) to metadata."""
    return dataclasses.replace(
        about,
        tempo=tempo(events[TEMPO]) if TEMPO in events else about.tempo,
        time_signature=time_signature(events[TIME_SIGNATURE]) if TIME_SIGNATURE in events else about.time_signature,
        key_signature=key_signature(events[KEY_SIGNATURE]) if KEY_SIGNATURE in events else about.key_signature,
    )
