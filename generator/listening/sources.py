"""The songs of a listening test, all read alike: real ones, of files or of a dataset's test split, and a model's."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from generator.primers import dataset_songs
from generator.sampling.primer import hashed
from nabi.music import encodings, silence
from nabi.music.band import has_tempi
from nabi.music.encodings import Bands
from nabi.music.errors import ParseError
from nabi.music.selection import MAX_SILENCE
from nabi.music.song import Song
from nabi.networks import trained_model
from nabi.reading import file_reader, midi_writer
from nabi.reading.read_settings import ReadSettings
from nabi.workspace import directories, file_endings, paths, storage

_SPLIT = "test"
# Ids of a song of a dataset that are kept: more than any excerpt has.
_MOST_IDS = 20_000


class NamedSong(NamedTuple):
    """A song and its name, which no page shows."""

    name: str
    song: Song


def songs_of_model(folder: str, seed: int) -> Iterator[NamedSong]:
    """Reads the MIDI files of a songs directory, in an order drawn by the seed.

    Args:
      folder: a finished songs directory.
      seed: of the order.
    """
    rows = [row for path in paths.rows_paths(folder, paths.SONGS) for row in paths.read_rows(path)]
    parts = has_parts(folder)
    for name in sorted((str(row["file"]) for row in rows), key=lambda name: hashed(f"{seed} {name}")):
        yield from _read(name, storage.read_bytes(storage.join(folder, name)), parts)


def has_parts(folder: str) -> bool:
    """Tells whether a songs directory's model composes bands."""
    return bool(paths.read_object(storage.join(folder, paths.MADE_BY), "model")["model"].get("encoding") == Bands.name)


def settings(folder: str) -> dict[str, Any]:
    """Reads the settings of a songs directory; raises ValueError if it has no song."""
    for path in paths.rows_paths(folder, paths.SONGS):
        for row in paths.read_rows(path):
            return dict(row["settings"])
    raise ValueError(f"{folder} has no {paths.SONGS}-*.jsonl: name a songs directory, as generate makes it")


def real_songs(path: str, seed: int, *, parts: bool, tempo: float) -> Iterator[NamedSong]:
    """Reads real songs in an order drawn by the seed; files that hold no song are left out.

    Args:
      path: a file or a folder of music, a dataset, or a retraining directory or its run, whose dataset is taken.
      seed: of the order.
      parts: read songs with their parts.
      tempo: quarter notes a minute of songs of a dataset that say none.

    Raises:
      ValueError: if there is no music.
    """
    if storage.exists(storage.join(path, paths.MADE_BY)):
        raise ValueError(f"--real {path} has songs of a model: give a folder of real music, or a dataset")
    if _is_dataset(path):
        yield from _of_dataset(directories.find(path, directories.DATASET), seed, parts, tempo)
        return
    names = [info.path for info in storage.match(path) if info.path.lower().endswith(file_endings.SONGS)]
    if not names:
        raise ValueError(_no_music(path))
    for name in sorted(names, key=lambda name: hashed(f"{seed} {name.removeprefix(path)}")):
        yield from _read(name, storage.read_bytes(name), parts)


def _is_dataset(path: str) -> bool:
    try:
        directories.find(path, directories.DATASET)
    except ValueError:
        return False
    return True


def _no_music(path: str) -> str:
    what = "has no file of music" if storage.exists(path) else "does not exist, or is empty"
    return f"--real {path} {what}: give a folder of MIDI files or scores, or a dataset, whose test songs are taken"


def _of_dataset(folder: str, seed: int, parts: bool, tempo: float) -> Iterator[NamedSong]:
    """Decodes the songs of the test split, and writes and reads them as the model's songs were."""
    vocabulary = trained_model.load_vocabulary(folder)
    dataset = paths.read_json(storage.join(folder, paths.DATASET))
    encoding = encodings.from_settings(dataset["settings"]["encoding"])
    content = paths.require_completed(folder, "dataset", "python -m pipelines.preprocess")["content"]
    windows = dataset_songs.whole_songs(
        folder, _SPLIT, dataset_songs.MOST, length=_MOST_IDS, seed=seed, content=content
    )
    for window in windows:
        song = encoding.decode(vocabulary.decode([int(token) for token in window.tokens]))
        midi = midi_writer.write(song, tempo=None if has_tempi(song.band) else tempo)
        yield from _read(window.song, midi, parts)


def _read(name: str, data: bytes, parts: bool) -> Iterator[NamedSong]:
    for tune, song in file_reader.read_songs(data, source=name, settings=ReadSettings(parts=parts, fingerprint=False)):
        if not isinstance(song, ParseError):
            yield NamedSong(f"{name}#{tune}", silence.shorten(song, MAX_SILENCE))
