"""Builds the index that finds copies of a dataset's training songs, and measures how much validation songs copy."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nabi.analysis import copies
from nabi.music import rendition
from nabi.music.song import Song
from nabi.music.song_id import SongId
from nabi.music.windows import fraction_of
from nabi.reading import read_settings
from nabi.workspace import ledger, paths
from nabi.workspace.logs import say
from trainer.data import batches
from trainer.data.dataset import Dataset
from trainer.training.history import clock

# Most validation songs that are compared: the first, in the order of their hashes.
MOST_HELD_OUT = 1000

_SECONDS_BETWEEN_LINES = 5.0

# Called with the split and the music of each song that is read.
Observer = Callable[[str, Song], None]


def measured(dataset: Dataset, observer: Observer | None = None) -> copies.Index:
    """Indexes a dataset's training songs and measures how much its validation songs copy of them.

    Reads the dataset once more, in memory that does not depend on its size. The same dataset gives the same index.

    Args:
      dataset: its training songs, without transposed versions, are indexed; its validation songs are compared.
      observer: gets each training song, and each validation song that is compared, so that other statistics need not
        read the dataset again.
    """
    index = build(dataset, observer)
    return dataclasses.replace(index, held_out=held_out(dataset, index, observer), content=dataset.content)


def build(dataset: Dataset, observer: Observer | None = None) -> copies.Index:
    """Indexes the training songs; if there are more than `copies.MAX_SONGS`, a share that their hashes choose.

    Of bands each part is indexed too, of the first ones if there is no room for all.
    """
    # Each rendition of a song with other times is a song of its own.
    songs = dataset.counts["train"]["songs"] * (1 + _retimed(dataset))
    share, left_out, room = copies.MAX_SONGS / max(songs, 1), 0, copies.MAX_SONGS - songs
    builder, sources = copies.Builder(copies.Gram.of(dataset.encoding)), ledger_sources(dataset.folder)
    for name, song in _progress(songs_of(dataset, "train", observer), songs, "training songs are indexed"):
        if song is None or fraction_of(f"copies {name}") >= share:
            left_out += 1
        else:
            song_id = SongId.parse(name)
            source = source_of(song_id, sources)
            builder.add(song_id.short, song, source)
            parts = copies.parts_of(song)
            room -= len(parts)
            for part, name_of_part in parts if room >= 0 else ():
                builder.add(song_id.short, part, f"{source}, {name_of_part}" if source else "")
    return builder.finish(left_out)


def _retimed(dataset: Dataset) -> int:
    """Counts the renditions of a training song whose notes have other times."""
    settings = dataset.settings
    renditions = rendition.from_settings(settings, in_seconds=settings.get("time") == read_settings.SECONDS)
    return sum(not each.repeats_notes for each in renditions)


def held_out(dataset: Dataset, index: copies.Index, observer: Observer | None = None) -> copies.HeldOut:
    """Measures how much the first `MOST_HELD_OUT` validation songs copy."""
    songs = min(dataset.counts.get("validation", {}).get("songs", 0), MOST_HELD_OUT)
    progress = _progress(songs_of(dataset, "validation", observer), songs, "validation songs are compared")
    # The range stands first, so that zip ends before it reads one song more.
    results = [copies.find(song, index) for _, (_, song) in zip(range(songs), progress, strict=False) if song]
    figures = [
        (result.longest.different if result.longest else 0, result.longest_bars, result.share) for result in results
    ]
    return copies.HeldOut.of(figures)


def as_dict(index: copies.Index) -> dict[str, Any]:
    """Summarizes an index for `metrics.json`."""
    return {
        "songs": index.different_songs,
        "songs_left_out": index.left_out,
        "notes": index.notes,
        "notes_to_find": index.notes_to_find,
        "fingerprints": len(index.fingerprints),
        "validation": index.held_out.as_dict(),
    }


def describe(index: copies.Index) -> str:
    """Describes in words what copies the index finds, and how much validation songs copy."""
    out = f" ({index.left_out:,} left out)" if index.left_out else ""
    songs = f"{index.different_songs:,} training songs{out}"
    words = f"copies of {songs} will be found from {index.notes_to_find} notes in a row on"
    figures = index.held_out.as_dict()
    if not figures["songs"]:
        return words
    share, bars = figures["share"], figures["bars"]
    return (
        f"{words}; validation songs copy {share['median']:.1%} of their notes (median; 95 % of them at most "
        f"{share['95 %']:.1%}), and at most {bars['largest']:.1f} bars in a row"
    )


def ledger_sources(folder: str) -> dict[str, str]:
    """Reads the sources of a dataset's training songs from its ledger: short song id -> source; {} without a ledger.

    A damaged ledger does not end the training: a warning says that songs are named by their hashes.
    """
    sources: dict[str, str] = {}
    for path in paths.rows_paths(folder, paths.LEDGER):
        try:
            sources |= _sources(path)
        except ValueError as error:
            say(f"warning: {error}; training songs are named by their hashes")
    return sources


def _sources(path: str) -> dict[str, str]:
    sources: dict[str, str] = {}
    for row in ledger.read_file(path):
        if row.split == "train" and not row.duplicate_of:
            sources.setdefault(SongId.parse(row.sha256).short, row.source)
    return sources


def source_of(song: SongId, sources: Mapping[str, str]) -> str:
    """Looks up the source of a song; with `*2` for its rendition of twice the length, "" if the ledger lacks the song.

    Args:
      song: of a record.
      sources: see `ledger_sources`.
    """
    source = sources.get(song.original.short, "")
    return f"{source}{song.rendition}" if source else source


def songs_of(dataset: Dataset, split: str, observer: Observer | None = None) -> Iterator[tuple[str, Song | None]]:
    """Yields id and music of each song; None where it cannot be decoded without tokens that the vocabulary lacks.

    Renditions with the notes of the song itself, in another tempo or louder, are left out.
    """
    encoding = dataset.encoding
    for name, ids in batches.read_songs(dataset, split):
        if SongId.parse(name).rendition.repeats_notes:
            continue
        try:
            song = encoding.decode(dataset.vocabulary.decode(ids.tolist()))
        except ValueError:
            yield name, None
            continue
        if observer:
            observer(split, song)
        yield name, song


def _progress(songs: Iterator[tuple[str, Song | None]], total: int, work: str) -> Iterator[tuple[str, Song | None]]:
    """Yields the songs, and prints a line every 5 seconds."""
    began = printed = time.monotonic()
    for done, song in enumerate(songs):
        now = time.monotonic()
        if now - printed >= _SECONDS_BETWEEN_LINES:
            say(f"{done:,} of {total:,} {work}, {clock((now - began) / max(done, 1) * max(total - done, 0))} left")
            printed = now
        yield song
