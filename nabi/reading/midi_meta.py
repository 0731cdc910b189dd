"""MIDI's meta events: names, tempo, time signature and key signature, and which of them are sound.

Both readers use these, so that they cannot differ; a meta event that is not sound is as if it were not there.
"""

import dataclasses

from nabi.music.song import About

# Type bytes of the Standard MIDI File specification.
TRACK_NAME, INSTRUMENT_NAME, TEMPO, TIME_SIGNATURE, KEY_SIGNATURE = 0x03, 0x04, 0x51, 0x58, 0x59

# music21's meters go to 128th notes.
MOST_POWER = 7
MOST_SHARPS = 7
# music21 looks up every run of words of a name, which are half as many as the square of its words.
MOST_NAME_BYTES = 256

# Tonics from 7 flats to 7 sharps.
_MAJOR = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
_MINOR = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#")


def tempo(data: bytes) -> float | None:
    """Quarter notes a minute, rounded to 2 places as music21 does; None if the event is not sound."""
    microseconds = int.from_bytes(data[:3], "big") if len(data) >= 3 else 0
    return round(60_000_000 / microseconds, 2) if microseconds else None


def time_signature(data: bytes) -> str | None:
    """Such as `6/8`; None if the event is not sound."""
    if len(data) < 2 or not data[0] or data[1] > MOST_POWER:
        return None
    return f"{data[0]}/{2 ** data[1]}"


def key_signature(data: bytes) -> str | None:
    """Such as `Bb major`; None if the event is not sound."""
    if len(data) < 2:
        return None
    sharps = data[0] - 256 if data[0] > 127 else data[0]
    if abs(sharps) > MOST_SHARPS:
        return None
    return f"{_MINOR[sharps + 7]} minor" if data[1] == 1 else f"{_MAJOR[sharps + 7]} major"


READERS = {TEMPO: tempo, TIME_SIGNATURE: time_signature, KEY_SIGNATURE: key_signature}


def is_sound(kind: int, data: bytes) -> bool:
    """Whether a meta event can be used; kinds other than names, tempo and signatures always can."""
    if kind in (TRACK_NAME, INSTRUMENT_NAME):
        return len(data) <= MOST_NAME_BYTES
    return kind not in READERS or READERS[kind](data) is not None


def tempo_bytes(quarters_a_minute: float) -> bytes:
    """A tempo event's data; raises ValueError outside the 3.58 to 60,000,000 that it can hold."""
    microseconds = round(60_000_000 / quarters_a_minute) if quarters_a_minute > 0 else 0
    if not 1 <= microseconds < 1 << 24:
        raise ValueError(f"tempo {quarters_a_minute} must be in 3.58..60000000 quarter notes a minute")
    return microseconds.to_bytes(3, "big")


def time_signature_bytes(text: str) -> bytes:
    """A time signature event's data: numerator, power of 2, 24 clocks a click, 8 32nds a quarter."""
    for power in range(MOST_POWER + 1):
        numerator = text.removesuffix(f"/{2**power}")
        if numerator != text and numerator.isdecimal() and 0 < int(numerator) < 256:
            return bytes([int(numerator), power, 24, 8])
    raise ValueError(f"time signature {text!r} must be such as 3/4, its denominator a power of 2 up to 128")


def key_signature_bytes(text: str) -> bytes:
    """A key signature event's data; raises ValueError if no key signature reads so."""
    tonic, _, mode = text.partition(" ")
    tonics = {"major": _MAJOR, "minor": _MINOR}.get(mode, ())
    if tonic not in tonics:
        raise ValueError(f"key signature {text!r} must be such as D minor or Bb major, with at most 7 sharps or flats")
    return bytes([(tonics.index(tonic) - 7) % 256, mode == "minor"])


def described(about: About, found: dict[int, bytes]) -> About:
    """`about` with what meta events (type -> data) say."""
    return dataclasses.replace(
        about,
        tempo=tempo(found[TEMPO]) if TEMPO in found else about.tempo,
        time_signature=time_signature(found[TIME_SIGNATURE]) if TIME_SIGNATURE in found else about.time_signature,
        key_signature=key_signature(found[KEY_SIGNATURE]) if KEY_SIGNATURE in found else about.key_signature,
    )
