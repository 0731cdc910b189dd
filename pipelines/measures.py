"""What the music of a dataset is made of: pitches and durations by its vocabulary's counts, and its first songs."""

import collections
import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction

from songs import layout, names, records, storage, windows
from songs.encodings import Encoding
from songs.encodings.grid import HELD_MARK
from songs.encodings.steps import STEP
from songs.song import Song
from songs.song_id import SongId
from songs.vocabulary import Vocabulary

# Of a song at most so many ids are decoded, of a shard at most so many records looked at.
_MOST_IDS, _MOST_RECORDS = 3_000, 20_000


@dataclasses.dataclass(frozen=True)
class Said:
    """What one token says: the notes that it strikes, and a duration in quarter notes or 0.

    Attributes:
      pitches: MIDI numbers; empty where only classes are known.
      classes: pitch classes, 0..11.
    """

    pitches: tuple[int, ...] = ()
    classes: tuple[int, ...] = ()
    duration: Fraction = Fraction(0)


@dataclasses.dataclass(frozen=True)
class Music:
    """How often each pitch, pitch class and duration was counted.

    Attributes:
      pitches: [128], by MIDI number.
      classes: [12]; at least as many as `pitches`, since a chord in normal order has classes alone.
      durations: quarter notes -> count.
    """

    pitches: list[int]
    classes: list[int]
    durations: collections.Counter[Fraction]


def of_vocabulary(vocabulary: Vocabulary, encoding: Encoding) -> Music:
    """The music that a vocabulary's counts add up to: of the training split, before augmentation."""
    music = Music([0] * 128, [0] * 12, collections.Counter())
    for token, count in vocabulary.music_counts:
        # A list that somebody wrote by hand may hold anything.
        with contextlib.suppress(ValueError):
            said = PARSERS[encoding.name](token) if count else Said()
            for pitch in said.pitches:
                music.pitches[pitch] += count
            for pitch_class in said.classes:
                music.classes[pitch_class] += count
            if said.duration:
                music.durations[said.duration] += count
    return music


def _chord(name: str, duration: Fraction = Fraction(0)) -> Said:
    pitches = names.parse_chord(name)
    return Said(pitches, tuple(pitch % 12 for pitch in pitches), duration)


def _pitch(token: str) -> Said:
    if names.is_classes(token):
        return Said(classes=tuple(dict.fromkeys(pitch % 12 for pitch in names.parse_classes(token))))
    return _chord(token)


def _pitch_duration(token: str) -> Said:
    chord, _, length = token.partition(":")
    return Said() if chord == names.REST else _chord(chord, names.parse_quarters(length))


def _events(token: str) -> Said:
    if token.startswith("d:"):
        return Said(duration=names.parse_quarters(token[2:]))
    return Said() if token.startswith("s:") else _chord(token)


def _grid(token: str) -> Said:
    struck = [part for part in token.split(".") if part != names.REST and not part.startswith(HELD_MARK)]
    return _chord(".".join(struck)) if struck else Said()


def _steps(token: str) -> Said:
    # A held note counts in each of its steps: the tokens do not say where it was struck.
    return Said() if token == STEP else _chord(token)


# Encoding -> what its tokens say.
PARSERS: dict[str, Callable[[str], Said]] = {
    "pitch": _pitch,
    "pitch-duration": _pitch_duration,
    "events": _events,
    "grid": _grid,
    "steps": _steps,
}


@dataclasses.dataclass(frozen=True)
class Sample:
    """A song (its beginning) of the training split, by the name that its records have."""

    name: str
    song: Song


def samples(folder: str, shards: int, vocabulary: Vocabulary, encoding: Encoding, *, wanted: int) -> list[Sample]:
    """The first songs of the training shards, decoded: as many of each shard as it takes to find `wanted`."""
    found: list[Sample] = []
    for index in range(shards):
        path = storage.join(folder, layout.shard_name("train", index, shards))
        for beginning in itertools.islice(_beginnings(path), -(-wanted // shards)):
            # A song in tokens that were cut or are unknown may not decode.
            with contextlib.suppress(ValueError):
                found.append(Sample(beginning.song, encoding.decode(vocabulary.decode(beginning.tokens.tolist()))))
        if len(found) >= wanted:
            break
    return [sample for sample in found if len(sample.song)][:wanted]


def _beginnings(path: str) -> Iterator[records.Window]:
    """The first ids of a shard's songs as they are, not augmented; a shard that is not there has none."""
    if not storage.exists(path):
        return
    with storage.open_read(path) as file:
        found = map(records.parse, itertools.islice(records.read(file), _MOST_RECORDS))
        untouched = (window for window in found if not window.transpose and SongId.parse(window.song).scale == 1)
        yield from windows.join_records(untouched, _MOST_IDS)
