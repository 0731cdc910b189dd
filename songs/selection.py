"""What of a file's notes a song is made of: those of an excerpt, of a range of pitches, without endless silence."""

import dataclasses

import numpy as np

from songs import silence
from songs.song import Song

# In 2,100 songs of eight collections the longest stretch without a beginning or an end has 30.2 quarter notes; in one
# more, which is damaged, 3,366.
MAX_SILENCE = 32


@dataclasses.dataclass(frozen=True)
class Selection:
    """Which notes are kept; None keeps all.

    Attributes:
      excerpt: quarter notes from the file's start: the first that is kept, and the one before which it ends.
      pitches: the lowest and the highest MIDI number.
      max_silence: quarter notes without a beginning or an end of a note, at least 1 (see `songs.silence`).
    """

    excerpt: tuple[int, int] | None = None
    pitches: tuple[int, int] | None = None
    max_silence: int = MAX_SILENCE

    def __post_init__(self) -> None:
        if self.excerpt and not 0 <= self.excerpt[0] < self.excerpt[1]:
            raise ValueError(f"--excerpt {_pair(self.excerpt)} must be two ascending quarter notes, such as 16,32")
        if self.pitches and not 0 <= self.pitches[0] <= self.pitches[1] <= 127:
            raise ValueError(f"--pitches {_pair(self.pitches)} must be two MIDI numbers 0..127, the lowest first")
        if self.max_silence < 1:
            raise ValueError(f"--max_silence {self.max_silence} must be at least 1 quarter note")

    def of(self, song: Song) -> Song:
        """The notes that are kept, silences shortened. An excerpt starts at 0; what sounds on at its end is cut there.

        Where an excerpt begins and ends is counted in the file's time, before anything is shortened.
        """
        return silence.shorten(self._notes(song), self.max_silence)

    def _notes(self, song: Song) -> Song:
        start, duration, pitch = (column.astype(np.int64) for column in song.notes())
        kept = np.ones(len(start), np.bool_)
        if self.pitches:
            kept &= (self.pitches[0] <= pitch) & (pitch <= self.pitches[1])
        if self.excerpt:
            begin, end = (song.ticks_per_quarter * quarter for quarter in self.excerpt)
            kept &= (begin <= start) & (start < end)
            duration = np.minimum(duration, end - start)
            start = start - begin
        if kept.all() and not self.excerpt:
            return song
        return song.with_notes(start[kept], duration[kept], pitch[kept])


def parse_pair(flag: str, text: str) -> tuple[int, int]:
    """`16,32` -> (16, 32); raises ValueError naming the flag."""
    first, comma, second = text.partition(",")
    if not (comma and first.strip().isdecimal() and second.strip().isdecimal()):
        raise ValueError(f"{flag} {text} must be two whole numbers, such as 16,32")
    return int(first), int(second)


def _pair(values: tuple[int, int]) -> str:
    return ",".join(map(str, values))
