"""Indices of training songs in model directories, for tests."""

import dataclasses
import pathlib

from nabi.analysis import copies
from nabi.music.song import Song
from nabi.workspace import paths
from tests.generator.models import CONTENT


def write_index(
    folder: pathlib.Path, *songs: Song, held_out: copies.HeldOut | None = None, content: str = CONTENT
) -> copies.Index:
    """Publishes the index of songs whose sources are `0.mid`, `1.mid` ..."""
    builder = copies.Builder(copies.Gram())
    for number, song in enumerate(songs):
        builder.add(f"song {number}", song, f"{number}.mid")
    index = dataclasses.replace(builder.finish(), held_out=held_out or copies.HeldOut(), content=content)
    folder.mkdir(exist_ok=True)
    (folder / paths.COPIES).write_bytes(copies.write(index))
    return index
