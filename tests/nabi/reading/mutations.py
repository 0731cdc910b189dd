"""Damaged MIDI files, made from sound ones by a seeded generator."""

import random
from collections.abc import Iterator, Sequence

# Bytes that mean something to a MIDI parser: status bytes, meta events, long numbers, borders.
_TELLING = bytes([0x00, 0x7F, 0x80, 0x90, 0x99, 0xC0, 0xF0, 0xF7, 0xFF, 0x51, 0x58, 0x59, 0x2F])


def mutations(files: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """That many damaged files, the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        data = bytearray(chance.choice(files))
        for _ in range(chance.randint(1, 6)):
            _damage(data, chance)
        yield bytes(data)


def _damage(data: bytearray, chance: random.Random) -> None:
    place = chance.randrange(len(data) + 1)
    # Half of the damage is done where it has the most effect: in headers.
    if chance.random() < 0.5:
        place = min(place, chance.randrange(1, 64))
    match chance.randrange(6):
        case 0:
            data[place : place + 1] = bytes([chance.randrange(256)])
        case 1:
            data[place : place + 1] = bytes([chance.choice(_TELLING)])
        case 2:
            del data[place : place + chance.randint(1, 9)]
        case 3:
            data[place:place] = chance.randbytes(chance.randint(1, 9))
        case 4:
            del data[place:]
        case 5:
            data[place : place + 4] = chance.choice([b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\xff\xff\xff\x7f"])
