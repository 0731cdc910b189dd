"""Checks files of given notes, and writes the first tokens of songs that keep them."""

import itertools
import pathlib
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from generator.config import GenerateConfig
from generator.primers import song_files
from nabi.music import note_names
from nabi.music.keys import KEY_NAMES, major_or_minor
from nabi.music.song import Song
from nabi.workspace import storage

if TYPE_CHECKING:
    from nabi.networks.trained_model import TrainedModel

# Kinds of tokens that say how a song is planned, before its parts and its notes.
_PLAN = ("meter", "bar", "key", "last")


def check(flag: str, path: str) -> None:
    """Raises ValueError if the file of a flag is a local one that does not exist."""
    if path and not storage.scheme_of(path) and not pathlib.Path(path).is_file():
        state = "is a folder" if pathlib.Path(path).is_dir() else "is not there"
        raise ValueError(f"--{flag} {path} {state}: name a MIDI file or a score")


def read(flag: str, path: str, model: "TrainedModel", notes: str) -> Song:
    """Reads the file of a flag as the model's training songs were read.

    Raises:
      ValueError, nabi.workspace.storage.StorageError: in one sentence, if it is no song, or has no notes.
    """
    try:
        song = song_files.read(path, model.encoding, **song_files.as_trained(model.config["dataset"]))
    except ValueError as error:
        raise ValueError(f"--{flag} {error}") from error
    if not len(song):
        raise ValueError(f"--{flag} {path} has no notes: name a file with {notes}")
    return song


def require_whole(model: "TrainedModel", flag: str) -> None:
    """Raises ValueError if the songs of a model do not end, or its vocabulary lacks tokens of its encoding."""
    encoding = model.encoding
    if not model.config["dataset"]["song_marks"]:
        raise ValueError(
            f"--{flag}: the model was trained without song marks, so that none of its songs ends: train with them"
        )
    unknown = [token for token in encoding.required() if token not in model.vocabulary.ids]
    if unknown:
        raise ValueError(
            f"--{flag}: the model's vocabulary lacks {unknown[0]!r} and {len(unknown) - 1} more tokens of "
            f"{encoding.name}, which given notes may need: preprocess without --vocabulary"
        )


def require_range(config: GenerateConfig, pitches: npt.ArrayLike, what: str) -> None:
    """Raises ValueError if a MIDI number of what is given is outside of `--lowest` and `--highest`."""
    for pitch in (int(number) for number in np.unique(pitches)):
        if not config.lowest <= pitch <= config.highest:
            raise ValueError(
                f"{what} has the note {note_names.PITCH_NAMES[pitch]} ({pitch}), outside of "
                f"{config.lowest}..{config.highest}: widen --lowest and --highest, which hold for all voices"
            )


def opening(config: GenerateConfig, tokens: list[str], model: "TrainedModel") -> list[str]:
    """Returns a song's tokens up to its plan, with the key of `--key`, if it is given, instead of the song's."""
    encoding = model.encoding
    plan = list(itertools.takewhile(lambda token: encoding.kind(token, before="start") in _PLAN, tokens))
    key = major_or_minor(config.in_key) if config.in_key else None
    if key is None:
        return plan
    number = 1 + KEY_NAMES.index(key)
    named = [token for token in model.vocabulary.tokens if encoding.key_number(token) == number]
    *before, last = (token for token in plan if not encoding.key_number(token))
    return [*before, *named, last]
