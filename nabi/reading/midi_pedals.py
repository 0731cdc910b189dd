"""Reads sustain pedals of MIDI files: controller 64 of a channel, for all parts with notes of that channel.

The pedal is down from a value of 64 on, as the MIDI specification has it. A channel has one pedal, whatever track its
messages are in. One that is down at the file's last message goes up where the last note ends.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from nabi.reading import midi_quantisation
from nabi.reading.instruments import Part
from nabi.reading.midi_events import Ints
from nabi.reading.read_settings import ReadSettings

SUSTAIN = 64
_LEAST_DOWN = 64


def with_pedals(parts: Sequence[Part], messages: Iterable[Ints], division: int, settings: ReadSettings) -> list[Part]:
    """Gives parts the times of their pedals on the grid of their notes, or lets these sound while the pedal is down.

    A note that is extended ends where the pedal of its own channel goes up, if it ends while that is down.

    Args:
      parts: of a file; `track` is 16 times a track's number plus its channel.
      messages: of each track, int64 [M, 3], tick in file ticks, channel 0..15 and value; in the order of the file.
      division: file ticks a quarter note.
      settings: `pedal` is `keep` or `extend`.
    """
    divisors = settings.divisors
    # Drums have no pedal, and are not read with every setting.
    pitched = (part for part in parts if len(part.start) and not part.is_drums)
    end = max((int((part.start + part.duration).max()) for part in pitched), default=0)
    table = np.concatenate([np.zeros((0, 3), np.int64), *messages])
    table = table[np.argsort(table[:, 0], kind="stable")]
    times = {
        channel: _times(table[table[:, 1] == channel], end, division, divisors)
        for channel in np.unique(table[:, 1]).tolist()
    }
    change = _extended if settings.pedal == "extend" else _kept
    return [part if part.is_drums else change(part, times) for part in parts]


def _kept(part: Part, times: Mapping[int, Ints]) -> Part:
    channels = np.unique(part.track % 16).tolist()
    pedals = np.concatenate([part.pedals, *(times[channel] for channel in channels if channel in times)])
    return dataclasses.replace(part, pedals=pedals)


def _extended(part: Part, times: Mapping[int, Ints]) -> Part:
    """Lengthens the notes that end at or after the tick at which their pedal goes down, and before it goes up."""
    end = part.start + part.duration
    for channel in np.unique(part.track % 16).tolist():
        if channel in times and len(times[channel]):
            down, up = times[channel].T
            own = part.track % 16 == channel
            at = np.searchsorted(down, end[own], side="right") - 1
            end[own] = np.where((at >= 0) & (end[own] < up[at]), up[at], end[own])
    return dataclasses.replace(part, duration=end - part.start)


def _times(messages: Ints, end: int, division: int, divisors: tuple[int, ...]) -> Ints:
    """Returns the ticks at which a channel's pedal goes down and up on the grid, [S, 2]."""
    is_down = np.append(False, messages[:, 2] >= _LEAST_DOWN)
    ticks = messages[is_down[1:] != is_down[:-1], 0]
    grid = midi_quantisation.quantize_offsets(ticks, division, *midi_quantisation.units(divisors))
    return np.append(grid, [end] * (len(grid) % 2)).reshape(-1, 2)
