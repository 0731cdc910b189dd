"""Reads the notes of a music21 score as they sound: repeats expanded, ties joined, transposed.

Rests, grace notes, lyrics, chord symbols and unpitched notes are left out. Times are exact fractions of a quarter note
until each start and end is rounded to the nearest tick.
"""

import dataclasses
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from music21 import chord, expressions, harmony, instrument, note, stream

from nabi.music.about import About
from nabi.music.errors import ParseError
from nabi.music.timeline import Timeline
from nabi.reading import score_marks
from nabi.reading.instruments import DRUM_CHANNEL, Part
from nabi.reading.repeats import MeasureTimes, exact, layouts
from nabi.reading.score_marks import Element, Loudness, Marks

# music21's name of a staff of a part with several, such as a piano's.
_STAFF = re.compile(r"(.*)-Staff\d+")


@dataclasses.dataclass(frozen=True)
class _Sound:
    """A written note: start and end (quarter notes after its measure's start), MIDI number, velocity, and its ties."""

    measure: int
    start: Fraction
    end: Fraction
    pitch: int
    velocity: int
    tied_from: bool
    tied_to: bool
    has_fermata: bool


@dataclasses.dataclass
class _Instrument:
    """An instrument of a part.

    Attributes:
      name: as the score has it.
      program: General MIDI program.
      semitones: from the written to the sounding pitch.
      pitched: False for percussion without pitch.
    """

    name: str = ""
    program: int = 0
    semitones: int = 0
    pitched: bool = True


# Rows of start, duration, pitch and velocity.
Notes = list[tuple[int, int, int, int]]


def parts_of(score: stream.Score, about: About, ticks_per_quarter: int) -> tuple[list[Part], About, Timeline]:
    """Reads the parts of a score, without percussion, `about` with the first tempo and signatures, and all of these.

    Phrases end where the notes with a fermata do of the first staff that has any. A part whose player changes
    instruments is named after the first; the staves of a part (a piano's) are joined. Times are rounded to ticks.

    Raises:
      ParseError: `not-expanded` if music21 cannot expand the score's repeats, `damaged` if a pitch is outside MIDI's.
    """
    notes_of_parts: dict[str, tuple[_Instrument, list[tuple[int, int, int, int, int]]]] = {}
    marks = Marks(lambda quarters: _tick(quarters, ticks_per_quarter))
    for index, (staff, layout) in enumerate(zip(score.parts, layouts(score), strict=True)):
        match = _STAFF.fullmatch(str(staff.id))
        elements = list(_elements(staff, layout))
        part_id = match[1] if match else str(index)
        first, _ = notes_of_parts.setdefault(part_id, (_first_instrument(staff, elements), []))
        notes, fermata_ends = _joined(_sounds(staff, elements, first), layout, ticks_per_quarter)
        if not about.phrase_ends:
            about = dataclasses.replace(about, phrase_ends=fermata_ends)
        notes_of_parts[part_id][1].extend((*note_row, index) for note_row in notes)
        about = score_marks.described(about, elements, first.semitones)
        marks.add(elements, layout, first.semitones)
    parts = [
        Part(played.name, played.program, *np.array(notes, np.int64).reshape(-1, 5).T)
        for played, notes in notes_of_parts.values()
    ]
    return parts, about, marks.timeline()


def _elements(staff: stream.Stream, layout: MeasureTimes) -> Iterator[Element]:
    """Yields (measure, start in it, element) of all elements of a staff, voices included; measure -1 outside of any."""
    place = {id(measure): index for index, measure in enumerate(layout.measures)}
    for element in staff.elements:
        offset = exact(staff.elementOffset(element))
        if id(element) in place:
            yield from ((place[id(element)], start, inner) for start, inner in _leaves(element, Fraction(0)))
        elif element.isStream:
            yield from ((-1, start, inner) for start, inner in _leaves(element, offset))
        else:
            yield -1, offset, element


def _leaves(container: stream.Stream, base: Fraction) -> Iterator[tuple[Fraction, Any]]:
    for element in container.elements:
        start = base + exact(container.elementOffset(element))
        if element.isStream:
            yield from _leaves(element, start)
        else:
            yield start, element


def _first_instrument(staff: stream.Stream, elements: Iterable[Element]) -> _Instrument:
    first = next((element for *_, element in elements if isinstance(element, instrument.Instrument)), None)
    played = _instrument(first, staff) if first else _Instrument()
    name = str(staff.partName or "")
    return played if played.name or not name else dataclasses.replace(played, name=name, program=_program(name))


def _instrument(element: instrument.Instrument, staff: stream.Stream) -> _Instrument:
    """Reads a music21 instrument; `atSoundingPitch` False says that a staff is written transposed."""
    transposed = element.transposition is not None and staff.atSoundingPitch is False
    name = str(element.instrumentName or element.partName or "")
    return _Instrument(
        name=name,
        program=_program(name) if element.midiProgram is None else element.midiProgram,
        semitones=round(element.transposition.semitones) if transposed else 0,
        pitched=not isinstance(element, instrument.UnpitchedPercussion) and element.midiChannel != DRUM_CHANNEL,
    )


def _program(name: str) -> int:
    """Looks up the General MIDI program of a name such as `Violino I`; 0 if there is none."""
    try:
        return int(instrument.fromString(name).midiProgram or 0)
    except instrument.InstrumentException:
        return 0


def _sounds(staff: stream.Stream, elements: Sequence[Element], first: _Instrument) -> Iterator[_Sound]:
    """Yields the written notes of a staff, at their sounding pitch."""
    played, loudness = first, Loudness(elements)
    for measure, start, element in elements:
        if isinstance(element, instrument.Instrument):
            played = _instrument(element, staff)
        elif played.pitched and _has_notes(element):
            end = start + exact(element.duration.quarterLength)
            for sounding in element.notes if isinstance(element, chord.ChordBase) else (element,):
                if isinstance(sounding, note.Note):
                    pitch = _checked(round(sounding.pitch.ps) + played.semitones)
                    tied = sounding.tie.type if sounding.tie else ""
                    ties = tied in ("stop", "continue"), tied in ("start", "continue")
                    velocity = loudness.velocity(measure, start, sounding)
                    yield _Sound(measure, start, end, pitch, velocity, *ties, has_fermata(element))


def _has_notes(element: Any) -> bool:
    if not isinstance(element, note.NotRest) or isinstance(element, harmony.Harmony):
        return False
    return not element.duration.isGrace and element.duration.quarterLength > 0


def has_fermata(element: note.GeneralNote) -> bool:
    """Tells whether a note or a chord has a fermata."""
    return any(isinstance(mark, expressions.Fermata) for mark in element.expressions)


def _checked(pitch: int) -> int:
    if not 0 <= pitch <= 127:
        raise ParseError("damaged", f"a note has the MIDI number {pitch}, which is outside 0..127")
    return pitch


def _joined(sounds: Iterable[_Sound], layout: MeasureTimes, ticks_per_quarter: int) -> tuple[Notes, tuple[int, ...]]:
    """Lists a staff's notes as they sound, in ticks; tied notes are one.

    Returns:
      The notes, and the ticks at which those with a fermata end, ascending.
    """
    written: dict[int, list[_Sound]] = {}
    for sound in sounds:
        written.setdefault(sound.measure, []).append(sound)
    notes: list[list[Any]] = []
    with_fermata: list[int] = []
    # Open ties: (pitch, time) -> index of the note that they prolong.
    open_ties: dict[tuple[int, Fraction], int] = {}
    for measure, base in [(-1, Fraction(0)), *layout.passes]:
        for sound in sorted(written.get(measure, ()), key=lambda sound: (sound.start, sound.end)):
            start, end = base + sound.start, base + sound.end
            index = open_ties.pop((sound.pitch, start), None) if sound.tied_from else None
            if index is None:
                index = len(notes)
                notes.append([start, end, sound.pitch, sound.velocity])
            notes[index][1] = end
            with_fermata += [index] * sound.has_fermata
            if sound.tied_to:
                open_ties[sound.pitch, end] = index
    ticks = [(_tick(start, ticks_per_quarter), _tick(end, ticks_per_quarter), *sound) for start, end, *sound in notes]
    fermata_ends = sorted({_tick(notes[index][1], ticks_per_quarter) for index in with_fermata})
    return [(start, end - start, pitch, velocity) for start, end, pitch, velocity in ticks], tuple(fermata_ends)


def _tick(quarters: Fraction, ticks_per_quarter: int) -> int:
    """Rounds to the nearest tick; halves go up."""
    return math.floor(quarters * ticks_per_quarter + Fraction(1, 2))
