"""Settings of the readers: they decide which song a file gives."""

import dataclasses

from nabi.music import quantisation

PARSERS = ("fast", "music21")
PEDALS = ("drop", "keep", "extend")
QUARTERS, SECONDS = "quarters", "seconds"
TIMES = (QUARTERS, SECONDS)
# Steps of 10 ms, where a quarter note is half a second.
DIVISORS_OF_SECONDS = (50,)
# Instruments besides General MIDI programs.
WORDS = ("all", "first", "piano", "drums")


def divisors_in(time: str, divisors: tuple[int, ...]) -> tuple[int, ...]:
    """Returns the divisors of a time, one of `TIMES`: in seconds those of quarter notes' default become its own.

    >>> divisors_in(SECONDS, (4, 3)), divisors_in(SECONDS, (25,))
    ((50,), (25,))
    """
    return DIVISORS_OF_SECONDS if time == SECONDS and divisors == quantisation.DEFAULT else divisors


@dataclasses.dataclass(frozen=True)
class ReadSettings:
    """Decides which song a file gives.

    Attributes:
      instrument: `all` takes all parts, `first` the first with notes, `piano` the piano family (programs 0-7), a number
        the parts of that General MIDI program, `drums` the drums, which `all` has with `parts` alone.
      parser: of MIDI, one of `PARSERS`.
      divisors: times go to the nearest of these parts of a quarter note, as `nabi.music.quantisation` has them.
      parts: keep who plays each note, how loud, and what changes over time (`nabi.music.band`).
      pedal: what the sustain pedal does, one of `PEDALS`: nothing, or it is kept with the parts, or notes that end
        while it is down sound until it goes up.
      time: what MIDI is timed in, one of `TIMES`: quarter notes, or seconds (`nabi.reading.midi_seconds`), where notes
        that do not begin together are not gathered, and the default divisors are `DIVISORS_OF_SECONDS`. Scores have no
        seconds.
      fingerprint: compute `About.tracks`, which only the search for near duplicates needs.
    """

    instrument: str = "all"
    parser: str = "fast"
    divisors: tuple[int, ...] = quantisation.DEFAULT
    parts: bool = False
    pedal: str = "drop"
    fingerprint: bool = True
    time: str = QUARTERS

    def __post_init__(self) -> None:
        """Raises ValueError for a value outside its range."""
        # JSON has lists where this class has tuples.
        object.__setattr__(self, "divisors", quantisation.checked(divisors_in(self.time, tuple(self.divisors))))
        if self.instrument not in WORDS and not (self.instrument.isdigit() and int(self.instrument) < 128):
            raise ValueError(
                f"instrument {self.instrument!r} must be one of {', '.join(WORDS)} or a General MIDI program number "
                "0-127"
            )
        if self.parser not in PARSERS:
            raise ValueError(f"parser {self.parser!r} must be one of {', '.join(PARSERS)}")
        if self.pedal not in PEDALS:
            raise ValueError(f"pedal {self.pedal!r} must be one of {', '.join(PEDALS)}")
        if self.time not in TIMES:
            raise ValueError(f"time {self.time!r} must be one of {', '.join(TIMES)}")
        if self.pedal == "keep" and not self.parts:
            raise ValueError("pedal 'keep' needs parts: a song without parts has no place for a pedal")

    @property
    def gathers(self) -> bool:
        """True if notes that begin nearly together are gathered into chords, as music21 does."""
        return self.time == QUARTERS

    @property
    def ticks_per_quarter(self) -> int:
        """Ticks of a quarter note of the songs."""
        return quantisation.ticks_per_quarter(self.divisors)

    def takes(self, is_drums: bool) -> bool:
        """Tells whether notes of drums, or of another instrument, may be in the song."""
        return is_drums if self.instrument == "drums" else not is_drums or (self.parts and self.instrument == "all")


DEFAULT = ReadSettings()
