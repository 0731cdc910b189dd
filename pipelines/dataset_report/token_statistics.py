"""What the music of a dataset is made of: pitches and durations by its vocabulary's counts, and its first songs."""

import collections
import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction

from nabi.music import note_names, records, windows
from nabi.music.encodings import Encoding
from nabi.music.encodings.grid import HELD_MARK
from nabi.music.encodings.steps import STEP
from nabi.music.song import Song
from nabi.music.song_id import SongId
from nabi.music.vocabulary import Vocabulary
from nabi.workspace import paths, storage

# Of a song at most so many ids are decoded, of a shard at most so many records looked at.
_MOST_IDS, _MOST_RECORDS = 3_000, 20_000


@dataclasses.dataclass(frozen=True)
class TokenContent:
    """What one token says: the notes that it strikes, and a duration in quarter notes or 0.

    Attributes:
      pitches: MIDI numbers; empty where only classes are known.
      classes: pitch classes, 0..11.
    """

    pitches: tuple[int, ...] = ()
    classes: tuple[int, ...] = ()
    duration: Fraction = Fraction(0)


@dataclasses.dataclass(frozen=True)
class MusicCounts:
    """How often each pitch, pitch class and duration was counted.

    Attributes:
      pitches: [128], by MIDI number.
      classes: [12]; at least as many as `pitches`, since a chord in normal order has classes alone.
      durations: quarter notes -> count.
    """

    pitches: list[int]
    classes: list[int]
    durations: collections.Counter[Fraction]


def of_vocabulary(vocabulary: Vocabulary, encoding: Encoding) -> MusicCounts:
    """The music that a vocabulary's counts add up to: of the training split, before augmentation."""
    music = MusicCounts([0] * 128, [0] * 12, collections.Counter())
    for token, count in vocabulary.music_counts:
        # A list that somebody wrote by hand may hold anything.
        with contextlib.suppress(ValueError):
            said = PARSERS[encoding.name](token) if count else TokenContent()
            for pitch in said.pitches:
                music.pitches[pitch] += count
            for pitch_class in said.classes:
                music.classes[pitch_class] += count
            if said.duration:
                music.durations[said.duration] += count
    return music


def _chord(name: str, duration: Fraction = Fraction(0)) -> TokenContent:
    pitches = note_names.parse_chord(name)
    return TokenContent(pitches, tuple(pitch % 12 for pitch in pitches), duration)


def _pitch(token: str) -> TokenContent:
    if note_names.is_classes(token):
        return TokenContent(classes=tuple(dict.fromkeys(pitch % 12 for pitch in note_names.parse_classes(token))))
    return _chord(token)


def _pitch_duration(token: str) -> TokenContent:
    chord, _, length = token.partition(":")
    return TokenContent() if chord == note_names.REST else _chord(chord, note_names.parse_quarters(length))


def _events(token: str) -> TokenContent:
    if token.startswith("d:"):
        return TokenContent(duration=note_names.parse_quarters(token[2:]))
    return TokenContent() if token.startswith("s:") else _chord(token)


def _grid(token: str) -> TokenContent:
    struck = [part for part in token.split(".") if part != note_names.REST and not part.startswith(HELD_MARK)]
    return _chord(".".join(struck)) if struck else TokenContent()


def _steps(token: str) -> TokenContent:
    # A held note counts in each of its steps: the tokens do not say where it was struck.
    return TokenContent() if token == STEP else _chord(token)


# Encoding -> what its tokens say.
PARSERS: dict[str, Callable[[str], TokenContent]] = {
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
        path = storage.join(folder, paths.shard_name("train", index, shards))
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
