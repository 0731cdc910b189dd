"""Writes songs as MusicXML 4.0, which notation programs such as MuseScore open.

Written without music21, whose import takes seconds and which writes the date into each file: equal songs give equal
bytes here. The tests read the files back with music21.
"""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from nabi.music import bars, notation
from nabi.music.notation import BarLines, Sound, Written
from nabi.music.song import Song
from nabi.music.spelling import Spelling
from nabi.music.voice_split import Part
from nabi.reading import midi_meta

_HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    b'"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_MIDDLE_C = 60
_CHANNELS = tuple(channel for channel in range(1, 17) if channel != 10)
_NAMES = "breve whole half quarter eighth 16th 32nd 64th 128th 256th 512th 1024th"
# Quarter notes -> the name of a note's value.
_TYPES = {Fraction(8, 2**number): name for number, name in enumerate(_NAMES.split())}
# Sign, line, and octaves by which notes sound higher.
_Clef = tuple[str, int, int]
_TREBLE, _TREBLE_BELOW, _BASS = ("G", 2, 0), ("G", 2, -1), ("F", 4, 0)
_CLEFS = {"Soprano": _TREBLE, "Alto": _TREBLE, "Tenor": _TREBLE_BELOW, "Bass": _BASS}


@dataclasses.dataclass(frozen=True)
class _Staff:
    """A staff: its clef, and the measures of each of its voices."""

    clef: _Clef
    voices: list[list[list[Written]]]


def write(song: Song, *, tempo: float = 120.0, program: int = 0, title: str = "", parts: Sequence[Part] = ()) -> bytes:
    """Writes a song as a MusicXML file; equal songs give equal bytes.

    >>> write(Song.from_notes(start=[0], duration=[12], pitch=[60])).count(b"<pitch>")
    1

    Args:
      song: its time signature (4/4 without one) and key signature are written too, and its ends of phrases as fermatas.
        Where it has an upbeat (`nabi.music.notation.BarLines`) the file begins with it, without the silence before.
      tempo: quarter notes a minute.
      program: General MIDI program, 0..127.
      title: as notation programs show it.
      parts: the song's parts, each on a staff of its own, with its own program or that one; without any the song is for
        one piano, of two staves where it has notes on both sides of middle C.

    Raises:
      ValueError: if a value is outside its range, or the denominator of the time signature is no power of 2.
    """
    if not 0 <= program < 128:
        raise ValueError(f"program {program} must be in 0..127")
    midi_meta.tempo_bytes(tempo)
    midi_meta.time_signature_bytes(song.about.time_signature or "4/4")
    bar_lines = BarLines.of(song)
    staves = [
        (part.name, program if part.program is None else part.program, [_staff(part.song, bar_lines, part.name)])
        for part in parts
    ] or [("Piano", program, _piano(song, bar_lines))]
    root = Element("score-partwise", version="4.0")
    SubElement(SubElement(root, "work"), "work-title").text = title
    SubElement(SubElement(SubElement(root, "identification"), "encoding"), "software").text = "Nabi"
    names = SubElement(root, "part-list")
    for number, (name, own_program, own) in enumerate(staves, 1):
        _add_name(names, number, name, own_program)
        _add_part(SubElement(root, "part", id=f"P{number}"), song, own, bar_lines, tempo if number == 1 else None)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=False)
    return _HEAD + written + b"\n"


def _staff(song: Song, bar_lines: BarLines, name: str = "") -> _Staff:
    pitches = song.pitches
    clef = _TREBLE if not len(pitches) or pitches.mean() >= _MIDDLE_C else _BASS
    voices = [list(notation.measures(voice, bar_lines)) for voice in notation.voices(song, bar_lines.scale)]
    return _Staff(_CLEFS.get(name, clef), voices)


def _piano(song: Song, bar_lines: BarLines) -> list[_Staff]:
    """Divides a song at middle C into the staves that have notes, at least one."""
    columns = song.notes()
    above = columns[2] >= _MIDDLE_C
    hands = [song.with_notes(*(column[own] for column in columns)) for own in (above, ~above) if own.any()]
    return [_staff(hand, bar_lines) for hand in hands or [song]]


def _add_name(names: Element, number: int, name: str, program: int) -> None:
    part = SubElement(names, "score-part", id=f"P{number}")
    _add(part, "part-name", name)
    _add(SubElement(part, "score-instrument", id=f"P{number}-I1"), "instrument-name", name)
    midi = SubElement(part, "midi-instrument", id=f"P{number}-I1")
    # Channel 10 is the drums'.
    _add(midi, "midi-channel", _CHANNELS[(number - 1) % len(_CHANNELS)])
    _add(midi, "midi-program", program + 1)


def _add_part(part: Element, song: Song, staves: Sequence[_Staff], bar_lines: BarLines, tempo: float | None) -> None:
    """Adds all measures of a part; `tempo` is given for the part that shows it."""
    key = _key(song)
    phrase_ends = frozenset(tick * bar_lines.scale for tick in song.about.phrase_ends)
    lines = list(itertools.pairwise(bar_lines.lines))
    for index, (first, last) in enumerate(lines):
        measure = SubElement(part, "measure", number=str(index + (not bar_lines.has_upbeat)))
        if index == 0 and bar_lines.has_upbeat:
            measure.set("implicit", "yes")
        if index == 0:
            _add_attributes(measure, song, staves, bar_lines.quarter, key)
            if tempo is not None:
                _add_tempo(measure, tempo)
        _add_measure(measure, staves, index, last - first, key[0], phrase_ends)
        if index == len(lines) - 1:
            _add(SubElement(measure, "barline", location="right"), "bar-style", "light-heavy")


def _key(song: Song) -> tuple[int, str]:
    """Returns sharps (negative: flats) and mode of the key signature; no sharps and "" without one."""
    if not song.about.key_signature:
        return 0, ""
    sharps, minor = midi_meta.key_signature_bytes(song.about.key_signature)
    return sharps - 256 * (sharps > 127), "minor" if minor else "major"


def _add_attributes(measure: Element, song: Song, staves: Sequence[_Staff], quarter: int, key: tuple[int, str]) -> None:
    attributes = SubElement(measure, "attributes")
    _add(attributes, "divisions", quarter)
    if key[1]:
        signature = SubElement(attributes, "key")
        _add(signature, "fifths", key[0])
        _add(signature, "mode", key[1])
    time = SubElement(attributes, "time")
    for name, number in zip(("beats", "beat-type"), bars.meter(song), strict=True):
        _add(time, name, number)
    if len(staves) > 1:
        _add(attributes, "staves", len(staves))
    for number, staff in enumerate(staves, 1):
        clef = SubElement(attributes, "clef", {"number": str(number)} if len(staves) > 1 else {})
        sign, line, octaves = staff.clef
        _add(clef, "sign", sign)
        _add(clef, "line", line)
        if octaves:
            _add(clef, "clef-octave-change", octaves)


def _add_tempo(measure: Element, tempo: float) -> None:
    direction = SubElement(measure, "direction", placement="above")
    metronome = SubElement(SubElement(direction, "direction-type"), "metronome")
    _add(metronome, "beat-unit", "quarter")
    _add(metronome, "per-minute", f"{tempo:g}")
    SubElement(direction, "sound", tempo=f"{tempo:g}")


def _add_measure(
    measure: Element, staves: Sequence[_Staff], index: int, ticks: int, sharps: int, phrase_ends: frozenset[int]
) -> None:
    """Adds the notes of all staves and voices in one measure, one voice after the other."""
    for number, staff in enumerate(staves):
        spelling = Spelling(sharps)
        # The first voice of a staff has a rest; the others are left out where they are silent.
        for voice, written in enumerate([own[index] for own in staff.voices] or [[]]):
            if voice and not written:
                continue
            if measure.find("note") is not None:
                _add(SubElement(measure, "backup"), "duration", ticks)
            place = {"voice": 1 + notation.MOST_VOICES * number + voice, "staff": number + 1 if len(staves) > 1 else 0}
            for value in written:
                ends_phrase = value.sound.end in phrase_ends
                _add_value(measure, value, spelling, is_hidden=voice > 0, ends_phrase=ends_phrase, **place)
            if not written:
                _add_silence(measure, ticks, **place)


def _add_silence(measure: Element, ticks: int, voice: int, staff: int) -> None:
    note = SubElement(measure, "note")
    SubElement(note, "rest", measure="yes")
    _add(note, "duration", ticks)
    _add(note, "voice", voice)
    if staff:
        _add(note, "staff", staff)


def _add_value(
    measure: Element,
    written: Written,
    spelling: Spelling,
    *,
    is_hidden: bool,
    ends_phrase: bool,
    voice: int,
    staff: int,
) -> None:
    """Adds a note, each note of a chord, or a rest, which is hidden in the lower voices of a staff."""
    sound = written.sound
    for place, pitch in enumerate(sound.pitches or (None,)):
        note = SubElement(measure, "note")
        if pitch is None:
            if is_hidden:
                note.set("print-object", "no")
            SubElement(note, "rest")
        else:
            if place:
                SubElement(note, "chord")
            _add_pitch(note, spelling.name(pitch))
        _add(note, "duration", sound.end - sound.start)
        ties = list(_ties(sound, pitch))
        for tie in ties:
            SubElement(note, "tie", type=tie)
        _add(note, "voice", voice)
        _add(note, "type", _TYPES[written.value])
        if written.dots:
            SubElement(note, "dot")
        if pitch is not None and "stop" not in ties and (sign := spelling.accidental(pitch)):
            _add(note, "accidental", sign)
        _add_tuplet(note, written)
        if staff:
            _add(note, "staff", staff)
        has_fermata = ends_phrase and pitch is not None and not place and "start" not in ties
        _add_notations(note, ties, "" if place else written.bracket, has_fermata=has_fermata)


def _add_pitch(note: Element, name: tuple[str, int, int]) -> None:
    step, alter, octave = name
    pitch = SubElement(note, "pitch")
    _add(pitch, "step", step)
    if alter:
        _add(pitch, "alter", alter)
    _add(pitch, "octave", octave)


def _ties(sound: Sound, pitch: int | None) -> Iterator[str]:
    if pitch in sound.tied_from:
        yield "stop"
    if pitch in sound.tied_to:
        yield "start"


def _add_tuplet(note: Element, written: Written) -> None:
    if written.tuplet != (1, 1):
        modification = SubElement(note, "time-modification")
        _add(modification, "actual-notes", written.tuplet[0])
        _add(modification, "normal-notes", written.tuplet[1])


def _add_notations(note: Element, ties: Sequence[str], bracket: str, *, has_fermata: bool) -> None:
    if ties or bracket or has_fermata:
        notations = SubElement(note, "notations")
        for tie in ties:
            SubElement(notations, "tied", type=tie)
        if bracket:
            SubElement(notations, "tuplet", type=bracket)
        if has_fermata:
            SubElement(notations, "fermata", type="upright")


def _add(parent: Element, name: str, value: object) -> None:
    SubElement(parent, name).text = str(value)
