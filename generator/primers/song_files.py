"""Reading of a song file with the settings by which the training songs were read."""

from collections.abc import Mapping
from typing import Any

from nabi.music import silence
from nabi.music.encodings import Encoding
from nabi.music.errors import ParseError
from nabi.music.limits import MAX_TOKENS_PER_NOTE, too_many_tokens
from nabi.music.selection import MAX_SILENCE
from nabi.music.song import Song
from nabi.reading import file_reader
from nabi.reading.read_settings import QUARTERS, ReadSettings
from nabi.workspace import storage


def read(
    path: str,
    encoding: Encoding,
    *,
    instrument: str,
    parser: str,
    pedal: str = "drop",
    time: str = QUARTERS,
    max_silence: int = MAX_SILENCE,
    max_tokens_per_note: int = MAX_TOKENS_PER_NOTE,
) -> Song:
    """Reads the song of a MIDI file or a score, the first of several, and shortens its silences.

    Args:
      path: path of the file, local or remote, with or without gzip compression.
      encoding: encoding of the model, which gives the grid.
      instrument: instruments to read, as in `nabi.reading.read_settings`.
      parser: `fast` or `music21`, as there.
      pedal, time: as there.
      max_silence: longest silence in quarter notes (`nabi.music.selection.Selection`).
      max_tokens_per_note: limit of tokens (`nabi.music.limits.Limits`).

    Raises:
      ValueError: in one sentence, if the file is no song or has too many tokens for its notes.
    """
    try:
        settings = ReadSettings(instrument, parser, encoding.divisors, encoding.PARTS, pedal, time=time)
        song = file_reader.read_song(storage.read_bytes(path), source=path, settings=settings)
    except ParseError as error:
        raise ValueError(f"{path} cannot be read as a song ({error})") from error
    song = silence.shorten(song, max_silence)
    if refusal := too_many_tokens(song, encoding, max_tokens_per_note):
        raise ValueError(f"{path} is left out as it would be of the training songs ({': '.join(refusal)})")
    return song


def as_trained(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """Selects the keywords of `read` from the settings of a model's dataset."""
    return {
        "instrument": dataset["instrument"],
        "parser": dataset["parser"],
        "pedal": dataset["pedal"],
        "time": dataset["time"],
        "max_silence": dataset["selection"]["max_silence"],
        "max_tokens_per_note": dataset["limits"]["max_tokens_per_note"],
    }
