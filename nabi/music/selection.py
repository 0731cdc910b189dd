"""Selects the notes of a song: those of an excerpt and of a range of pitches, with long silences shortened."""

import dataclasses

import numpy as np

from nabi.music import excerpt, part_choice, silence
from nabi.music.part_choice import PartChoice
from nabi.music.song import Song

# In 2,100 songs of eight collections the longest stretch in which no note begins or ends has 30.2 quarter notes; in one
# more song, which is damaged, 3,366.
MAX_SILENCE = 32


@dataclasses.dataclass(frozen=True)
class Selection:
    """Bounds of the notes that are kept; None keeps all.

    Attributes:
      excerpt: half-open range [begin, end) in quarter notes from the start of the file.
      pitches: the lowest and the highest MIDI number; drums have none.
      parts: words of `nabi.music.part_choice`, of a song that is read with its parts.
      max_parts: parts, at most, those with the most notes.
      max_silence: quarter notes without a beginning or an end of a note, at least 1 (see `nabi.music.silence`).
    """

    excerpt: tuple[int, int] | None = None
    pitches: tuple[int, int] | None = None
    parts: tuple[str, ...] = (part_choice.ALL,)
    max_parts: int | None = None
    max_silence: int = MAX_SILENCE

    def of(self, song: Song) -> Song:
        """Returns a song of the selected notes, silences shortened; an excerpt starts at tick 0.

        Notes that sound on at the end of an excerpt are cut there, and phrases that end outside of it are left out. An
        excerpt is counted in the file's time, before silences are shortened.
        """
        song = PartChoice(self.parts, self.max_parts).of(song)
        return silence.shorten(self._notes(song), self.max_silence)

    def _notes(self, song: Song) -> Song:
        start, duration, pitch = (column.astype(np.int64) for column in song.notes())
        kept = np.ones(len(start), np.bool_)
        if self.pitches:
            kept &= song.is_drum() | (self.pitches[0] <= pitch) & (pitch <= self.pitches[1])
        if not self.excerpt:
            return song if kept.all() else song.moved(start[kept], duration[kept], pitch[kept], kept)
        begin, end = (song.ticks_per_quarter * quarter for quarter in self.excerpt)
        # What began before the excerpt is no note of it.
        kept &= begin <= start
        return excerpt.cut(song.moved(start[kept], duration[kept], pitch[kept], kept), begin, end)
