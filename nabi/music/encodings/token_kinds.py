"""What a token says to a listener, which is coarser than the grammars' kinds and the same for all encodings."""

from nabi.music import note_codes, note_names
from nabi.music.encodings.base import Encoding
from nabi.music.encodings.grid import HELD_MARK
from nabi.music.encodings.steps import STEP

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
    if not _is_pitched(kind):
        return kind
    # A normal order is a chord also if it is one class, an octave.
    if note_names.is_classes(token):
        return "chord"
    struck = sum(not name.startswith(HELD_MARK) for name in _names(token))
    return "chord" if struck > 1 else "note" if struck else "held"


def pitches_of(encoding: Encoding, token: str) -> tuple[int, ...]:
    """The MIDI numbers that a token strikes or holds, as they would sound; none for a duration, a shift or a rest.

    Args:
      encoding: the token's.
      token: none of the four special ones.
    """
    if not _is_pitched(encoding.kind(token, before="start")):
        return ()
    if note_names.is_classes(token):
        return note_names.parse_classes(token)
    if note_codes.is_code(token, encoding.divisors):
        return (note_codes.read(token, encoding.divisors)[0],)
    return tuple(note_names.parse_pitch(name.removeprefix(HELD_MARK)) for name in _names(token))


def _is_pitched(kind: str) -> bool:
    return kind in _PITCHED or kind in note_names.PITCH_NAMES


def _names(token: str) -> list[str]:
    return token.partition(":")[0].split(".")
