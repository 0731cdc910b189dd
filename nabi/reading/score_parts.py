"""A music21 score -> the notes of its parts as they sound: repeats expanded, ties joined, transposed.

Left out: rests, grace notes, lyrics, chord symbols and whatever has no pitch. Times are exact fractions of a quarter
note until the end, where each start and end goes to the nearest tick.
"""

import dataclasses
import math
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from music21 import chord, harmony, instrument, key, meter, note, stream, tempo

from nabi.music.errors import ParseError
from nabi.music.song import About
from nabi.reading import midi_meta
from nabi.reading.instruments import DRUM_CHANNEL, Part
from nabi.reading.repeats import MeasureTimes, exact, layouts

# How music21 names the staves that it makes of one part, such as a piano's.
_STAFF = re.compile(r"(.*)-Staff\d+")


@dataclasses.dataclass(frozen=True)
class _Sound:
    """A written note: start and end (quarters after its measure's start), MIDI number, and the ties it has."""

    measure: int
    start: Fraction
    end: Fraction
    pitch: int
    tied_from: bool
    tied_to: bool


@dataclasses.dataclass
class _Instrument:
    """What plays: its name, General MIDI program, the way from written to sounding (semitones), and if it has pitch."""

    name: str = ""
    program: int = 0
    semitones: int = 0
    pitched: bool = True


Notes = list[tuple[int, int, int]]


def parts_of(score: stream.Score, about: About, ticks_per_quarter: int) -> tuple[list[Part], About]:
    """The parts of a score, without percussion, and `about` with the tempo and signatures that stand at the start.

    A part whose player changes instruments is one part, named after the first; staves of one part (a piano's) are one.
    Times go to the nearest of so many ticks a quarter note.

    Raises:
      ParseError: `not-expanded` if music21 cannot expand the score's repeats, `damaged` if a pitch is outside MIDI's.
    """
    found: dict[str, tuple[_Instrument, list[tuple[int, int, int, int]]]] = {}
    for index, (staff, layout) in enumerate(zip(score.parts, layouts(score), strict=True)):
        match = _STAFF.fullmatch(str(staff.id))
        elements = list(_elements(staff, layout))
        first, _ = found.setdefault(match[1] if match else str(index), (_first_instrument(staff, elements), []))
        notes = _joined(_sounds(staff, elements, first), layout, ticks_per_quarter)
        found[match[1] if match else str(index)][1].extend((*sound, index) for sound in notes)
        about = _described(about, elements, first.semitones)
    parts = [
        Part(played.name, played.program, *np.array(notes, np.int64).reshape(-1, 4).T)
        for played, notes in found.values()
    ]
    return parts, about


def _elements(staff: stream.Stream, layout: MeasureTimes) -> Iterator[tuple[int, Fraction, Any]]:
    """(measure, start in it, element) of all that stands in a staff, voices unfolded; measure -1 outside of any."""
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


def _first_instrument(staff: stream.Stream, elements: Iterable[tuple[int, Fraction, Any]]) -> _Instrument:
    found = next((element for *_, element in elements if isinstance(element, instrument.Instrument)), None)
    played = _instrument(found, staff) if found else _Instrument()
    name = str(staff.partName or "")
    return played if played.name or not name else dataclasses.replace(played, name=name, program=_program(name))


def _instrument(found: instrument.Instrument, staff: stream.Stream) -> _Instrument:
    """What music21's instrument means for notes; `atSoundingPitch` False says that a staff is written transposed."""
    transposed = found.transposition is not None and staff.atSoundingPitch is False
    name = str(found.instrumentName or found.partName or "")
    return _Instrument(
        name=name,
        program=_program(name) if found.midiProgram is None else found.midiProgram,
        semitones=round(found.transposition.semitones) if transposed else 0,
        pitched=not isinstance(found, instrument.UnpitchedPercussion) and found.midiChannel != DRUM_CHANNEL,
    )


def _program(name: str) -> int:
    """The General MIDI program of a name such as `Violino I`; 0 where there is none."""
    try:
        return int(instrument.fromString(name).midiProgram or 0)
    except instrument.InstrumentException:
        return 0


def _sounds(
    staff: stream.Stream, elements: Iterable[tuple[int, Fraction, Any]], first: _Instrument
) -> Iterator[_Sound]:
    """The written notes of a staff, at the pitch at which they sound."""
    played = first
    for measure, start, element in elements:
        if isinstance(element, instrument.Instrument):
            played = _instrument(element, staff)
        elif played.pitched and _has_notes(element):
            end = start + exact(element.duration.quarterLength)
            for single in element.notes if isinstance(element, chord.ChordBase) else (element,):
                if isinstance(single, note.Note):
                    pitch = _checked(round(single.pitch.ps) + played.semitones)
                    tied = single.tie.type if single.tie else ""
                    yield _Sound(
                        measure, start, end, pitch, tied in ("stop", "continue"), tied in ("start", "continue")
                    )


def _has_notes(element: Any) -> bool:
    if not isinstance(element, note.NotRest) or isinstance(element, harmony.Harmony):
        return False
    return not element.duration.isGrace and element.duration.quarterLength > 0


def _checked(pitch: int) -> int:
    if not 0 <= pitch <= 127:
        raise ParseError("damaged", f"a note has the MIDI number {pitch}, which is outside 0..127")
    return pitch


def _joined(sounds: Iterable[_Sound], layout: MeasureTimes, ticks_per_quarter: int) -> Notes:
    """(start, duration, pitch) in ticks of a staff's notes as they sound, tied ones as one."""
    written: dict[int, list[_Sound]] = {}
    for sound in sounds:
        written.setdefault(sound.measure, []).append(sound)
    notes: list[list[Any]] = []
    # Where a tie leads on: (pitch, time) -> index of the note that it prolongs.
    open_ties: dict[tuple[int, Fraction], int] = {}
    for measure, base in [(-1, Fraction(0)), *layout.passes]:
        for sound in sorted(written.get(measure, ()), key=lambda sound: (sound.start, sound.end)):
            start, end = base + sound.start, base + sound.end
            index = open_ties.pop((sound.pitch, start), None) if sound.tied_from else None
            if index is None:
                index = len(notes)
                notes.append([start, end, sound.pitch])
            notes[index][1] = end
            if sound.tied_to:
                open_ties[sound.pitch, end] = index
    ticks = ((_tick(start, ticks_per_quarter), _tick(end, ticks_per_quarter), pitch) for start, end, pitch in notes)
    return [(start, end - start, pitch) for start, end, pitch in ticks]


def _tick(quarters: Fraction, ticks_per_quarter: int) -> int:
    """The nearest tick; halfway goes up."""
    return math.floor(quarters * ticks_per_quarter + Fraction(1, 2))


def _described(about: About, elements: Iterable[tuple[int, Fraction, Any]], semitones: int) -> About:
    """`about`, its gaps filled with what stands at a staff's start; a transposed staff's key as it sounds."""
    for measure, start, element in elements:
        if measure > 0 or start > 0:
            continue
        if isinstance(element, tempo.MetronomeMark) and about.tempo is None:
            about = dataclasses.replace(about, tempo=_quarters_a_minute(element))
        elif isinstance(element, meter.TimeSignature) and about.time_signature is None:
            about = dataclasses.replace(about, time_signature=_time_signature(element))
        elif isinstance(element, key.KeySignature) and about.key_signature is None:
            about = dataclasses.replace(about, key_signature=_key_signature(element, semitones))
    return about


def _quarters_a_minute(mark: tempo.MetronomeMark) -> float | None:
    """None where there are words only, of which music21 guesses a number."""
    quarters = None if mark.numberImplicit and mark.numberSounding is None else mark.getQuarterBPM()
    # What a MIDI file can say, as nabi.reading.midi_meta has it.
    return round(float(quarters), 2) if quarters and 3.58 <= quarters <= 60_000_000 else None


def _time_signature(signature: meter.TimeSignature) -> str | None:
    """Such as `6/8`, None unless the denominator is a power of 2."""
    power = signature.denominator.bit_length() - 1
    sound = signature.denominator == 1 << power and 0 < signature.numerator < 256
    return midi_meta.time_signature(bytes([signature.numerator, power])) if sound else None


def _key_signature(signature: key.KeySignature, semitones: int) -> str | None:
    """Such as `Bb major`; a church mode, or none, is the major of its sharps and flats."""
    # Seven fifths up are a semitone, and twelve are none.
    sharps = signature.sharps + (7 * semitones + 6) % 12 - 6
    return midi_meta.key_signature(bytes([sharps % 256, getattr(signature, "mode", None) == "minor"]))
