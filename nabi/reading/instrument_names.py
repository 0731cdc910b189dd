"""What music21 calls the instruments that a track's events name.

Asking music21 for a whole track at once means a stream, whose bookkeeping costs more than parsing the file did. So
each name or program is asked of it once, and what its `deduplicate` does with the answers is done here.
"""

import functools
import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from music21 import instrument, midi


class _Instrument(NamedTuple):
    """What decides how music21 deduplicates and names an instrument.

    Attributes:
      kind: its class; `music21.instrument.Instrument` is the generic one.
      part_name: from a track's name, or None.
      instrument_name: from an instrument's name, or the class' own, or None.
      program: General MIDI program, or None where neither file nor class tells.
    """

    kind: type
    part_name: str | None
    instrument_name: str | None
    program: int | None


def name_instruments(events: Sequence[tuple[int, bytes, int]]) -> tuple[tuple[int, str, int], ...]:
    """What music21 makes of a track's instrument events, in order.

    Args:
      events: (meta type of a name, or -1 for a program change; the name's bytes; the program in force, or -1).

    Returns:
      (index of the event, name, program) of the instruments that are kept.
    """
    named = [_instrument(kind, data, program) for kind, data, program in events]
    return tuple(
        (index, kept.instrument_name or kept.part_name or "", kept.program or 0) for index, kept in _deduplicate(named)
    )


@functools.lru_cache(maxsize=65536)
def _instrument(kind: int, data: bytes, program: int) -> _Instrument:
    event = midi.MidiEvent(channel=1)
    event.type = midi.ChannelVoiceMessages.PROGRAM_CHANGE if kind < 0 else midi.MetaEvents(kind)
    event.data = program if kind < 0 else data
    with warnings.catch_warnings():
        # music21 warns of undecodable names.
        warnings.simplefilter("ignore")
        made = midi.translate.midiEventToInstrument(event)
    return _Instrument(type(made), made.partName, made.instrumentName, program if program >= 0 else made.midiProgram)


def _deduplicate(named: Sequence[_Instrument]) -> Iterator[tuple[int, _Instrument]]:
    """The instruments that `music21.instrument.deduplicate` keeps, with the names that it gives them.

    Meant for instruments of one offset, it takes a track's instruments all together (music21 10.5 iterates over the
    stream where it means to iterate over offsets): of one class the first stays; of several, all but generic ones.
    """
    part_names = {one.part_name for one in named} - {None}
    instrument_names = {one.instrument_name for one in named} - {None}
    if len(named) == 1 or len(part_names) > 1 or len(instrument_names) > 1:
        yield from enumerate(named)
        return
    (part_name, *_), (instrument_name, *_) = (*part_names, None), (*instrument_names, None)
    is_one_class = len({one.kind for one in named}) == 1
    for index, one in enumerate(named):
        if index == 0 if is_one_class else one.kind is not instrument.Instrument:
            yield index, one._replace(part_name=part_name, instrument_name=instrument_name)
