"""Statistics of a dataset's tokens: pitches and durations by the vocabulary's counts, and samples of songs."""

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
from nabi.music.vocabulary import Vocabulary
from nabi.workspace import paths, storage

# Ids of a song that are decoded, and records of a shard that are read, at most.
_MOST_IDS, _MOST_RECORDS = 3_000, 20_000


@dataclasses.dataclass(frozen=True)
class TokenContent:
    """Musical content of a token.

    Attributes:
      pitches: MIDI numbers of the notes that it strikes; empty if only their classes are known.
      classes: pitch classes of these notes, 0..11.
      duration: duration that it names, in quarter notes; 0 if none.
    """

    pitches: tuple[int, ...] = ()
    classes: tuple[int, ...] = ()
    duration: Fraction = Fraction(0)


@dataclasses.dataclass(frozen=True)
class MusicCounts:
    """Counts of pitches, pitch classes and durations.

    Attributes:
      pitches: notes of each MIDI number, [128].
      classes: notes of each pitch class, [12]; their sum may exceed that of `pitches`, since a chord in normal order
        has classes alone.
      durations: quarter notes -> count.
    """

    pitches: list[int]
    classes: list[int]
    durations: collections.Counter[Fraction]


def count_music(vocabulary: Vocabulary, encoding: Encoding) -> MusicCounts:
    """Sums the content of all tokens, each by its count: the music of the training split, before augmentation."""
    music = MusicCounts([0] * 128, [0] * 12, collections.Counter())
    for token, count in vocabulary.music_counts:
        # A vocabulary written by hand may hold anything.
        with contextlib.suppress(ValueError):
            content = PARSERS[encoding.name](token) if count else TokenContent()
            for pitch in content.pitches:
                music.pitches[pitch] += count
            for pitch_class in content.classes:
                music.classes[pitch_class] += count
            if content.duration:
                music.durations[content.duration] += count
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


def _bars(token: str) -> TokenContent:
    return _events(token) if token.startswith("d:") else _voices(token)


def _events(token: str) -> TokenContent:
    if token.startswith("d:"):
        return TokenContent(duration=note_names.parse_quarters(token[2:]))
    return TokenContent() if token.startswith("s:") else _chord(token)


def _grid(token: str) -> TokenContent:
    struck = [part for part in token.split(".") if part != note_names.REST and not part.startswith(HELD_MARK)]
    return _chord(".".join(struck)) if struck else TokenContent()


def _steps(token: str) -> TokenContent:
    # A held note counts in each of its steps: the tokens do not tell where it was struck.
    return TokenContent() if token == STEP else _chord(token)


def _voices(token: str) -> TokenContent:
    return _chord(token) if token in note_names.PITCH_NAMES else TokenContent()


# Encoding -> parser of its tokens.
PARSERS: dict[str, Callable[[str], TokenContent]] = {
    "pitch": _pitch,
    "pitch-duration": _pitch_duration,
    "events": _events,
    "band": _bars,
    "bars": _bars,
    "grid": _grid,
    "steps": _steps,
    "voices": _voices,
}


@dataclasses.dataclass(frozen=True)
class Sample:
    """The beginning of a song of the training split, with the name of its records."""

    name: str
    song: Song


def samples(folder: str, shards: int, vocabulary: Vocabulary, encoding: Encoding, *, most: int) -> list[Sample]:
    """Decodes the first songs of the training shards, equally many of each shard.

    Args:
      folder: the dataset directory.
      shards: number of training shards.
      vocabulary: the dataset's vocabulary.
      encoding: the dataset's encoding.
      most: number of songs, at most.
    """
    decoded: list[Sample] = []
    for index in range(shards):
        path = storage.join(folder, paths.shard_name("train", index, shards))
        for beginning in itertools.islice(_beginnings(path), -(-most // shards)):
            # A song with unknown tokens, or cut within an event, may not decode.
            with contextlib.suppress(ValueError):
                decoded.append(Sample(beginning.song, encoding.decode(vocabulary.decode(beginning.tokens.tolist()))))
        if len(decoded) >= most:
            break
    return [sample for sample in decoded if len(sample.song)][:most]


def _beginnings(path: str) -> Iterator[records.Window]:
    """Yields the first ids of a shard's songs, not of their augmented copies; nothing if the shard is missing."""
    if not storage.exists(path):
        return
    with storage.open_read(path) as file:
        parsed = map(records.parse, itertools.islice(records.read(file), _MOST_RECORDS))
        yield from windows.join_records(filter(windows.is_original, parsed), _MOST_IDS)
