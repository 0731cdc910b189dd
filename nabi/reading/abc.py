"""Parses ABC text with music21, one tune and one voice at a time.

music21 makes a new part of every `V:` line, and none of a voice whose name is no number. So voices are split here, by
the ABC standard 2.1, and music21 parses them one at a time.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from music21 import abcFormat, meter, note, stream, tie

from nabi.music.errors import ParseError

# Quarter notes of a note, at most: the longest note that can be written, a dotted maxima, has 48.
MAX_QUARTERS_A_NOTE = 64

_REFERENCE_NUMBER = re.compile(r"\s*X:\s*(\d*)")
# A field, a directive or a comment: a line without music.
_FIELD = re.compile(r"\s*([A-Za-z+]:|%)")
_KEY = re.compile(r"\s*K:")
# Fields in the body of a tune that make no sound: words, symbols and comments.
_SILENT = re.compile(r"\s*([wWsTNr+]:|%)")
_VOICE = re.compile(r"\s*V:\s*([^\s\]]+)(.*)")
_INLINE_VOICE = re.compile(r"\[(V:[^\]]*)\]")
_REPEAT = re.compile(r"\|:|:\||::")
_METER = re.compile(r"\s*M:([^%]*)")
_INLINE_METER = re.compile(r"\[M:[^\]]*\]")
_FRACTION = re.compile(r"(\d{1,3})/(\d{1,3})")
_LENGTH = re.compile(r"\s*L:")
_NAME = re.compile(r'\b(?:name|nm)="([^"]*)"')
# Chord symbols and annotations, which make no sound either; music21 drops the note after some of them.
_QUOTED = re.compile(r'"[^"\n]*"')


def tunes(lines: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Splits a file into tunes: (tune id, the tune's lines after the file's header).

    >>> tunes(["X:1", "K:C", "CDE", "", "X:2", "K:G", "GAB"])
    [('1', ['X:1', 'K:C', 'CDE']), ('2', ['X:2', 'K:G', 'GAB'])]

    The id is the X: number, or "" in a file of one tune; a repeated number gets `.2`, `.3` ... A tune ends at the first
    empty line after its music; text after it is ignored.
    """
    header: list[str] = []
    bodies: list[tuple[str, list[str]]] = []
    for line in lines:
        if match := _REFERENCE_NUMBER.match(line):
            bodies.append((match[1].lstrip("0") or "0", []))
        (bodies[-1][1] if bodies else header).append(line)
    if not bodies:
        return [("", header)]
    shared = [line for line in header if _FIELD.match(line)]
    seen: dict[str, int] = {}
    named = []
    for name, tune in bodies:
        seen[name] = seen.get(name, 0) + 1
        unique = name if seen[name] == 1 else f"{name}.{seen[name]}"
        named.append((unique if len(bodies) > 1 else "", shared + _until_empty_line(tune)))
    return named


def parse(tune: Sequence[str]) -> stream.Score:
    """Parses the lines of a tune as a score; raises ParseError, and what music21 raises."""
    header, voices, names = _voices([_INLINE_METER.sub("", line) for line in tune])
    header, signature = _without_meter(header)
    score = stream.Score()
    for voice, lines in voices.items():
        handler = abcFormat.ABCFile().readstr(
            "\n".join([*header, *(line for line in lines if not _METER.match(line)), *_bar_lines(lines)])
        )
        _check_lengths(handler.tokens)
        _tie_chords(handler.tokens)
        for part in abcFormat.translate.abcToStreamScore(handler).parts:
            part.partName = names.get(voice, "")
            if signature:
                part.insert(0, meter.TimeSignature(signature))
            score.insert(0, part)
    return score


def _until_empty_line(tune: Sequence[str]) -> list[str]:
    music = False
    for index, line in enumerate(tune):
        if music and not line.strip():
            return list(tune[:index])
        music = music or bool(line.strip() and not _FIELD.match(line))
    return list(tune)


def _voices(tune: Sequence[str]) -> tuple[list[str], dict[str, list[str]], dict[str, str]]:
    """Splits a tune into its header, the lines of each voice in order of appearance, and the voices' names."""
    body = next((index + 1 for index, line in enumerate(tune) if _KEY.match(line)), 0)
    header = [line for line in tune[:body] if not _VOICE.match(line)]
    voices: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    current = ""
    for index, line in enumerate(tune):
        for piece in _INLINE_VOICE.split(line) if index >= body else [line]:
            if match := _VOICE.match(piece):
                current = match[1]
                if name := _NAME.search(match[2]):
                    names[current] = name[1]
            elif index >= body and piece.strip() and not _SILENT.match(piece):
                voices.setdefault(current, []).append(piece if _FIELD.match(piece) else _QUOTED.sub("", piece))
        if index == body - 1:
            # Music before the first V: of the body belongs to no voice that the header declares.
            current = ""
    # Fields before the first voice hold for all voices.
    if len(voices) > 1 and "" in voices and all(_FIELD.match(line) for line in voices[""]):
        header += voices.pop("")
    return header, voices, names


def _without_meter(lines: Iterable[str]) -> tuple[list[str], str]:
    """Removes M: fields; returns the lines, with the default note length that followed from them, and the last meter.

    The meter is "" where there is none. With a meter, music21 would lay out measures and beams: that takes minutes for
    some meters and changes no note.
    """
    lines = list(lines)
    meters = [match[1].strip() for line in lines if (match := _METER.match(line))]
    kept = [line for line in lines if not _METER.match(line)]
    if not meters:
        return kept, ""
    signature = {"C": "4/4", "C|": "2/2"}.get(meters[-1], meters[-1])
    fraction = _FRACTION.match(signature)
    if not any(_LENGTH.match(line) for line in lines):
        kept.insert(0, "L:1/16" if fraction and int(fraction[1]) < 0.75 * int(fraction[2]) else "L:1/8")
    sound = fraction and int(fraction[1]) < 256 and int(fraction[2]) in (1, 2, 4, 8, 16, 32, 64)
    return kept, fraction[0] if fraction and sound else ""


def _bar_lines(lines: Iterable[str]) -> list[str]:
    """Returns two more bar lines for a tune with repeats, else none.

    music21 looks for measures, and so for repeats, only where two plain bar lines stand.
    """
    repeats = any(_REPEAT.search(line) for line in lines if not _FIELD.match(line))
    return ["|", "|"] if repeats else []


def _check_lengths(tokens: Iterable[Any]) -> None:
    """Refuses notes that music21 would take hours to cut into measures."""
    for token in tokens:
        if isinstance(token, abcFormat.ABCNote) and token.quarterLength > MAX_QUARTERS_A_NOTE:
            raise ParseError(
                "damaged", f"a note of {token.quarterLength:g} quarters; {MAX_QUARTERS_A_NOTE} are allowed"
            )


def _tie_chords(tokens: Iterable[Any]) -> None:
    """Restores the ties that music21 ignores: those after a chord, and those after notes in it."""
    waiting: set[str] = set()
    for token in tokens:
        if isinstance(token, abcFormat.ABCChord):
            waiting = _tie_chord(token, waiting)
        elif isinstance(token, abcFormat.ABCNote):
            if token.pitchName in waiting:
                token.tie = "continue" if token.tie in ("start", "continue") else "stop"
            waiting = set()


def _tie_chord(token: Any, waiting: set[str]) -> set[str]:
    """Ties the notes of a chord; returns the pitches whose ties go on to the next note."""
    open_pitches = set()
    for chord_note, tied in zip(token.subTokens, _ties_within(token.src), strict=False):
        name = getattr(chord_note, "pitchName", None)
        opens = tied or token.tie in ("start", "continue")
        closes = name in waiting or token.tie in ("stop", "continue")
        if name and (opens or closes):
            # music21 makes the chord of these, names or notes.
            chord_note.pitchName = note.Note(name)
            chord_note.pitchName.tie = tie.Tie("continue" if opens and closes else "start" if opens else "stop")
            if opens:
                open_pitches.add(name)
    return open_pitches


def _ties_within(chord: str) -> list[bool]:
    """Tells for each note of a chord such as `[C-E]` whether a `-` follows it."""
    return [match[1] == "-" for match in re.finditer(r"[A-Ga-g][,'\d/]*(-?)", chord.partition("]")[0])]
