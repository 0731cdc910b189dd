"""Reads sustain pedals of MIDI files: controller 64 of a channel, for all parts with notes of that channel.

The pedal is down from a value of 64 on, as the MIDI specification has it. A channel has one pedal, whatever track its
messages are in. One that is down at the file's last message goes up where the last note ends.
"""

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from nabi.reading import midi_quantisation
from nabi.reading.instruments import Part
from nabi.reading.midi_events import Ints

SUSTAIN = 64
_LEAST_DOWN = 64


def with_pedals(
    parts: Sequence[Part], messages: Iterable[Ints], division: int, divisors: tuple[int, ...]
) -> list[Part]:
    """Gives parts the times of their pedals, on the grid of their notes.

    Args:
      parts: of a file; `track` is 16 times a track's number plus its channel.
      messages: of each track, int64 [M, 3], tick in file ticks, channel 0..15 and value; in the order of the file.
      division: file ticks a quarter note.
      divisors: see `nabi.music.quantisation`.
    """
    end = max((int((part.start + part.duration).max()) for part in parts if len(part.start)), default=0)
    table = np.concatenate([np.zeros((0, 3), np.int64), *messages])
    table = table[np.argsort(table[:, 0], kind="stable")]
    times = {
        channel: _times(table[table[:, 1] == channel], end, division, divisors)
        for channel in np.unique(table[:, 1]).tolist()
    }
    pedalled = []
    for part in parts:
        channels = np.unique(part.track % 16).tolist() if not part.is_drums else []
        pedals = np.concatenate([part.pedals, *(times[channel] for channel in channels if channel in times)])
        pedalled.append(dataclasses.replace(part, pedals=pedals))
    return pedalled


def _times(messages: Ints, end: int, division: int, divisors: tuple[int, ...]) -> Ints:
    """Returns the ticks at which a channel's pedal goes down and up on the grid, [S, 2]."""
    is_down = np.append(False, messages[:, 2] >= _LEAST_DOWN)
    ticks = messages[is_down[1:] != is_down[:-1], 0]
    grid = midi_quantisation.quantize_offsets(ticks, division, *midi_quantisation.units(divisors))
    return np.append(grid, [end] * (len(grid) % 2)).reshape(-1, 2)
