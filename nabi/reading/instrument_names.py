"""Names the instruments of a track as music21 does.

For a whole track music21 needs a stream, whose bookkeeping takes longer than parsing the file. So music21 is asked once
for each name or program, and its `deduplicate` is reimplemented here.
"""

import functools
import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from music21 import instrument, midi


class _Instrument(NamedTuple):
    """The properties by which music21 deduplicates and names an instrument.

    Attributes:
      kind: its class; `music21.instrument.Instrument` is the generic one.
      part_name: from a track's name, or None.
      instrument_name: from an instrument's name, or the class' own, or None.
      program: General MIDI program, or None where neither file nor class gives one.
    """

    kind: type
    part_name: str | None
    instrument_name: str | None
    program: int | None


def name_instruments(events: Sequence[tuple[int, bytes, int]]) -> tuple[tuple[int, str, int], ...]:
    """Names the instruments of a track's events as music21 does, in order.

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
        played = midi.translate.midiEventToInstrument(event)
    own_program = program if program >= 0 else played.midiProgram
    return _Instrument(type(played), played.partName, played.instrumentName, own_program)


def _deduplicate(named: Sequence[_Instrument]) -> Iterator[tuple[int, _Instrument]]:
    """Yields the instruments that `music21.instrument.deduplicate` keeps, with the names that it gives them.

    Meant for the instruments of one offset, it treats all instruments of a track together (music21 10.5 iterates over
    the stream instead of its offsets): of one class the first is kept; of several classes, all but generic ones.
    """
    part_names = {candidate.part_name for candidate in named} - {None}
    instrument_names = {candidate.instrument_name for candidate in named} - {None}
    if len(named) == 1 or len(part_names) > 1 or len(instrument_names) > 1:
        yield from enumerate(named)
        return
    (part_name, *_), (instrument_name, *_) = (*part_names, None), (*instrument_names, None)
    is_one_class = len({candidate.kind for candidate in named}) == 1
    for index, candidate in enumerate(named):
        if index == 0 if is_one_class else candidate.kind is not instrument.Instrument:
            yield index, candidate._replace(part_name=part_name, instrument_name=instrument_name)
