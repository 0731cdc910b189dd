"""Dataset directories from literal id lists, for tests."""

import dataclasses
import hashlib
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from nabi.music import records, vocabulary, windows
from nabi.workspace import paths


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a test's dataset is cut; `tokens` is how many ids there are besides the four special ones."""

    tokens: int = 6
    window: int = 4
    stride: int = 4
    song_marks: bool = True
    shards: int = 1


def build(
    folder: pathlib.Path, songs: Mapping[str, Sequence[Sequence[int]]], recipe: Recipe | None = None, content: str = "c"
) -> str:
    """Writes a finished dataset directory of literal songs a split; returns its path."""
    recipe = recipe or Recipe()
    folder.mkdir(parents=True, exist_ok=True)
    counts = {split: _write_split(folder, split, songs.get(split, ()), recipe) for split in windows.SPLITS}
    names = [f"C{number}" for number in range(recipe.tokens)]
    (folder / paths.VOCABULARY).write_text(vocabulary.Vocabulary.from_ordered(names, {}).to_json())
    settings = {
        "encoding": {"name": "pitch", "chords": "normal", "step": 6},
        "window": recipe.window,
        "stride": recipe.stride,
        "song_marks": recipe.song_marks,
        "split": [0.8, 0.1, 0.1],
    }
    about = {"version": 1, "request": "r", "content": content, "settings": settings, "splits": counts, "versions": {}}
    paths.write_json(str(folder / paths.DATASET), about)
    paths.complete(str(folder), {"request": "r", "content": content})
    return str(folder)


def melodies(count: int, length: int = 20, seed: int = 0, tokens: int = 6) -> list[list[int]]:
    """Songs that a model can learn: each id is mostly the one after the last."""
    generator = np.random.default_rng(seed)
    songs = []
    for _ in range(count):
        steps = generator.choice([1, 2], size=length, p=[0.9, 0.1])
        songs.append((4 + (generator.integers(tokens) + np.cumsum(steps)) % tokens).tolist())
    return songs


def _write_split(folder: pathlib.Path, split: str, songs: Sequence[Sequence[int]], recipe: Recipe) -> dict[str, int]:
    shards: list[list[records.Window]] = [[] for _ in range(recipe.shards)]
    for number, song in enumerate(songs):
        sha256 = hashlib.sha256(f"{split} {number} {song}".encode()).hexdigest()
        ids = np.array(song, np.int64)
        stride = recipe.stride if split == "train" else recipe.window
        tokens, starts = windows.cut(windows.mark(ids) if recipe.song_marks else ids, recipe.window, stride)
        cut = (records.Window(row, sha256, int(start)) for row, start in zip(tokens, starts, strict=True))
        shards[windows.shard_of(sha256, recipe.shards)].extend(cut)
    for index, shard in enumerate(shards):
        shard.sort(key=lambda window: (window.song, window.transpose, window.start))
        with (folder / paths.shard_name(split, index, recipe.shards)).open("wb") as file:
            records.write(file, (records.serialize(window) for window in shard))
    return {
        "songs": len(songs),
        "windows": sum(len(shard) for shard in shards),
        "tokens": sum(len(song) for song in songs),
        "unknown": sum(song.count(vocabulary.UNKNOWN) for song in map(list, songs)),
        "shards": recipe.shards,
    }
