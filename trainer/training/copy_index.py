"""A dataset -> the index by which copies of its training songs are known, and how much its validation songs copy."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nabi.analysis import copies
from nabi.music.song import Song
from nabi.music.song_id import SongId
from nabi.music.windows import fraction_of
from nabi.workspace import ledger, paths, storage
from nabi.workspace.logs import say
from trainer.data import batches
from trainer.data.dataset import Dataset
from trainer.training.history import clock

# Validation songs that are compared: the first, in the order of their hashes.
MOST_HELD_OUT = 1000

_SECONDS_BETWEEN_LINES = 5.0

# Is shown the split and the music of each song that is read.
Look = Callable[[str, Song], None]


def publish(dataset: Dataset, path: str, look: Look | None = None) -> copies.Index:
    """Writes the index of a dataset's training songs; the same dataset gives the same bytes.

    Reads the dataset once more, in memory that does not depend on its size.

    Args:
      dataset: the training songs, transposed copies left out, and the validation songs.
      path: of the file.
      look: for those who would otherwise have to read the dataset again: is shown each training song, and each
        validation song that is compared.
    """
    index = build(dataset, look)
    index = dataclasses.replace(index, held_out=held_out(dataset, index, look), content=dataset.content)
    storage.write_bytes(path, copies.write(index))
    return index


def build(dataset: Dataset, look: Look | None = None) -> copies.Index:
    """The index of the training songs; of more than `copies.MAX_SONGS` of those that their hashes choose."""
    # A song at another speed is a song of its own.
    songs = dataset.counts["train"]["songs"] * (1 + len(dataset.settings.get("time_scales", ())))
    chosen, left_out = copies.MAX_SONGS / max(songs, 1), 0
    builder, sources = copies.Builder(copies.Gram.of(dataset.encoding)), ledger_sources(dataset.folder)
    for name, song in _progress(songs_of(dataset, "train", look), songs, "training songs are indexed"):
        if song is None or fraction_of(f"copies {name}") >= chosen:
            left_out += 1
        else:
            song_id = SongId.parse(name)
            builder.add(song_id.short, song, source_of(song_id, sources))
    return builder.finish(left_out)


def held_out(dataset: Dataset, index: copies.Index, look: Look | None = None) -> copies.HeldOut:
    """What validation songs copy."""
    songs = min(dataset.counts.get("validation", {}).get("songs", 0), MOST_HELD_OUT)
    compared = _progress(songs_of(dataset, "validation", look), songs, "validation songs are compared")
    # The count first: it ends before one song more is read.
    found = [copies.find(song, index) for _, (_, song) in zip(range(songs), compared, strict=False) if song]
    figures = [(each.longest.different if each.longest else 0, each.longest_bars, each.share) for each in found]
    return copies.HeldOut.of(figures)


def as_dict(index: copies.Index) -> dict[str, Any]:
    """What `metrics.json` says of an index."""
    return {
        "songs": len(index.songs),
        "songs_left_out": index.left_out,
        "notes": index.notes,
        "notes_to_find": index.notes_to_find,
        "fingerprints": len(index.fingerprints),
        "validation": index.held_out.as_dict(),
    }


def describe(index: copies.Index) -> str:
    """What is kept, and what validation songs copy, in words."""
    out = f" ({index.left_out:,} left out)" if index.left_out else ""
    said = (
        f"copies of {len(index.songs):,} training songs{out} will be known from {index.notes_to_find} notes in a row on"
    )
    figures = index.held_out.as_dict()
    if not figures["songs"]:
        return said
    share, bars = figures["share"], figures["bars"]
    return (
        f"{said}; validation songs copy {share['median']:.1%} of their notes (median; 95 % of them at most "
        f"{share['95 %']:.1%}), and at most {bars['largest']:.1f} bars in a row"
    )


def ledger_sources(folder: str) -> dict[str, str]:
    """What a dataset's ledger calls its training songs: hash -> source; nothing where there is no ledger.

    A ledger that is damaged costs names, no training: a line says so.
    """
    found: dict[str, str] = {}
    for path in paths.rows_paths(folder, paths.LEDGER):
        try:
            found |= _sources(path)
        except ValueError as error:
            say(f"warning: {error}; training songs are named by their hashes")
    return found


def _sources(path: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in ledger.read_file(path):
        if row.split == "train" and not row.duplicate_of:
            found.setdefault(SongId.parse(row.sha256).short, row.source)
    return found


def source_of(song: SongId, sources: Mapping[str, str]) -> str:
    """What the ledger calls a song, "" if it does not know it; with `*2` if it was written twice as long.

    Args:
      song: of which there are records.
      sources: see `ledger_sources`.
    """
    source = sources.get(song.original.short, "")
    return f"{source}*{song.scale}" if source and song.scale != 1 else source


def songs_of(dataset: Dataset, split: str, look: Look | None = None) -> Iterator[tuple[str, Song | None]]:
    """Name and music of each song; None for what tokens outside the vocabulary have made unreadable."""
    encoding = dataset.encoding
    for name, ids in batches.read_songs(dataset, split):
        try:
            song = encoding.decode(dataset.vocabulary.decode(ids.tolist()))
        except ValueError:
            yield name, None
            continue
        if look:
            look(split, song)
        yield name, song


def _progress(songs: Iterator[tuple[str, Song | None]], total: int, what: str) -> Iterator[tuple[str, Song | None]]:
    """The songs, with a line every 5 seconds."""
    began = said = time.monotonic()
    for done, song in enumerate(songs):
        now = time.monotonic()
        if now - said >= _SECONDS_BETWEEN_LINES:
            say(f"{done:,} of {total:,} {what}, {clock((now - began) / max(done, 1) * max(total - done, 0))} left")
            said = now
        yield song
