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

from nabi.music.about import About
from nabi.music.errors import ParseError
from nabi.music.song import Song
from nabi.reading import midi_meta, midi_pedals, midi_quantisation
from nabi.reading.instruments import DRUM_CHANNEL, Part, choose
from nabi.reading.midi_events import Ints
from nabi.reading.midi_header import check_header
from nabi.reading.read_settings import DEFAULT, ReadSettings

_music21_nearest_multiple = common.nearestMultiple

# Exceptions of music21 for bytes that are no MIDI.
_DAMAGE = (Music21Exception, ValueError, IndexError, TypeError, ZeroDivisionError, OverflowError, AttributeError)


def read(data: bytes, settings: ReadSettings = DEFAULT, about: About | None = None) -> Song:
    """Reads the song of a MIDI file.

    Args:
      data: the file's bytes.
      settings: which song the file gives.
      about: metadata of the file; tempo, signatures and instrument are added.

    Raises:
      ParseError: if the bytes are no MIDI, or hold no notes of that instrument.
    """
    file = _parse(data)
    # Making parts moves the drums' events to another channel.
    pedal_messages = _pedal_messages(file)
    with warnings.catch_warnings():
        # music21 warns of undecodable names and lyrics, which do not matter here.
        warnings.simplefilter("ignore")
        try:
            parts = _parts(file, settings)
        except _DAMAGE as error:
            raise ParseError("damaged", f"music21 cannot make notes of it: {error}") from error
    about = _about(file, about or About())
    about = dataclasses.replace(about, phrase_ends=_phrase_ends(file, settings.divisors))
    division = file.ticksPerQuarterNote
    if settings.pedal != "drop":
        parts = midi_pedals.with_pedals(parts, [pedal_messages], division, settings)
    changes = _changes(file)
    return choose(parts, settings, about, midi_quantisation.timeline(changes, division, settings.divisors))


class _PlainPart(stream.Part):  # type: ignore[misc]
    """A part that music21 fills with quantised notes and chords, and whose notation layer does nothing."""

    # Of the quarter note; music21 would take those that give the tolerance within which it gathers notes.
    divisors: tuple[int, ...]

    def quantize(self, **keywords: Any) -> Any:
        """Quantises as music21 does, with the `_nearest_multiple` of this module."""
        common.nearestMultiple = _nearest_multiple
        try:
            return super().quantize(**{**keywords, "quarterLengthDivisors": self.divisors})
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


def _parts(file: Any, settings: ReadSettings) -> list[Part]:
    """Reads the parts of a file, one for each instrument name, in the order of their first appearance."""
    notes: dict[tuple[str, bool], list[tuple[int, int, int, int, int]]] = {}
    programs: dict[tuple[str, bool], int] = {}
    apart = (round(file.ticksPerQuarterNote / midi_quantisation.TOGETHER),)
    for line, track in _tracks(file, settings):
        is_drums = line % 16 == DRUM_CHANNEL
        part = _PlainPart()
        part.divisors = settings.divisors
        midi.translate.midiTrackToStream(
            track,
            ticksPerQuarter=file.ticksPerQuarterNote,
            quarterLengthDivisors=settings.divisors if settings.gathers else apart,
            inputM21=part,
        )
        for name, program, element in _with_instrument(part):
            programs.setdefault((name, is_drums), program)
            rows = ((*columns, line) for columns in _notes(element, settings.ticks_per_quarter))
            notes.setdefault((name, is_drums), []).extend(rows)
    return [
        Part(name, programs[name, is_drums], *np.array(rows, np.int64).reshape(-1, 5).T, is_drums=is_drums)
        for (name, is_drums), rows in notes.items()
        if rows
    ]


def _tracks(file: Any, settings: ReadSettings) -> Iterator[tuple[int, Any]]:
    """Yields tracks that music21 can read, notes of one channel each and valid meta events.

    Each has the number of its track, times 16, plus its channel in 0..15.
    """
    for number, track in enumerate(file.tracks):
        timed = [(time, event) for time, event in midi.translate.getTimeForEvents(track) if _usable(event)]
        # music21 counts channels from 1.
        channels = sorted({event.channel for _, event in timed if event.isNoteOn()})
        for channel in channels:
            is_drums = channel - 1 == DRUM_CHANNEL
            if settings.takes(is_drums=is_drums):
                yield 16 * number + channel - 1, _one_channel(timed, channel, is_drums)


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


def _notes(element: Any, ticks_per_quarter: int) -> list[tuple[int, int, int, int]]:
    """Lists (start, duration, pitch, velocity) of a note or chord, in ticks and MIDI numbers."""
    start = round(element.offset * ticks_per_quarter)
    duration = round(element.duration.quarterLength * ticks_per_quarter)
    sounding = element.notes if isinstance(element, chord.Chord) else [element] * isinstance(element, note.Note)
    return [(start, duration, one.pitch.midi, one.volume.velocity) for one in sounding]


def _about(file: Any, about: About) -> About:
    """Adds the earliest tempo, time signature and key signature of any track."""
    earliest: dict[int, tuple[int, bytes]] = {}
    for time, kind, data in _changes(file):
        if time < earliest.get(kind, (1 << 62, b""))[0]:
            earliest[kind] = (time, data)
    return midi_meta.described(about, {kind: data for kind, (_, data) in earliest.items()})


def _changes(file: Any) -> list[tuple[int, int, bytes]]:
    """Lists (file tick, type, data) of the valid tempo and signature events of all tracks."""
    return [
        (time, event.type.value, event.data)
        for track in file.tracks
        for time, event in midi.translate.getTimeForEvents(track)
        if isinstance(event.type, midi.MetaEvents) and event.type.value in midi_meta.READERS and _usable(event)
    ]


def _pedal_messages(file: Any) -> Ints:
    rows = [
        (time, event.channel - 1, event.parameter2)
        for track in file.tracks
        for time, event in midi.translate.getTimeForEvents(track)
        if event.type == midi.ChannelVoiceMessages.CONTROLLER_CHANGE and event.parameter1 == midi_pedals.SUSTAIN
    ]
    return np.array(rows, np.int64).reshape(-1, 3)


def _phrase_ends(file: Any, divisors: tuple[int, ...]) -> tuple[int, ...]:
    ticks = [
        time
        for track in file.tracks
        for time, event in midi.translate.getTimeForEvents(track)
        if event.type == midi.MetaEvents.MARKER and event.data == midi_meta.PHRASE_END
    ]
    return midi_quantisation.phrase_ends(ticks, file.ticksPerQuarterNote, divisors)
