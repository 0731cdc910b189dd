"""A song file that a user names, read as the training songs were."""

from collections.abc import Mapping
from typing import Any

from nabi.music import silence
from nabi.music.encodings import Encoding
from nabi.music.errors import ParseError
from nabi.music.limits import MAX_TOKENS_PER_NOTE, too_many_tokens
from nabi.music.selection import MAX_SILENCE
from nabi.music.song import Song
from nabi.reading import file_reader
from nabi.workspace import storage


def read(
    path: str,
    encoding: Encoding,
    *,
    instrument: str,
    parser: str,
    max_silence: int = MAX_SILENCE,
    max_tokens_per_note: int = MAX_TOKENS_PER_NOTE,
) -> Song:
    """The song of a MIDI file, its silences shortened.

    Args:
      path: of the file, local or remote, compressed by gzip or not.
      encoding: the model's; nothing is written in it.
      instrument: whose notes are taken, as `nabi.reading.file_reader.read_song` has it.
      parser: which reader, the same.
      max_silence: quarter notes, as `nabi.music.selection.Selection` has it.
      max_tokens_per_note: as `nabi.music.limits.Limits` has it.

    Raises:
      ValueError: in one sentence, if it is no song, or one that would take more tokens than its notes are worth.
    """
    try:
        song = file_reader.read_song(
            storage.read_bytes(path), source=path, instrument=instrument, parser=parser, divisors=encoding.divisors
        )
    except ParseError as error:
        raise ValueError(f"{path} cannot be read as a song ({error})") from error
    song = silence.shorten(song, max_silence)
    if refusal := too_many_tokens(song, encoding, max_tokens_per_note):
        raise ValueError(f"{path} is left out as it would be of the training songs ({': '.join(refusal)})")
    return song


def as_trained(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of `read` that the settings of a model's dataset say."""
    return {
        "instrument": dataset["instrument"],
        "parser": dataset["parser"],
        "max_silence": dataset["selection"]["max_silence"],
        "max_tokens_per_note": dataset["limits"]["max_tokens_per_note"],
    }
