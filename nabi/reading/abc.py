"""ABC text -> music21, a tune and a voice at a time.

music21 takes every `V:` line for another part, and one whose name is no number for none; so the voices are taken apart
here, by the ABC standard 2.1, and music21 gets one at a time.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from music21 import abcFormat, meter, note, stream, tie

from nabi.music.errors import ParseError

# The longest note that music has a sign for, the maxima, dotted, has 48.
MAX_QUARTERS_A_NOTE = 64

_REFERENCE_NUMBER = re.compile(r"\s*X:\s*(\d*)")
# A field, a directive or a comment: what is no music.
_FIELD = re.compile(r"\s*([A-Za-z+]:|%)")
_KEY = re.compile(r"\s*K:")
# Fields of a tune's body that make no sound: words, symbols and comments.
_SILENT = re.compile(r"\s*([wWsTNr+]:|%)")
_VOICE = re.compile(r"\s*V:\s*([^\s\]]+)(.*)")
_INLINE_VOICE = re.compile(r"\[(V:[^\]]*)\]")
_REPEAT = re.compile(r"\|:|:\||::")
_METER = re.compile(r"\s*M:([^%]*)")
_INLINE_METER = re.compile(r"\[M:[^\]]*\]")
_FRACTION = re.compile(r"(\d{1,3})/(\d{1,3})")
_LENGTH = re.compile(r"\s*L:")
_NAME = re.compile(r'\b(?:name|nm)="([^"]*)"')
# Chord symbols and annotations make no sound either, and music21 drops the note after some.
_QUOTED = re.compile(r'"[^"\n]*"')


def tunes(lines: Iterable[str]) -> list[tuple[str, list[str]]]:
    """(tune id, lines with the file's header) of each tune; the id is "" if there is one, otherwise its X: number.

    A number that comes again gets `.2`, `.3` ... . A tune ends at the first empty line after its music, and what
    follows is free text.
    """
    header: list[str] = []
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if match := _REFERENCE_NUMBER.match(line):
            found.append((match[1].lstrip("0") or "0", []))
        (found[-1][1] if found else header).append(line)
    if not found:
        return [("", header)]
    shared = [line for line in header if _FIELD.match(line)]
    seen: dict[str, int] = {}
    named = []
    for name, tune in found:
        seen[name] = seen.get(name, 0) + 1
        unique = name if seen[name] == 1 else f"{name}.{seen[name]}"
        named.append((unique if len(found) > 1 else "", shared + _until_empty_line(tune)))
    return named


def parse(tune: Sequence[str]) -> stream.Score:
    """The score of a tune; raises ParseError, and what music21 raises."""
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
    """The header, the lines of each voice in order of appearance, and the voices' names."""
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
            # A voice that the header declares has no music yet.
            current = ""
    # Fields before the first voice are for all of them.
    if len(voices) > 1 and "" in voices and all(_FIELD.match(line) for line in voices[""]):
        header += voices.pop("")
    return header, voices, names


def _without_meter(lines: Iterable[str]) -> tuple[list[str], str]:
    """Lines without M: fields, but with the default note length that follows from them; and the last meter, or "".

    Given a meter, music21 lays out measures and beams, which takes it minutes for an odd one and makes no sound.
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
    """Two more: music21 looks for measures, and so for repeats, only where two plain bar lines stand."""
    repeats = any(_REPEAT.search(line) for line in lines if not _FIELD.match(line))
    return ["|", "|"] if repeats else []


def _check_lengths(tokens: Iterable[Any]) -> None:
    """Refuses notes that music21 would cut into any number of measures, in hours."""
    for token in tokens:
        if isinstance(token, abcFormat.ABCNote) and token.quarterLength > MAX_QUARTERS_A_NOTE:
            raise ParseError(
                "damaged", f"a note of {token.quarterLength:g} quarters; {MAX_QUARTERS_A_NOTE} are allowed"
            )


def _tie_chords(tokens: Iterable[Any]) -> None:
    """Gives chords the ties that music21 leaves behind: those after a chord, and those after notes in it."""
    waiting: set[str] = set()
    for token in tokens:
        if isinstance(token, abcFormat.ABCChord):
            waiting = _tie_chord(token, waiting)
        elif isinstance(token, abcFormat.ABCNote):
            if token.pitchName in waiting:
                token.tie = "continue" if token.tie in ("start", "continue") else "stop"
            waiting = set()


def _tie_chord(token: Any, waiting: set[str]) -> set[str]:
    """Ties a chord's notes; the pitches whose ties lead on."""
    led_on = set()
    for single, tied in zip(token.subTokens, _ties_within(token.src), strict=False):
        name = getattr(single, "pitchName", None)
        opens = tied or token.tie in ("start", "continue")
        closes = name in waiting or token.tie in ("stop", "continue")
        if name and (opens or closes):
            # music21 makes the chord of these, names or notes.
            single.pitchName = note.Note(name)
            single.pitchName.tie = tie.Tie("continue" if opens and closes else "start" if opens else "stop")
            if opens:
                led_on.add(name)
    return led_on


def _ties_within(chord: str) -> list[bool]:
    """Of a chord such as `[C-E]`, for each note whether a `-` follows it."""
    return [match[1] == "-" for match in re.finditer(r"[A-Ga-g][,'\d/]*(-?)", chord.partition("]")[0])]
