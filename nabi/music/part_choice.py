"""The choice of parts by words: `melody`, `drums`, a family of General MIDI such as `bass`, or a program's number."""

import dataclasses
import re
from collections.abc import Callable, Sequence

import numpy as np

from nabi.music import general_midi
from nabi.music.band import Instrument
from nabi.music.song import Song

ALL, MELODY, DRUMS = "all", "melody", "drums"
# `synth-lead` for Synth Lead.
FAMILIES = tuple(name.lower().replace(" ", "-") for name in general_midi.FAMILIES)
LEGAL = (
    f"all, or several of {MELODY}, {DRUMS}, {', '.join(FAMILIES)}, or General MIDI programs 0-127, such as bass,drums"
)
LEGAL_RANGES = (
    "families or programs, each once and with its lowest and its highest MIDI number 0-127, such as "
    "bass:28-55,strings:55-96"
)
_DRUMS_PART = 128
# Words in the names of parts that have the melody.
_MELODIES = re.compile("melod|vocal|voice|lead|solo|sing", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class PartChoice:
    """Parts of a song that are kept.

    Attributes:
      words: each keeps the parts that it names.
      most: parts, at most; those with the most notes stay. None: any number.
    """

    words: tuple[str, ...] = (ALL,)
    most: int | None = None

    def of(self, song: Song) -> Song:
        """Returns a song of the parts that are kept; one without a band is returned as it is."""
        if not song.band or (self.words == (ALL,) and self.most is None):
            return song
        leading = melody(song) if MELODY in self.words else -1
        kept = np.array(
            [number == leading or self.names(player) for number, player in enumerate(song.band.instruments)], np.bool_
        )
        if self.most is not None and kept.sum() > self.most:
            notes = np.bincount(song.note_parts(), minlength=len(kept)) * kept
            # Of parts with as many notes the first stay.
            kept &= np.isin(np.arange(len(kept)), np.argsort(-notes, kind="stable")[: self.most])
        if kept.all():
            return song
        own = kept[song.note_parts()]
        start, duration, pitch = (column[own] for column in song.notes())
        return song.moved(start, duration, pitch, own)

    def names(self, player: Instrument) -> bool:
        """Tells whether a word names an instrument; `melody` names none by itself."""
        return self.words == (ALL,) or any(plays(word)(player) for word in self.words if word != MELODY)


def parse(text: str) -> tuple[str, ...]:
    """Reads words; raises ValueError naming the one that is wrong and the legal ones.

    >>> parse("melody, bass,drums")
    ('melody', 'bass', 'drums')
    """
    words = tuple(word.strip().lower() for word in text.split(","))
    for word in words:
        if word != MELODY and words != (ALL,):
            plays(word)
    return words


def plays(word: str) -> Callable[[Instrument], bool]:
    """Returns the test of an instrument that a word stands for; raises ValueError naming another word.

    >>> plays("bass")(Instrument("Fretless", 35)), plays("bass")(Instrument("Violin", 40))
    (True, False)
    """
    if word == DRUMS:
        return lambda player: player.is_drums
    if word in FAMILIES:
        first = general_midi.FAMILY_SIZE * FAMILIES.index(word)
        return lambda player: not player.is_drums and general_midi.family(player.program) == first
    if word.isascii() and word.isdecimal() and int(word) < 128:
        return lambda player: not player.is_drums and player.program == int(word)
    raise ValueError(f"part {word!r} must be {LEGAL}")


def player(part: int) -> Instrument:
    """Returns the instrument of a part by its program, 0..127, or of drums, 128."""
    return Instrument("", part % _DRUMS_PART, is_drums=part == _DRUMS_PART)


def parse_ranges(text: str) -> tuple[str, ...]:
    """Reads words with the lowest and the highest MIDI number of each; raises ValueError naming one that is wrong.

    >>> parse_ranges("bass:28-55, 73:60-96")
    ('bass:28-55', '73:60-96')
    """
    items = tuple(item.strip().lower() for item in text.split(",")) if text.strip() else ()
    ranges_of_programs(items)
    return items


def ranges_of_programs(items: Sequence[str]) -> dict[int, tuple[int, int]]:
    """Returns program -> lowest and highest MIDI number; raises ValueError naming an item that is wrong.

    >>> ranges_of_programs(["73:60-96"])
    {73: (60, 96)}
    """
    ranges: dict[int, tuple[int, int]] = {}
    words = [item.partition(":")[0] for item in items]
    for word, item in zip(words, items, strict=True):
        low, _, high = item.partition(":")[2].partition("-")
        is_range = all(bound.isascii() and bound.isdecimal() for bound in (low, high)) and int(low) <= int(high) < 128
        if not is_range or word == DRUMS or words.count(word) > 1:
            raise ValueError(f"range {item!r} must be {LEGAL_RANGES}")
        plays_it = plays(word)
        programs = [number for number in range(128) if plays_it(Instrument("", number))]
        ranges |= dict.fromkeys(programs, (int(low), int(high)))
    return ranges


def melody(song: Song) -> int:
    """Returns the number of the part with the melody: the first one whose name says so, or the highest one.

    Names say so with melody, vocal, voice, lead, solo or sing. Otherwise the pitched part is taken whose notes are the
    highest on the average over time. -1 in a song of drums alone.
    """
    players: Sequence[Instrument] = song.band.instruments if song.band else ()
    pitched = [number for number, player in enumerate(players) if not player.is_drums]
    named = [number for number in pitched if _MELODIES.search(players[number].name)]
    if named or not pitched:
        return named[0] if named else -1
    _, duration, pitch = song.notes()
    sums = np.bincount(song.note_parts(), weights=duration * pitch.astype(np.float64), minlength=len(players))
    times = np.bincount(song.note_parts(), weights=duration, minlength=len(players))
    return max(pitched, key=lambda number: (sums / times)[number])
