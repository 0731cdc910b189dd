"""Limits that a user sets on songs, and the reason that the ledger gives for each song outside of them."""

import dataclasses

import numpy as np

from nabi.music.encodings import Encoding, snap
from nabi.music.song import Song

# The slowest of 2,100 songs of eight collections takes 26 tokens a note in `steps` of sixteenths, 77 in `steps` of a
# twelfth of a quarter note, and 3 in `events`.
MAX_TOKENS_PER_NOTE = 128


@dataclasses.dataclass(frozen=True)
class Limits:
    """Bounds of an acceptable song; numbers are at least 1, and None, or no meter, sets no bound.

    Attributes:
      min_events: notes and chords, at least.
      max_events: notes and chords, at most.
      min_pitches: different pitches, at least (a drum loop written as one pitch has 1).
      max_quarters: quarter notes from the start to the last note's end, at most.
      min_steps: steps of the encoding from the start to the last note's end, rounded to a step, at least.
      max_tokens_per_note: tokens of the encoding, at most, for each note of a song.
      meters: allowed numerators of the first time signature; a file without one counts as 4/4.
    """

    min_events: int | None = None
    max_events: int | None = None
    min_pitches: int | None = None
    max_quarters: int | None = None
    min_steps: int | None = None
    max_tokens_per_note: int = MAX_TOKENS_PER_NOTE
    meters: tuple[int, ...] = ()

    def refusal(self, song: Song, step: int) -> tuple[str, str] | None:
        """Returns (reason, value and limit) of the first limit that a song breaks; None if it breaks none.

        Args:
          song: any.
          step: ticks of a step, the unit of `min_steps`.
        """
        events, quarters = len(song), -(-song.end // song.ticks_per_quarter)
        pitches = len(np.unique(song.pitches))
        meter = song.about.time_signature or "4/4"
        if self.meters and int(meter.partition("/")[0]) not in self.meters:
            return "other-meter", f"{meter}; --meters is {','.join(map(str, self.meters))}"
        checks = (
            ("too-few-events", self.min_events, events, "--min_events", -1),
            ("too-many-events", self.max_events, events, "--max_events", 1),
            ("too-few-pitches", self.min_pitches, pitches, "--min_pitches", -1),
            ("too-many-quarters", self.max_quarters, quarters, "--max_quarters", 1),
            ("too-few-steps", self.min_steps, snap(song, step).end // step, "--min_steps", -1),
        )
        for reason, limit, value, flag, sign in checks:
            if limit is not None and (value - limit) * sign > 0:
                return reason, f"{value}; {flag} is {limit}"
        return None


def too_many_tokens(song: Song, encoding: Encoding, most: int) -> tuple[str, str] | None:
    """Returns (reason, sentence) for a song of more than `most` tokens a note, else None; counts without encoding."""
    tokens, notes = encoding.most_tokens(song), len(song.pitches)
    if tokens <= most * notes:
        return None
    return "too-many-tokens", f"{tokens} {encoding.name} tokens for {notes} notes; --max_tokens_per_note is {most}"
