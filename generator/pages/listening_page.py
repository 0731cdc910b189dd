"""The page of a listening test: blind pairs of excerpts, in one HTML file that needs no network.

Which excerpt is the model's is in the page only as a hash, so that neither the page's text nor its sizes tell. That
hides it from listeners, not from someone who takes the script apart.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

from nabi.pages import markup, template

TEMPLATE, STYLE = "listening.html", "listening.css"
# Placeholder in the template -> the script that fills it.
_SCRIPTS = {"answers": "listening_answers.js", "player": "listening_player.js"}
# Of the 32-bit FNV-1a hash (Fowler, Noll, Vo): listening_answers.js computes it too.
_OFFSET, _PRIME = 0x811C9DC5, 0x01000193


SIDES = ("A", "B")


class Pair(NamedTuple):
    """A blind pair: MP3s of A and of B, of equal size, and which of them is the model's, `A` or `B`."""

    sounds: tuple[bytes, bytes]
    model: str


def page(pairs: Sequence[Pair], *, seconds: float) -> str:
    """Writes the page as HTML; equal pairs give equal bytes.

    Args:
      pairs: in the order in which they are played, at least one.
      seconds: length of an excerpt.
    """
    test = hashlib.sha256(b"".join(sound for pair in pairs for sound in pair.sounds)).hexdigest()[:16]
    data = {
        "test": test,
        "seconds": seconds,
        "pairs": [[base64.b64encode(sound).decode() for sound in pair.sounds] for pair in pairs],
        "hashes": [hidden(test, number, pair.model) for number, pair in enumerate(pairs, 1)],
    }
    scripts = {name: template.read("generator.pages", file) for name, file in _SCRIPTS.items()}
    content = {
        "title": f"Listening test: {markup.count(len(pairs), 'pair')}",
        "seconds": f"{seconds:g}",
        "data": json.dumps(data, separators=(",", ":")),
    }
    return template.application("generator.pages", TEMPLATE, STYLE, {**scripts, **content})


def hidden(test: str, pair: int, side: str) -> int:
    """Hashes which excerpt of a pair is the model's, by 32-bit FNV-1a.

    >>> hidden("0123456789abcdef", 1, "A") == hidden("0123456789abcdef", 1, "B")
    False
    """
    value = _OFFSET
    for byte in f"{test} {pair} {side}".encode():
        value = (value ^ byte) * _PRIME & 0xFFFFFFFF
    return value
