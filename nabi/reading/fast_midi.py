"""Reads MIDI files at the speed of compiled code, with the same songs as through music21.

The rules are those of `nabi.reading.music21_midi`; the loops are in `nabi.reading.midi_events` and
`nabi.reading.midi_quantisation`. Instruments are named by music21 itself, once for each name or program.
"""

import dataclasses
import functools
from collections.abc import Iterator

import numpy as np

from nabi.music.about import About
from nabi.music.song import Song
from nabi.reading import midi_events, midi_meta, midi_pedals, midi_quantisation
from nabi.reading.instruments import DRUM_CHANNEL, Part, choose
from nabi.reading.midi_events import Floats, Ints
from nabi.reading.midi_tracks import PROGRAM, InstrumentEvent, Track, read_tracks
from nabi.reading.read_settings import DEFAULT, ReadSettings


@dataclasses.dataclass(frozen=True, eq=False)
class _Clock:
    """Converts file ticks to grid ticks.

    Attributes:
      division: file ticks a quarter note.
      units: float64 [D], in quarter notes, ascending.
      unit_ticks: int64 [D], the same in grid ticks.
      ticks_per_quarter: grid ticks a quarter note.
      tolerance: notes of a chord start less than so many file ticks apart.
    """

    division: int
    units: Floats
    unit_ticks: Ints
    ticks_per_quarter: int
    tolerance: float

    @classmethod
    def of(cls, division: int, settings: ReadSettings) -> "_Clock":
        """Makes the clock of a file with settings."""
        tolerance = division / max(settings.divisors) if settings.gathers else midi_quantisation.TOGETHER
        return cls(division, *midi_quantisation.units(settings.divisors), settings.ticks_per_quarter, tolerance)

    @property
    def grid(self) -> tuple[int, Floats, Ints]:
        """The arguments of `nabi.reading.midi_quantisation`."""
        return self.division, self.units, self.unit_ticks


def read(data: bytes, settings: ReadSettings = DEFAULT, about: About | None = None) -> Song:
    """Reads the song of a MIDI file: the same as `nabi.reading.music21_midi.read` does, with the same arguments."""
    division, tracks = read_tracks(data)
    clock = _Clock.of(division, settings)
    parts: dict[tuple[str, bool], list[Part]] = {}
    for number, track in enumerate(tracks):
        for channel in track.channels:
            if settings.takes(is_drums=channel == DRUM_CHANNEL):
                for part in _parts(track, channel, 16 * number + channel, clock):
                    # Parts are in the order of their first notes: one without notes has no place.
                    if len(part.start):
                        parts.setdefault((part.name, part.is_drums), []).append(part)
    merged = [_merge(same) for same in parts.values()]
    about = _about(tracks, about or About())
    ends = [tick for track in tracks for tick in track.phrase_ends]
    if ends:
        about = dataclasses.replace(about, phrase_ends=midi_quantisation.phrase_ends(ends, division, settings.divisors))
    if settings.pedal != "drop":
        messages = [track.pedal_messages() for track in tracks]
        merged = midi_pedals.with_pedals(merged, messages, division, settings)
    if not settings.parts:
        return choose(merged, settings, about)
    changes = [change for track in tracks for change in track.changes(data)]
    return choose(merged, settings, about, midi_quantisation.timeline(changes, division, settings.divisors))


def _parts(track: Track, channel: int, line: int, clock: _Clock) -> Iterator[Part]:
    """Yields the parts of a track's channel, one for each instrument in turn; `line` numbers their track."""
    _, tick, status, _, _ = track.columns
    start, end, key, velocity = midi_events.pair(*track.columns, channel)
    kinds = status[track.marks]
    channel_marks = track.marks[(kinds == midi_events.META) | (kinds & 0x0F == channel)]
    names = [name for name in track.names if name.channel in (channel, -1)]
    instruments = _instruments(names, clock)
    if len(instruments) < len(names):
        # Instruments that music21 removes end no gap that a length could fill.
        kept = {event for event, *_ in instruments}
        channel_marks = channel_marks[~np.isin(channel_marks, [name.event for name in names if name.event not in kept])]
    marks = midi_quantisation.quantize_offsets(tick[channel_marks], *clock.grid)
    onset, length, note = _chords(start, end, marks, clock)
    columns = onset, length, _fold(key[note]), np.minimum(velocity[note], 127), np.full(len(onset), line)
    is_drums = channel == DRUM_CHANNEL
    if len(instruments) == 1:
        yield Part(*instruments[0][2:], *columns, is_drums=is_drums)
        return
    # Notes before the first instrument belong to it.
    place = np.maximum(np.searchsorted([at for _, at, _, _ in instruments], onset, side="right") - 1, 0)
    for number in np.unique(place).tolist():
        _, _, name, program = instruments[number]
        yield Part(name, program, *(column[place == number] for column in columns), is_drums=is_drums)


def _chords(start: Ints, end: Ints, marks: Ints, clock: _Clock) -> tuple[Ints, Ints, Ints]:
    """Gathers and quantises notes: (start, duration, index) of every note of every chord, times in grid ticks."""
    leaders, lasts, notes = (
        np.empty(len(start), np.int64),
        np.empty(len(start), np.int64),
        np.empty(4 * len(start), np.int64),
    )
    chords, values = midi_events.gather(start, end, clock.tolerance, leaders, lasts, notes)
    if values > len(notes):
        notes = np.empty(values, np.int64)
        midi_events.gather(start, end, clock.tolerance, leaders, lasts, notes)
    leaders, lasts, chord, note = leaders[:chords], lasts[:chords], notes[:values:2], notes[1:values:2]
    onsets = midi_quantisation.quantize_offsets(start[leaders], *clock.grid)
    lengths = midi_quantisation.quantize_lengths(
        end[lasts] - start[lasts], onsets, marks, *clock.grid, clock.ticks_per_quarter
    )
    return onsets[chord], lengths[chord], note


def _fold(key: Ints) -> Ints:
    """Folds keys above 127, which only damaged files have, into the highest octave, as music21's `Pitch.midi` does."""
    if not len(key) or key.max() < 128:
        return key
    folded = 108 + key % 12
    return np.where(key < 128, key, np.where(folded < 115, folded + 12, folded))


def _instruments(names: list[InstrumentEvent], clock: _Clock) -> list[tuple[int, int, str, int]]:
    """Lists (event, grid tick, name, program) of the instruments in order; one without a name if no event names any."""
    program, events = -1, []
    for name in names:
        program = name.data[0] if name.kind == PROGRAM else program
        events.append((name.kind, b"" if name.kind == PROGRAM else name.data, program))
    if not events:
        return [(-1, 0, "", 0)]
    at = midi_quantisation.quantize_offsets(np.array([name.tick for name in names], np.int64), *clock.grid)
    return [(names[index].event, int(at[index]), name, number) for index, name, number in _named(tuple(events))]


@functools.lru_cache(maxsize=65536)
def _named(events: tuple[tuple[int, bytes, int], ...]) -> tuple[tuple[int, str, int], ...]:
    """Calls `name_instruments` once for each sequence of names and programs."""
    # music21 takes a second to import.
    from nabi.reading.instrument_names import name_instruments

    return name_instruments(events)


def _merge(parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    names = ("start", "duration", "pitch", "velocity", "track")
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
    return Part(parts[0].name, parts[0].program, *columns, is_drums=parts[0].is_drums)


def _about(tracks: list[Track], about: About) -> About:
    """Adds the earliest tempo, time signature and key signature of any track."""
    earliest: dict[int, tuple[int, bytes]] = {}
    for track in tracks:
        for kind, (tick, data) in track.meta.items():
            if kind not in earliest or tick < earliest[kind][0]:
                earliest[kind] = tick, data
    return midi_meta.described(about, {kind: data for kind, (_, data) in earliest.items()})
