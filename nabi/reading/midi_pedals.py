"""Reads sustain pedals of MIDI files: controller 64 of a channel, for all parts with notes of that channel.

The pedal is down from a value of 64 on, as the MIDI specification has it. A channel has one pedal, whatever track its
messages are in. One that is down at the file's last message goes up where the last note ends.
"""

import dataclasses
import operator
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from nabi.reading import midi_quantisation
from nabi.reading.instruments import Part

SUSTAIN = 64
_LEAST_DOWN = 64


class PedalMessage(NamedTuple):
    """A message of a sustain pedal: tick in file ticks, channel 0..15, value 0..127."""

    tick: int
    channel: int
    value: int


def with_pedals(
    parts: Sequence[Part], messages: Iterable[PedalMessage], division: int, divisors: tuple[int, ...]
) -> list[Part]:
    """Gives parts the times of their pedals, on the grid of their notes.

    Args:
      parts: of a file; `track` is 16 times a track's number plus its channel.
      messages: of all tracks, in the order of the file.
      division: file ticks a quarter note.
      divisors: see `nabi.music.quantisation`.
    """
    end = max((int((part.start + part.duration).max()) for part in parts if len(part.start)), default=0)
    by_channel: dict[int, list[PedalMessage]] = {}
    for message in sorted(messages, key=operator.attrgetter("tick")):
        by_channel.setdefault(message.channel, []).append(message)
    times = {channel: _times(own, end, division, divisors) for channel, own in by_channel.items()}
    pedalled = []
    for part in parts:
        channels = np.unique(part.track % 16).tolist() if not part.is_drums else []
        pedals = tuple(pair for channel in channels for pair in times.get(channel, ()))
        pedalled.append(dataclasses.replace(part, pedals=pedals))
    return pedalled


def _times(
    messages: Sequence[PedalMessage], end: int, division: int, divisors: tuple[int, ...]
) -> list[tuple[int, int]]:
    """Lists (down, up) of a channel's pedal on the grid."""
    ticks = np.array([message.tick for message in messages], np.int64)
    grid = midi_quantisation.quantize_offsets(ticks, division, *midi_quantisation.units(divisors)).tolist()
    times, down = [], -1
    for tick, message in zip(grid, messages, strict=True):
        is_down = message.value >= _LEAST_DOWN
        if is_down and down < 0:
            down = tick
        elif not is_down and down >= 0:
            times.append((down, tick))
            down = -1
    return [*times, (down, end)] if 0 <= down < end else times
