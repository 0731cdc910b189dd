"""Rows of an exported dataset: a song, a window of a song, and a song's place among the windows."""

from typing import Any

from nabi.music.records import Window
from nabi.music.song_id import SongId
from nabi.music.windows import is_original, join_records
from pipelines.exporting.dataset_reader import DatasetReader

# Column -> what it holds, for the card.
_ORIGIN = {
    "song": "the song's name: `sha256`, with `#tune` for a file of several, `*2` and the like for an augmented copy",
    "sha256": "of the song's file",
    "source": "the song's file, below the folder that all files share",
    "licence": "named by a file beside the song; empty if there is none",
}
SONG = {
    **_ORIGIN,
    "tokens": "the song as text tokens, which `nabi.decode` turns into music; unknown ones are left out",
    "input_ids": "the same as ids of vocabulary.json, between `<start>` and `<end>` if the dataset has song marks",
}
WINDOW = {
    **_ORIGIN,
    "start": "index in the song of the window's first token",
    "transpose": "semitones by which the song was moved",
    "input_ids": "token ids, window + 1 of them; a network reads all but the last and predicts all but the first; "
    "0 is `<pad>`",
}
# Columns that are no text, and the type of their values; a list has that of its elements.
NUMBERS = {"start": "int32", "transpose": "int32"}
LISTS = {"tokens": "string", "input_ids": "int32"}
PLACE = {
    **_ORIGIN,
    "split": "train, validation or test",
    "transpose": WINDOW["transpose"],
    "windows": "number of the song's windows; songs are in the order of the windows",
}


def song_row(windows: list[Window], dataset: DatasetReader) -> dict[str, Any] | None:
    """Returns the row of a song as it was read; None for an augmented copy.

    Args:
      windows: all windows of the song, in order.
      dataset: the dataset of the song.
    """
    if not is_original(windows[0]):
        return None
    ids = next(join_records(windows)).tokens.tolist()
    return {**_origin(windows[0].song, dataset), "tokens": dataset.vocabulary.decode(ids), "input_ids": ids}


def window_rows(windows: list[Window], dataset: DatasetReader) -> list[dict[str, Any]]:
    """Returns a row for each window of a song."""
    origin = _origin(windows[0].song, dataset)
    return [
        {**origin, "start": window.start, "transpose": window.transpose, "input_ids": window.tokens}
        for window in windows
    ]


def place_row(windows: list[Window], dataset: DatasetReader, split: str) -> dict[str, Any]:
    """Returns the row that tells which of a split's windows are a song's."""
    first = windows[0]
    return {
        **_origin(first.song, dataset),
        "split": split,
        "transpose": first.transpose,
        "windows": len(windows),
    }


def _origin(song: str, dataset: DatasetReader) -> dict[str, Any]:
    origin = dataset.origin(song)
    return {"song": song, "sha256": SongId.parse(song).sha256, "source": origin.source, "licence": origin.licence}
