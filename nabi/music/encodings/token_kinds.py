"""Kinds of tokens by their sound: coarser than the kinds of the grammars, and the same for all encodings."""

from nabi.music import note_codes, note_names
from nabi.music.encodings.base import Encoding
from nabi.music.encodings.grid import HELD_MARK
from nabi.music.encodings.steps import STEP

# Kinds of the grammars whose tokens name pitches.
_PITCHED = {"note", "event", "sounding"}


def kind_of(encoding: Encoding, token: str) -> str:
    """Returns `note` or `chord` by the pitches that a token strikes, `held` if it only holds, else its grammar's kind.

    The longest duration is a `duration`; the longest shift, and the end of a step, is a `shift`.

    Args:
      encoding: the token's.
      token: none of the four special ones.
    """
    # The token before decides only whether a closed step was silent: both are a shift here.
    kind = encoding.kind(token, before="start").removeprefix("longest ")
    if token == STEP:
        return "shift"
    if not _is_pitched(kind):
        return kind
    # A normal order of one class is a chord too, an octave.
    if note_names.is_classes(token):
        return "chord"
    struck = sum(not name.startswith(HELD_MARK) for name in _names(token))
    return "chord" if struck > 1 else "note" if struck else "held"


def pitches_of(encoding: Encoding, token: str) -> tuple[int, ...]:
    """Returns the MIDI numbers that a token strikes or holds; none for a duration, a shift or a rest.

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


def pitches_named(encoding: Encoding, token: str) -> tuple[int, ...]:
    """Returns the MIDI numbers that a token strikes or holds, or that it says of a phrase's cadence."""
    if encoding.kind(token, before="start") == "cadence":
        return (encoding.number(token) - 1,)
    return pitches_of(encoding, token)


def _is_pitched(kind: str) -> bool:
    return kind in _PITCHED or kind in note_names.PITCH_NAMES


def _names(token: str) -> list[str]:
    return token.partition(":")[0].split(".")
