"""The part of a song with a band that the tokens of `band` tell: steps for velocities and tempi, parts by program.

- Parts of one program, or of one family, are one, in the order of programs; so are drums, which come last.
- Drums sound for a quarter of a quarter note, or until they are struck again.
- A meter that has no token becomes 4/4. A bar begins where the meter changes, whatever is left of the last one.
- A tempo changes at the next onset or bar line.
- Pedals, key signatures, names of parts and drum kits are left out.
"""

import numpy as np

from nabi.music import bars, general_midi, performance_steps, phrases
from nabi.music.band import Instrument
from nabi.music.encodings.metred import METERS, Ints
from nabi.music.song import Song
from nabi.music.timeline import Timeline

# Beyond every program.
DRUMS = 128
_COMMON_TIME = (4, 4)


def reduced(song: Song, velocity_steps: int, *, families: bool) -> Song:
    """Reduces a song.

    Args:
      song: with a band, or the notes of a piano.
      velocity_steps: each note has the velocity in the middle of its step; 0: all have the same.
      families: the program of a part is the first of its family.
    """
    song = with_band(song)
    assert song.band
    used, part = np.unique(programs(song, families=families)[song.note_parts()], return_inverse=True)
    start, duration, pitch = song.notes()
    velocity = np.full(len(pitch), performance_steps.DEFAULT_VELOCITY, np.int64)
    if velocity_steps:
        steps = performance_steps.velocity_steps(song.band.velocity, velocity_steps)
        velocity = performance_steps.velocities(steps, velocity_steps)
    in_parts = Song.from_parts(
        start,
        np.where(song.is_drum(), drum_ticks(song.ticks_per_quarter), duration),
        pitch,
        part,
        velocity,
        instruments=[instrument(number, families=families) for number in used.tolist()],
        timeline=song.band.timeline,
        about=song.about,
        ticks_per_quarter=song.ticks_per_quarter,
    )
    return in_parts.moved(*in_parts.notes(), timeline=Timeline.of(_tempi(in_parts), meters(in_parts)))


def with_band(song: Song) -> Song:
    """Returns a song with a band; one without is a piano's, whose notes are all as loud, in its time signature."""
    if song.band:
        return song
    start, duration, pitch = song.notes()
    meter = song.about.time_signature
    return Song.from_parts(
        start,
        duration,
        pitch,
        np.zeros(len(pitch), np.int64),
        np.full(len(pitch), performance_steps.DEFAULT_VELOCITY),
        instruments=[instrument(0, families=False)],
        timeline=Timeline.of(meters=[(0, *bars.parse(meter))] if meter else ()),
        about=song.about,
        ticks_per_quarter=song.ticks_per_quarter,
    )


def programs(song: Song, *, families: bool = False) -> Ints:
    """Returns the program of each part, or the first of its family; `DRUMS` for drums."""
    players = song.band.instruments if song.band else ()
    numbers = [DRUMS if player.is_drums else player.program for player in players]
    return np.array([general_midi.family(number) if families else number for number in numbers], np.int64)


def instrument(number: int, *, families: bool) -> Instrument:
    """Names the player of a program, or of a family's first one, or of `DRUMS`.

    >>> instrument(32, families=True), instrument(DRUMS, families=False).name
    (Instrument(name='Bass', program=32, is_drums=False), 'Drums')
    """
    if number == DRUMS:
        return Instrument(general_midi.DRUMS, 0, is_drums=True)
    name = general_midi.FAMILIES[number // general_midi.FAMILY_SIZE] if families else general_midi.PROGRAMS[number]
    return Instrument(name, number)


def drum_ticks(ticks_per_quarter: int) -> int:
    """Returns the duration of a drum."""
    return max(ticks_per_quarter // 4, 1)


def meters(song: Song) -> list[tuple[int, int, int]]:
    """Lists (tick, beats, note value) of the meters of a song with a band, those within it, as tokens say them."""
    if not song.band:
        return []
    rows = [
        (tick, *((beats, unit) if _is_written(beats, unit, song.ticks_per_quarter) else _COMMON_TIME))
        for tick, beats, unit in song.band.timeline.meters.tolist()
        if tick < song.end
    ]
    return [(tick, beats, unit) for tick, beats, unit in Timeline.of(meters=rows).meters.tolist()]


def bar_lines(song: Song) -> Ints:
    """Returns the ticks at which the bars of a song with a band begin, ascending; of 4/4 until a meter is told."""
    changes = [(0, *_COMMON_TIME), *meters(song)]
    until = [*(tick for tick, *_ in changes[1:]), song.end]
    lines = [
        np.arange(tick, end, 4 * song.ticks_per_quarter * beats // unit)
        for (tick, beats, unit), end in zip(changes, until, strict=True)
    ]
    return np.concatenate(lines)


def borders(song: Song) -> Ints:
    """Returns the ticks at which slices begin, and the song's end: bar lines, onsets and ends of phrases."""
    start = song.notes()[0]
    ticks: Ints = np.unique(np.concatenate([bar_lines(song), start, phrases.ends(song), [song.end]]))
    return ticks


def _is_written(beats: int, unit: int, ticks_per_quarter: int) -> bool:
    """Tells whether there is a token for a meter, and its bars are whole ticks."""
    return f"{beats}/{unit}" in METERS and 4 * ticks_per_quarter * beats % unit == 0


def _tempi(song: Song) -> list[tuple[int, int]]:
    """Lists the tempi of a song, each as a step from the next border on; those after the last slice are left out."""
    assert song.band
    ticks, tempi = borders(song), song.band.timeline.tempi
    return [
        (ticks[index], performance_steps.tempo_microseconds(performance_steps.nearest_tempo(microseconds)))
        for index, microseconds in zip(np.searchsorted(ticks, tempi[:, 0]).tolist(), tempi[:, 1].tolist(), strict=True)
        if index < len(ticks) - 1
    ]
