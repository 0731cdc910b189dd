"""Songs to copy from and songs that copy, for tests."""

import numpy as np
from hypothesis import strategies

from nabi.analysis import copies
from nabi.music.song import Song

# Onsets of notes that are not copied lie this many ticks apart; those of the training songs never do.
FOREIGN = 7


def walk(seed: int, length: int = 60, waits: tuple[int, ...] = (0, 3, 6, 12)) -> Song:
    """A random song of chords and single notes, whose n-grams no other seed has."""
    random = np.random.default_rng(seed)
    start = np.cumsum(random.choice(waits, length))
    pitch = random.integers(30, 100, length)
    return Song.from_notes(start, random.integers(1, 20, length), pitch)


def part(song: Song, first: int, after: int) -> tuple[np.ndarray, np.ndarray]:
    """Onsets and pitches of the notes first..after - 1, in the order of (onset, pitch)."""
    notes = copies.Notes.of(song)
    return notes.onset[first:after], notes.pitch[first:after]


def plant(
    onset: np.ndarray, pitch: np.ndarray, *, before: int, after: int, semitones: int = 0, gap: int = FOREIGN
) -> Song:
    """A song that has these notes between so many foreign ones, `gap` ticks apart, before and after them."""
    foreign = [60 + number % 2 for number in range(max(before, after))]
    own = np.arange(before) * gap
    begin = before * gap
    there = begin + onset - onset[0] if len(onset) else onset
    last = int(there[-1]) if len(there) else begin - gap
    more = last + gap * (1 + np.arange(after))
    start = np.concatenate([own, there, more])
    return Song.from_notes(
        start, np.full(len(start), 3), np.concatenate([foreign[:before], pitch + semitones, foreign[:after]])
    )


def index_of(*songs: Song, most: int = 10**6, gram: copies.Gram | None = None) -> copies.Index:
    """The index of songs that are named `song 0`, `song 1` ..."""
    builder = copies.Builder(gram or copies.Gram(), most)
    for number, song in enumerate(songs):
        builder.add(f"song {number}", song, f"{number}.mid")
    return builder.finish()


@strategies.composite
def monotonous(draw, most: int = 40) -> Song:
    """Songs of so few intervals and times that any two share runs."""
    length = draw(strategies.integers(0, most))
    waits = draw(strategies.lists(strategies.sampled_from([0, 3]), min_size=length, max_size=length))
    pitches = draw(strategies.lists(strategies.sampled_from([60, 62, 64]), min_size=length, max_size=length))
    return Song.from_notes(np.cumsum(np.array(waits, np.int64)), np.ones(length, np.int64), pitches)
