"""Times of a MIDI file in seconds instead of quarter notes, for recordings that follow no beat.

A quarter note of such a song is half a second: at 120 quarter notes a minute it sounds as it was played.
`DIVISORS_OF_SECONDS` give steps of 10 ms, as Magenta's performance encoding has them (Oore, Simon, Dieleman, Eck and
Simonyan 2018).
"""

import dataclasses
import itertools
import operator

from nabi.music.about import About
from nabi.reading import midi_meta
from nabi.reading.repair import chunks_of, file_of

# Quarter notes a minute: two a second.
TEMPO = 120.0


def in_seconds(data: bytes) -> bytes:
    """Times a file by its tempi, and leaves these and the time signatures out, which mean nothing any more.

    Args:
      data: a file as `nabi.reading.repair` gives it; one that is no MIDI, or has no ticks, is returned as it is.
    """
    # Numba takes half a second to import; only the process that reads needs it.
    from nabi.reading import midi_messages

    kind, division = (int.from_bytes(data[at : at + 2], "big") for at in (8, 12))
    if not data.startswith(b"MThd") or len(data) < 14 or not 0 < division < 1 << 15:
        return data
    # The readers take the tracks that the header announces, whatever follows them.
    count = int.from_bytes(data[10:12], "big")
    own = chunks_of(data).tracks[:count]
    if not own or len(own) < count:
        return data
    tempi = itertools.chain.from_iterable(map(midi_messages.tempi, own))
    times = midi_messages.tempo_map_of_seconds(sorted(tempi, key=operator.itemgetter(0)), division)
    without = (midi_meta.TEMPO, midi_meta.TIME_SIGNATURE)
    tracks = [midi_messages.retimed(track, times, without) for track in own]
    return file_of(kind, midi_messages.QUARTER, tracks)


def described(about: About) -> About:
    """Adds the tempo at which a song that is timed in seconds sounds as it was played."""
    return dataclasses.replace(about, tempo=TEMPO)
