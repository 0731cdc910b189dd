"""What a token says to a listener, which is coarser than the grammars' kinds and the same for all encodings."""

from songs import names
from songs.encodings.base import Encoding
from songs.encodings.grid import HELD_MARK
from songs.encodings.steps import STEP

# Kinds of the grammars whose tokens name pitches.
_PITCHED = {"note", "event", "sounding"}


def sort_of(encoding: Encoding, token: str) -> str:
    """`note` or `chord` by the pitches that a token strikes, `held` if it only holds some, else its grammar's kind.

    The longest duration is a `duration`; the longest shift, and what closes a step, is a `shift`.

    Args:
      encoding: the token's.
      token: none of the four special ones.
    """
    # What came before decides only whether a step that closes was silent, which is the same to a listener.
    kind = encoding.kind(token, before="start").removeprefix("longest ")
    if token == STEP:
        return "shift"
    if kind not in _PITCHED and kind not in names.PITCH_NAMES:
        return kind
    # A normal order is a chord also if it is one class, an octave.
    if names.is_classes(token):
        return "chord"
    pitches = token.partition(":")[0].split(".")
    struck = sum(not pitch.startswith(HELD_MARK) for pitch in pitches)
    return "chord" if struck > 1 else "note" if struck else "held"
