"""Reads MIDI files through music21: the reference for the fast reader.

Events are those of music21: its pairing of note-on and note-off, its gathering of a track's notes into chords, its
quantisation to the nearest part of a quarter note (`nabi.music.quantisation`), its instruments. Its notation layer
(measures, voices, ties, rests) is left out: it cuts one sounding note into several and reorders them.

Five rules differ, since music21's own would lose notes or their times:
- A track whose notes use several channels (all of format 0) is read as one track a channel; music21 gathers chords
  across them and gives all to the last instrument named.
- Drums (channel 10) are taken out, or taken alone, before chords are gathered; music21 turns a chord that holds one
  drum into drums whole.
- Notes belong to the instrument in force when they start, those before a track's first to that one; music21 drops
  the notes of a track that names none.
- A time that is a multiple of a part of a quarter note keeps its value; music21's rounding moves one fifth in twenty to
  the next multiple.
- Invalid tempi, signatures and names are ignored; music21 refuses the file, or spends a second on a name of a thousand
  words.
"""

import dataclasses
import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from music21 import chord, common, instrument, midi, note, stream
from music21.exceptions21 import Music21Exception

from nabi.music import quantisation
from nabi.music.errors import ParseError
from nabi.music.song import About, Song
from nabi.reading import midi_meta, midi_quantisation
from nabi.reading.instruments import DRUM_CHANNEL, Part, choose
from nabi.reading.midi_header import check_header

_music21_nearest_multiple = common.nearestMultiple

# Exceptions of music21 for bytes that are no MIDI.
_DAMAGE = (Music21Exception, ValueError, IndexError, TypeError, ZeroDivisionError, OverflowError, AttributeError)


def read(
    data: bytes,
    *,
    about: About | None = None,
    instrument_choice: str = "all",
    divisors: tuple[int, ...] = quantisation.DEFAULT,
    fingerprint: bool = True,
) -> Song:
    """Reads the song of a MIDI file.

    Args:
      data: the file's bytes.
      about: metadata of the file; tempo, signatures and instrument are added.
      instrument_choice: see `nabi.reading.instruments.choose`.
      divisors: times go to the nearest of these parts of a quarter note, as `nabi.music.quantisation` has them.
      fingerprint: see `nabi.reading.instruments.choose`.

    Raises:
      ParseError: if the bytes are no MIDI, or hold no notes of that instrument.
    """
    file = _parse(data)
    with warnings.catch_warnings():
        # music21 warns of undecodable names and lyrics, which do not matter here.
        warnings.simplefilter("ignore")
        try:
            parts = _parts(file, divisors, drums=instrument_choice == "drums")
        except _DAMAGE as error:
            raise ParseError("damaged", f"music21 cannot make notes of it: {error}") from error
    about, ticks_per_quarter = _about(file, about or About()), quantisation.ticks_per_quarter(divisors)
    about = dataclasses.replace(about, phrase_ends=_phrase_ends(file, divisors))
    return choose(parts, instrument_choice, about, ticks_per_quarter, fingerprint=fingerprint)


class _PlainPart(stream.Part):  # type: ignore[misc]
    """A part that music21 fills with quantised notes and chords, and whose notation layer does nothing."""

    def quantize(self, *args: Any, **keywords: Any) -> Any:
        """Quantises as music21 does, with the `_nearest_multiple` of this module."""
        common.nearestMultiple = _nearest_multiple
        try:
            return super().quantize(*args, **keywords)
        finally:
            common.nearestMultiple = _music21_nearest_multiple

    def makeMeasures(self, *args: Any, **keywords: Any) -> "_PlainPart":  # noqa: N802
        """Returns the part without measures."""
        return self

    def makeTies(self, *args: Any, **keywords: Any) -> "_PlainPart":  # noqa: N802
        """Returns the part without ties."""
        return self

    def makeRests(self, *args: Any, **keywords: Any) -> "_PlainPart":  # noqa: N802
        """Returns the part without rests."""
        return self


def _nearest_multiple(target: float, unit: float) -> tuple[float, float, float]:
    """Computes music21's (match, error, signed error), but exactly for a target that is a multiple.

    17 / 5 is 17 times 0.2 by division, but 0.2 * 17 is above it, for which music21 takes 18 * 0.2.
    """
    match = unit * math.floor(target / unit)
    if match > target:
        return match, round(match - target, 7), round(target - match, 7)
    nearest: tuple[float, float, float] = _music21_nearest_multiple(target, unit)
    return nearest


def _parse(data: bytes) -> Any:
    check_header(data)
    file = midi.MidiFile()
    try:
        file.readstr(data)
    except _DAMAGE as error:
        raise ParseError("damaged", f"music21 cannot read it: {error}") from error
    return file


def _parts(file: Any, divisors: tuple[int, ...], drums: bool) -> list[Part]:
    """Reads the parts of a file, one for each instrument name, in the order of their first appearance."""
    ticks_per_quarter = quantisation.ticks_per_quarter(divisors)
    notes: dict[str, list[tuple[int, int, int, int]]] = {}
    programs: dict[str, int] = {}
    for number, track in enumerate(_tracks(file, drums)):
        part = _PlainPart()
        midi.translate.midiTrackToStream(
            track,
            ticksPerQuarter=file.ticksPerQuarterNote,
            quarterLengthDivisors=divisors,
            inputM21=part,
        )
        for name, program, element in _with_instrument(part):
            programs.setdefault(name, program)
            notes.setdefault(name, []).extend((*columns, number) for columns in _notes(element, ticks_per_quarter))
    return [
        Part(name, programs[name], *np.array(rows, np.int64).reshape(-1, 4).T) for name, rows in notes.items() if rows
    ]


def _tracks(file: Any, drums: bool) -> Iterator[Any]:
    """Yields tracks that music21 can read: notes of one channel each, drums or all but drums, valid meta events."""
    for track in file.tracks:
        timed = [(time, event) for time, event in midi.translate.getTimeForEvents(track) if _usable(event)]
        # music21 counts channels from 1.
        channels = sorted({event.channel for _, event in timed if event.isNoteOn()})
        for channel in channels:
            if (channel - 1 == DRUM_CHANNEL) == drums:
                yield _one_channel(timed, channel, drums)


def _usable(event: Any) -> bool:
    return not isinstance(event.type, midi.MetaEvents) or midi_meta.is_sound(event.type.value, event.data or b"")


def _one_channel(timed: list[tuple[int, Any]], channel: int, drums: bool) -> Any:
    """Makes a track of one channel's events and all meta events; drums move to a channel where notes have pitch."""
    track = midi.MidiTrack()
    now = 0
    for time, event in timed:
        if event.isChannelEvent():
            if event.channel != channel:
                continue
            event.channel = 1 if drums else channel
        delta = midi.DeltaTime(track)
        delta.time = time - now
        now = time
        track.events += [delta, event]
    return track


def _with_instrument(part: stream.Part) -> Iterator[tuple[str, int, Any]]:
    """Yields (instrument name, program, note or chord) of a part, each with the instrument in force at its start."""
    named = [element for element in part if isinstance(element, instrument.Instrument)]
    offsets = [float(element.offset) for element in named]
    for element in part.notes:
        index = max(int(np.searchsorted(offsets, float(element.offset), side="right")) - 1, 0)
        current = named[index] if named else None
        yield _name(current), (current.midiProgram or 0) if current else 0, element


def _name(current: Any) -> str:
    return str(current.instrumentName or current.partName or "") if current else ""


def _notes(element: Any, ticks_per_quarter: int) -> list[tuple[int, int, int]]:
    """Lists (start, duration, pitch) of a note or chord in ticks and MIDI numbers."""
    start = round(element.offset * ticks_per_quarter)
    duration = round(element.duration.quarterLength * ticks_per_quarter)
    pitches = element.pitches if isinstance(element, chord.Chord | note.Note) else ()
    return [(start, duration, pitch.midi) for pitch in pitches]


def _about(file: Any, about: About) -> About:
    """Adds the earliest tempo, time signature and key signature of any track."""
    earliest: dict[int, tuple[int, bytes]] = {}
    for track in file.tracks:
        for time, event in midi.translate.getTimeForEvents(track):
            kind = event.type.value if isinstance(event.type, midi.MetaEvents) else -1
            if (
                kind in midi_meta.READERS
                and midi_meta.is_sound(kind, event.data)
                and time < earliest.get(kind, (1 << 62, b""))[0]
            ):
                earliest[kind] = (time, event.data)
    return midi_meta.described(about, {kind: data for kind, (_, data) in earliest.items()})


def _phrase_ends(file: Any, divisors: tuple[int, ...]) -> tuple[int, ...]:
    ticks = [
        time
        for track in file.tracks
        for time, event in midi.translate.getTimeForEvents(track)
        if event.type == midi.MetaEvents.MARKER and event.data == midi_meta.PHRASE_END
    ]
    return midi_quantisation.phrase_ends(ticks, file.ticksPerQuarterNote, divisors)
